import type { CallOptions } from '../driver.ts'
import type { EngineChange } from '../streams.ts'
import { inspectContainer, type Context } from './context.ts'
import { LABELS, readOwner } from '../labels.ts'
import { mapConnectionError, Refusal } from './map-error.ts'
import { AppError } from '../../errors/app-error.ts'

/**
 * What is asked for: an engine tells of each health check's command three times, and of much else that changes no state. `health_status` makes
 * it compare beginnings, so `exec_…` is passed over as well.
 */
const FILTERS = {
  type: ['container', 'network'],
  event: [
    // `kill`, `stop`, `restart` and `oom` come beside one of these.
    ...['create', 'start', 'die', 'pause', 'unpause', 'rename', 'destroy', 'health_status'],
    ...['connect', 'disconnect'],
  ],
}
/** A line of the engine's that is longer than this is none of its events. */
const LINE_BYTES = 1_048_576

/** As the engine tells it. Of a container, the attributes hold its labels; of a network, the container's id. */
interface EngineEvent {
  readonly Type?: string
  readonly Action?: string
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> | null }
}

/**
 * Resolves once the engine tells of changes; every change of this installation's containers from then on is brought, and many of one
 * container as one. The engine is read whether or not the caller does: it passes over readers that are late. Ends by its return when
 * `call.signal` aborts, and with `host_unreachable` when the engine, or the connection, is gone.
 */
export async function follow(context: Context, call: CallOptions): Promise<AsyncIterable<EngineChange>> {
  const { engine } = context
  // It begins its answer before it takes notes for it; from `since` on it tells what was before, of the last 256.
  const since = Math.floor((await engine.clockMs(call)) / 1000)
  const over = new AbortController()
  const signal = AbortSignal.any([call.signal, over.signal])
  const query = { since, filters: FILTERS }
  const body = await engine.subscribe({ ...call, signal }, { method: 'GET', path: '/events', query })
  const changes = new Changes(context, { ...call, signal })
  const reading = changes.read(body)
  return {
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          const change = await changes.next()
          if (change) yield change
          else if (changes.ended) break
        }
        if (!signal.aborted) await reading
      } catch (error) {
        if (!signal.aborted) throw error
      } finally {
        over.abort(new Error('nobody follows any more'))
      }
    },
  }
}

/** Containers of which the engine told something that was not handed on yet. */
class Changes {
  ended = false
  readonly #context: Context
  readonly #call: CallOptions
  readonly #pending = new Set<string>()
  /** Whose each container is, as far as it was told; null: none of ours. */
  readonly #owners = new Map<string, string | null>()
  /** Those that were destroyed: once that is handed on, they are forgotten. */
  readonly #gone = new Set<string>()
  #wake: () => void = () => {}

  constructor(context: Context, call: CallOptions) {
    this.#context = context
    this.#call = call
  }

  /** Takes in what the engine tells, until it ends: rejects with why. */
  read(body: AsyncIterable<Buffer>): Promise<never> {
    const reading = this.#readAll(body).finally(() => {
      this.ended = true
      this.#wake()
    })
    reading.catch(() => {})
    return reading
  }

  /** The next one; null: it was not ours after all, or there are no more. */
  async next(): Promise<EngineChange | null> {
    while (this.#pending.size === 0 && !this.ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const [nativeId] = this.#pending
    if (nativeId === undefined) return null
    this.#pending.delete(nativeId)
    const appId = await this.#ownerOf(nativeId)
    this.#forgetGone(nativeId)
    return appId === null ? null : { appId, nativeId }
  }

  async #readAll(body: AsyncIterable<Buffer>): Promise<never> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > LINE_BYTES) throw new AppError('unsupported', { detail: 'follow: the answer is not events' })
      for (const line of lines) this.#take(parse(line))
    }
    throw mapConnectionError(new Error('the engine ended its answer'), 'follow')
  }

  #take({ Type, Action, Actor }: EngineEvent): void {
    const attributes = Actor?.Attributes ?? {}
    const nativeId = (Type === 'network' ? attributes.container : Actor?.ID) ?? ''
    if (nativeId === '') return
    if (Type === 'container') {
      const isOurs = attributes[LABELS.installation] === this.#context.identity.installation
      this.#owners.set(nativeId, (isOurs && readOwner(attributes)?.appId) || null)
      if (Action === 'destroy') this.#gone.add(nativeId)
    }
    // Of a network's, it may have to be asked for.
    if (this.#owners.get(nativeId) === null) this.#forgetGone(nativeId)
    else this.#pending.add(nativeId)
    this.#wake()
  }

  #forgetGone(nativeId: string): void {
    if (this.#gone.delete(nativeId)) this.#owners.delete(nativeId)
  }

  /** A network's event does not say whose its container is. One that the engine refuses to show is left to the next list. */
  async #ownerOf(nativeId: string): Promise<string | null> {
    const known = this.#owners.get(nativeId)
    if (known !== undefined) return known
    const work = { ...this.#context, call: this.#call }
    const info = await inspectContainer(work, nativeId, { look: true }).catch((error: unknown) => {
      if (error instanceof Refusal) return null
      throw error
    })
    const labels = info?.Config.Labels
    const isOurs = labels?.[LABELS.installation] === this.#context.identity.installation
    const owner = (isOurs && readOwner(labels)?.appId) || null
    if (info) this.#owners.set(nativeId, owner)
    return owner
  }
}

function parse(line: string): EngineEvent {
  try {
    const event: unknown = JSON.parse(line)
    return typeof event === 'object' && event !== null ? event : {}
  } catch {
    return {}
  }
}
