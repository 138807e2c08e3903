import type { Database, DbLogger } from '../db/index.ts'
import { sleep } from '../lib/abort.ts'
import { type Event, eventsAfter, type EventScope, horizon } from './events.repository.ts'

/** Events that a tail keeps: who is no further behind reads none from the database. */
const KEPT = 2000
const PAGE = 500
const RETRY_MS = 500

export interface TailOptions {
  readonly db: Database
  readonly log: DbLogger
  readonly scope: EventScope
  /** Called when the last reader has left. */
  readonly unused: () => void
}

/** The newest events of one scope, read once for all who follow it. */
export class Tail {
  readonly #options: TailOptions
  /** Every event after `#floor`, up to the last that was read. */
  #kept: { readonly id: bigint; readonly event: Event }[] = []
  #floor: bigint | null = null
  #readers = 0
  #isReading = false
  #again = false
  readonly #waiting = new Set<() => void>()

  constructor(options: TailOptions) {
    this.#options = options
  }

  join(): void {
    this.#readers += 1
  }

  leave(): void {
    this.#readers -= 1
    if (this.#readers === 0) this.#options.unused()
  }

  /** Something was written, or may have been: reads what is new. */
  wake(): void {
    this.#again = true
    if (!this.#isReading) void this.#readAll()
  }

  /** The next events after this one, at least one; none once `signal` aborts. A database that is away is waited for. */
  async after(position: bigint, signal: AbortSignal): Promise<readonly Event[]> {
    while (!signal.aborted) {
      try {
        const found = await this.#find(position)
        if (found.length > 0) return found
        if (this.#floor === null) this.#begin(position)
        // What came while the database was asked.
        if (this.#last() <= position) await this.#growth(signal)
      } catch (error) {
        this.#options.log.debug({ err: error }, 'events could not be read; trying again')
        await sleep(RETRY_MS, signal).catch(() => {})
      }
    }
    return []
  }

  async #find(position: bigint): Promise<readonly Event[]> {
    if (this.#floor !== null && position >= this.#floor) {
      const first = this.#kept.findLastIndex(({ id }) => id <= position) + 1
      return this.#kept.slice(first, first + PAGE).map(({ event }) => event)
    }
    return await this.#page(position)
  }

  /** The first reader that has come to the end: from here on events are kept. */
  #begin(position: bigint): void {
    this.#floor = position
    this.wake()
  }

  #last(): bigint {
    return this.#kept.at(-1)?.id ?? this.#floor ?? 0n
  }

  async #readAll(): Promise<void> {
    this.#isReading = true
    while (this.#again) {
      this.#again = false
      await this.#read()
    }
    this.#isReading = false
  }

  async #read(): Promise<void> {
    if (this.#floor === null || this.#readers === 0) return
    try {
      for (;;) {
        const events = await this.#page(this.#last())
        if (events.length === 0) return
        this.#kept.push(...events.map((event) => ({ id: BigInt(event.id), event })))
        if (this.#kept.length > KEPT) {
          const dropped = this.#kept.splice(0, this.#kept.length - KEPT)
          this.#floor = dropped.at(-1)?.id ?? this.#floor
        }
        for (const resume of this.#waiting) resume()
      }
    } catch (error) {
      this.#options.log.debug({ err: error }, 'events could not be read; the next look reads them')
    }
  }

  async #growth(signal: AbortSignal): Promise<void> {
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

  async #page(position: bigint): Promise<Event[]> {
    const { db, scope } = this.#options
    // Over all tenants, what is visible may still be preceded by something older.
    const upTo = scope === 'all' ? await horizon(db.prisma) : undefined
    return await eventsAfter(db.prisma, scope, position, PAGE, upTo)
  }
}
