import type { CallOptions } from '../driver.ts'
import type { EngineChange } from '../streams.ts'
import { abortable, linked } from '../../lib/abort.ts'
import { readOwner } from '../labels.ts'
import type { Context } from './context.ts'
import { formatNativeId } from './instances.ts'
import { collectionPath, type KindName, OBJECT_KINDS } from './kinds-of-objects.ts'
import { selectorOf } from './lists.ts'
import { edge, edgeOf } from './map-error.ts'
import { currentVersion, watch, type WatchEvent } from './watch.ts'

/**
 * Those whose changes count at once: they say what runs and how it is reached, or a plan waits for them. The others (quotas and budgets,
 * whose status changes with each pod, and secrets, which nothing that runs reads again) are left to the next list.
 */
export const FOLLOWED: readonly KindName[] = [
  ...(['Namespace', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job'] as const),
  ...(['Service', 'Ingress', 'NetworkPolicy', 'ConfigMap', 'PersistentVolumeClaim'] as const),
]
const PODS = '/api/v1/pods'
const DOING = 'following changes'
/** A reader that has left so much is cut off: it lists anew. */
const MOST_PENDING = 10_000

/** What it takes of the driver's context. */
type Following = Pick<Context, 'client' | 'identity' | 'facts'>
type Toward = (event: WatchEvent) => EngineChange | null

/**
 * Resolves once the cluster tells of changes; every change of this installation's pods (their native id), and of the objects of its apps (null
 * in its place), from then on is brought, many of one as one. The cluster is read whether or not the caller does; one that is 10,000
 * behind is cut off. Ends by its return then, when `call.signal` aborts, and when the cluster has forgotten where it was; with
 * `host_unreachable` when the connection is gone.
 */
export async function follow(context: Following, call: CallOptions): Promise<AsyncIterable<EngineChange>> {
  const over = new AbortController()
  const { signal, letGo } = linked(call.signal, over.signal)
  const inner: CallOptions = { ...call, signal }
  const end = (why: string): void => {
    over.abort(new Error(why))
    letGo()
  }
  const begin = async (path: string, toward: Toward) => {
    const watched = { path, labelSelector: selectorOf(context.identity.installation) }
    const version = await currentVersion(context.client, inner, watched)
    return { events: await watch(context.client, inner, watched, version), toward }
  }
  try {
    const watches = await edge(DOING, async () => {
      const { apis } = await context.facts(inner)
      const kinds = FOLLOWED.filter((kind) => apis.includes(OBJECT_KINDS[kind].api))
      const beginning = [begin(PODS, toPod), ...kinds.map(async (kind) => await begin(collectionPath(kind), toObject))]
      return await abortable(Promise.all(beginning), signal)
    })
    const changes = new Changes()
    for (const { events, toward } of watches) void changes.read(events, toward)
    return edgeOf(DOING, read(changes, call, end))
  } catch (error) {
    end('it could not be followed')
    throw error
  }
}

async function* read(changes: Changes, { signal }: CallOptions, end: (why: string) => void) {
  const wake = (): void => changes.end(null)
  signal.addEventListener('abort', wake, { once: true })
  try {
    while (!signal.aborted) {
      const change = await changes.next()
      if (!change) break
      yield change
    }
    if (!signal.aborted && changes.failure !== null) throw changes.failure
  } finally {
    signal.removeEventListener('abort', wake)
    end('nobody follows any more')
  }
}

/** What changed and was not handed on yet: each once. */
class Changes {
  /** What ended it, but for its own end. */
  failure: Error | null = null
  #ended = false
  readonly #pending = new Map<string, EngineChange>()
  #wake: () => void = () => {}

  /** Takes in what is told, until it ends: with it, all of it does. Never rejects. */
  async read(events: AsyncIterable<WatchEvent>, toward: Toward): Promise<void> {
    try {
      for await (const event of events) {
        const change = toward(event)
        if (!change) continue
        this.#pending.set(`${change.appId} ${change.nativeId ?? ''}`, change)
        if (this.#pending.size > MOST_PENDING) break
        this.#wake()
      }
      this.end(null)
    } catch (error) {
      this.end(error instanceof Error ? error : new Error('it can not be followed', { cause: error }))
    }
  }

  end(failure: Error | null): void {
    if (!this.#ended) this.failure = failure
    this.#ended = true
    this.#wake()
  }

  /** null: there are no more. */
  async next(): Promise<EngineChange | null> {
    while (this.#pending.size === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    for (const [key, change] of this.#pending) {
      this.#pending.delete(key)
      return change
    }
    return null
  }
}

const toPod: Toward = ({ object: { metadata } }) => {
  const owner = readOwner(metadata.labels)
  const { namespace, name, uid } = metadata
  if (!owner || namespace === undefined) return null
  return { appId: owner.appId, nativeId: formatNativeId({ namespace, pod: name, uid }) }
}

const toObject: Toward = ({ object: { metadata } }) => {
  const owner = readOwner(metadata.labels)
  return owner && { appId: owner.appId, nativeId: null }
}
