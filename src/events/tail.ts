import type { Database, DbLogger } from '../db/index.ts'
import { abortable, sleep } from '../lib/abort.ts'
import { monotonicMs } from '../lib/clock.ts'
import { type Event, eventsAfter, type EventScope, horizon } from './events.repository.ts'

/** Events that a tail keeps, and for how long: who is no further behind reads none from the database. */
const KEPT = 2000
const KEPT_MS = 10_000
const PAGE = 500
/** What somebody who is behind reads at once, for each holds its own. */
const CATCH_UP = 100
const RETRY_MS = 500

export interface TailOptions {
  readonly db: Database
  readonly log: DbLogger
  readonly scope: EventScope
  /** Called when the last reader has left. */
  readonly unused: () => void
}

/** What comes after a place, and up to where everything was known when that was asked for. */
interface CatchUp {
  readonly events: readonly Event[]
  readonly last: bigint
}

/** Somebody who follows. */
export interface TailReader {
  /** The next events after this one, at least one; none once its signal aborts. A database that is away is waited for. */
  after(position: bigint): Promise<readonly Event[]>
  leave(): void
}

/** A reader's place among those who wait: its signal is listened to once, not for each event. */
interface Waiting {
  readonly signal: AbortSignal
  resume: (() => void) | null
}

/** The newest events of one scope, read once for all who follow it. */
export class Tail {
  readonly #options: TailOptions
  /** Every event after `#floor`, up to the last that was read. */
  readonly #kept: { readonly id: bigint; readonly event: Event; readonly readAt: number }[] = []
  #floor: bigint | null = null
  #isReading = false
  #again = false
  readonly #readers = new Set<Waiting>()
  /** Of those who are behind, by where they are: after a restart many are at the same place. */
  readonly #pages = new Map<bigint, Promise<CatchUp>>()

  constructor(options: TailOptions) {
    this.#options = options
  }

  join(signal: AbortSignal): TailReader {
    const reader: Waiting = { signal, resume: null }
    const wakeUp = (): void => resume(reader)
    signal.addEventListener('abort', wakeUp, { once: true })
    this.#readers.add(reader)
    return {
      after: async (position) => await this.#after(position, reader),
      leave: () => {
        signal.removeEventListener('abort', wakeUp)
        this.#readers.delete(reader)
        if (this.#readers.size === 0) this.#options.unused()
      },
    }
  }

  /** Something was written, or may have been: reads what is new. */
  wake(): void {
    this.#again = true
    if (!this.#isReading) void this.#readAll()
  }

  async #after(position: bigint, reader: Waiting): Promise<readonly Event[]> {
    const { signal } = reader
    let place = position
    while (!signal.aborted) {
      try {
        if (this.#floor !== null && place >= this.#floor) {
          const found = this.#keptAfter(place)
          if (found.length > 0) return found
          await new Promise<void>((grown) => (reader.resume = grown))
          continue
        }
        const { events, last } = await abortable(this.#catchUp(place), signal)
        if (events.length > 0) return events
        if (this.#floor === null) this.#begin(place)
        // What was there up to `last` has been deleted since.
        else if (last > place) place = last
      } catch (error) {
        if (signal.aborted) break
        this.#options.log.debug({ err: error }, 'events could not be read; trying again')
        await sleep(RETRY_MS, signal).catch(() => {})
      }
    }
    return []
  }

  #keptAfter(place: bigint): readonly Event[] {
    const first = this.#kept.findLastIndex(({ id }) => id <= place) + 1
    return this.#kept.slice(first, first + PAGE).map(({ event }) => event)
  }

  async #catchUp(place: bigint): Promise<CatchUp> {
    const known = this.#pages.get(place)
    if (known) return await known
    // As it is before the database is asked: who joins later must not take it for more.
    const last = this.#last()
    const page = this.#page(place, CATCH_UP)
      .then((events) => ({ events, last }))
      .finally(() => this.#pages.delete(place))
    this.#pages.set(place, page)
    return await page
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
      try {
        await this.#read()
      } catch (error) {
        this.#options.log.debug({ err: error }, 'events could not be read; trying again')
        await sleep(RETRY_MS)
        this.#again = true
      }
    }
    this.#isReading = false
  }

  async #read(): Promise<void> {
    while (this.#floor !== null && this.#readers.size > 0) {
      const events = await this.#page(this.#last(), PAGE)
      if (events.length === 0) return
      const readAt = monotonicMs()
      this.#kept.push(...events.map((event) => ({ id: BigInt(event.id), event, readAt })))
      this.forget()
      for (const reader of this.#readers) resume(reader)
    }
  }

  /** Lets go of what is old: a tail that nothing is written to keeps nothing, for there may be one for each tenant. */
  forget(): void {
    const since = monotonicMs() - KEPT_MS
    const young = this.#kept.findIndex(({ readAt }) => readAt >= since)
    const old = young === -1 ? this.#kept.length : young
    const dropped = this.#kept.splice(0, Math.max(old, this.#kept.length - KEPT))
    this.#floor = dropped.at(-1)?.id ?? this.#floor
  }

  async #page(position: bigint, take: number): Promise<Event[]> {
    const { db, scope } = this.#options
    // Over all tenants, what is visible may still be preceded by something older.
    const upTo = scope === 'all' ? await horizon(db.prisma) : undefined
    return await eventsAfter(db.prisma, scope, position, take, upTo)
  }
}

function resume(reader: Waiting): void {
  reader.resume?.()
  reader.resume = null
}
