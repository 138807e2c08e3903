import type { ContainerWatch, Reading } from './container-stream.ts'
import type { ContainerRow } from './stats.repository.ts'
import type { DbLogger } from '../../db/types.ts'
import { sleep } from '../../lib/abort.ts'
import { monotonicMs } from '../../lib/clock.ts'

/** A document so often; which containers there are is asked so often. */
const TICK_MS = 1000
const LOAD_MS = 2000
/** The first one waits so long for all of them to have said something. */
const PATIENCE_MS = 4000
const FIRST_LOOK_MS = 100

/** A container, and what is known of its use. */
export interface Seen {
  readonly container: ContainerRow
  readonly reading: Reading
}

export interface ViewOptions<Document> {
  /** The containers that run; null: what is looked at is gone. */
  readonly load: () => Promise<readonly ContainerRow[] | null>
  readonly toDocument: (seen: readonly Seen[]) => Document
}

export interface SharedViewOptions<Document> extends ViewOptions<Document> {
  readonly watch: (container: ContainerRow) => ContainerWatch
  readonly log: DbLogger
  /** Called when the last reader has left, or what was looked at is gone. */
  readonly ended: () => void
}

/** A document that is made anew each second, once for all its readers, from the first one's coming to the last one's leaving. */
export class SharedView<Document> {
  readonly #options: SharedViewOptions<Document>
  readonly #stop = new AbortController()
  readonly #watches = new Map<string, ContainerWatch>()
  readonly #waiting = new Set<() => void>()
  #containers: readonly ContainerRow[] | null = null
  #readers = 0
  #made: { readonly document: Document; readonly number: number } | null = null

  constructor(options: SharedViewOptions<Document>) {
    this.#options = options
  }

  /** The newest document, then each newer one as soon as it is asked for: who is slow misses some. */
  async *read(signal: AbortSignal): AsyncGenerator<Document, void, undefined> {
    this.#readers += 1
    if (this.#readers === 1) void this.#run()
    try {
      let seen = 0
      while (!signal.aborted && !this.#stop.signal.aborted) {
        if (this.#made && this.#made.number > seen) {
          seen = this.#made.number
          yield this.#made.document
        } else {
          await this.#change(signal)
        }
      }
    } finally {
      this.#readers -= 1
      if (this.#readers === 0) this.#end()
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    const beganAt = monotonicMs()
    for (let loadAt = beganAt; !signal.aborted;) {
      if (monotonicMs() >= loadAt) {
        await this.#load()
        loadAt = monotonicMs() + LOAD_MS
      }
      if (signal.aborted) return
      const isLate = monotonicMs() - beganAt > PATIENCE_MS
      const isSettled = [...this.#watches.values()].every((watch) => watch.isSettled)
      if (this.#containers && (this.#made || isLate || isSettled)) this.#publish(this.#containers)
      await sleep(this.#made ? TICK_MS : FIRST_LOOK_MS, signal).catch(() => {})
    }
  }

  async #load(): Promise<void> {
    const { load, watch, log } = this.#options
    let found: readonly ContainerRow[] | null
    try {
      found = await load()
    } catch (error) {
      log.debug({ err: error }, 'which containers to watch could not be read; those that are known go on')
      return
    }
    if (this.#stop.signal.aborted) return
    if (!found) return this.#end()
    const wanted = new Set(found.map(({ id }) => id))
    for (const [id, held] of this.#watches) {
      if (wanted.has(id)) continue
      held.release()
      this.#watches.delete(id)
    }
    for (const container of found) {
      const held = this.#watches.get(container.id)
      if (!held || held.isRefused) this.#watches.set(container.id, watch(container))
    }
    this.#containers = found
  }

  #publish(containers: readonly ContainerRow[]): void {
    const seen = containers.flatMap((container) => {
      const watch = this.#watches.get(container.id)
      if (!watch) return []
      const reading = watch.isSettled ? watch.reading : { usage: null, problem: 'it has told nothing yet' }
      return [{ container, reading }]
    })
    this.#made = { document: this.#options.toDocument(seen), number: (this.#made?.number ?? 0) + 1 }
    this.#wake()
  }

  #wake(): void {
    for (const resume of this.#waiting) resume()
  }

  #end(): void {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    for (const watch of this.#watches.values()) watch.release()
    this.#watches.clear()
    this.#options.ended()
    this.#wake()
  }

  async #change(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const resume = (): void => {
        this.#waiting.delete(resume)
        signal.removeEventListener('abort', resume)
        resolve()
      }
      this.#waiting.add(resume)
      signal.addEventListener('abort', resume, { once: true })
    })
  }
}
