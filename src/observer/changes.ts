import { observationTime, recordSeen, type Seen } from './record.repository.ts'
import type { Database } from '../db/index.ts'
import type { Driver } from '../drivers/index.ts'
import { isAppError } from '../errors/app-error.ts'
import { sleep } from '../lib/abort.ts'
import { monotonicMs } from '../lib/clock.ts'
import { Limit } from '../lib/limit.ts'

/** What an engine tells of one container in so short a time is looked at once: a start is five events. */
const COALESCE_MS = 4
/** Containers of one host that are looked at at once. */
const LOOKS = 16
/** No list takes so long. */
const REMEMBER_MS = 120_000

export interface ChangesOptions {
  readonly db: Database
  readonly driver: Driver
  readonly hostId: string
  readonly workerId: string
  readonly signal: AbortSignal
}

/** Watching has to begin anew, and the host is not at fault. */
export class RoundOver extends Error {
  override readonly name = 'RoundOver'
}

/**
 * Containers that an engine told of, each looked at after the last that was told of it, and written down. One that is looked at slowly
 * (the engine keeps it for itself while it starts) holds up no other; what was seen while a statement runs goes into the next one.
 */
export class Changes {
  readonly #options: ChangesOptions
  readonly #looks = new Limit(LOOKS)
  /** When each was told of last. */
  readonly #told = new Map<string, number>()
  /** Those that are being looked at, and whether they were told of since their look began. */
  readonly #lanes = new Map<string, { again: boolean }>()
  readonly #seen = new Map<string, Seen>()
  readonly #failure = Promise.withResolvers<never>()
  /** Looks and writes that are under way. */
  readonly #work = new Set<Promise<void>>()
  /** Who waits for what is told of a container, or of an app. */
  readonly #waiting = new Map<string, Set<() => void>>()
  #writing = false

  constructor(options: ChangesOptions) {
    this.#options = options
    this.#failure.promise.catch(() => {})
  }

  /** Rejects with what kept a container from being looked at or written: then a list is needed. */
  get failed(): Promise<never> {
    return this.#failure.promise
  }

  /** Something of this container changed. */
  add(nativeId: string): void {
    this.#told.set(nativeId, monotonicMs())
    this.wake(nativeId)
    const lane = this.#lanes.get(nativeId)
    if (lane) lane.again = true
    else this.#run(this.#follow(nativeId))
  }

  /** Wakes who waits for this container, or for this app. */
  wake(key: string): void {
    for (const wake of this.#waiting.get(key) ?? []) wake()
  }

  /** Calls `wake` whenever the engine tells of this container (by its id), or of anything of this app (by its), until what it gives is called. */
  onTold(key: string, wake: () => void): () => void {
    const all = this.#waiting.get(key) ?? new Set()
    this.#waiting.set(key, all.add(wake))
    return () => {
      all.delete(wake)
      if (all.size === 0 && this.#waiting.get(key) === all) this.#waiting.delete(key)
    }
  }

  /** Resolves when nothing is under way; once the signal has aborted, that is soon. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work)
  }

  /** Containers that were told of since then (monotonic). */
  toldSince(ms: number): string[] {
    return [...this.#told].filter(([, at]) => at >= ms).map(([nativeId]) => nativeId)
  }

  #run(work: Promise<void>): void {
    const running = work
      .catch((error: unknown) => this.#failure.reject(error))
      .finally(() => this.#work.delete(running))
    this.#work.add(running)
  }

  async #follow(nativeId: string): Promise<void> {
    const { db, signal } = this.#options
    const lane = { again: true }
    this.#lanes.set(nativeId, lane)
    try {
      while (lane.again) {
        await sleep(COALESCE_MS, signal)
        lane.again = false
        const seen = await this.#looks.run(signal, async () => {
          const since = await observationTime(db.prisma)
          return { nativeId, since, instance: await this.#inspect(nativeId) }
        })
        this.#seen.set(nativeId, seen)
        this.#run(this.#write())
      }
    } finally {
      this.#lanes.delete(nativeId)
    }
  }

  async #inspect(nativeId: string): Promise<Seen['instance']> {
    const { driver, signal } = this.#options
    try {
      return await driver.inspect(nativeId, { signal })
    } catch (error) {
      // One container that can't be shown says nothing of the host: the list does.
      if (!isAppError(error) || error.code === 'host_unreachable') throw error
      throw new RoundOver('a container could not be looked at', { cause: error })
    }
  }

  async #write(): Promise<void> {
    if (this.#writing) return
    this.#writing = true
    const { db, hostId, workerId } = this.#options
    try {
      while (this.#seen.size > 0) {
        const all = [...this.#seen.values()]
        this.#seen.clear()
        if (!(await recordSeen(db.prisma, { hostId, holder: workerId }, all))) throw new RoundOver('another one has it')
      }
      const old = monotonicMs() - REMEMBER_MS
      for (const [nativeId, at] of this.#told) if (at < old) this.#told.delete(nativeId)
    } finally {
      this.#writing = false
    }
  }
}
