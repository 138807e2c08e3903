import type { Bell, LogRecord } from './log-records.ts'
import type { Held, LogSource } from './log-source.ts'
import { monotonicMs } from '../../lib/clock.ts'

/** For so long a line waits for an earlier one of another instance, while logs are followed. */
export const WINDOW_MS = 200
/** For so long the lines that were there wait for those of an instance whose host says nothing. */
const HISTORY_MS = 3000
/** Records of one batch. */
const MOST_RECORDS = 1000
/** What the last lines may take in memory while all instances' are gathered. */
const TAIL_CHARS = 8 * 1024 * 1024

export interface MergeOptions {
  /** May grow while it is read; what has ended is taken out. */
  readonly sources: Set<LogSource>
  /** How many of the lines that were there are wanted. */
  readonly tail: number
  readonly follow: boolean
  readonly bell: Bell
  readonly signal: AbortSignal
  /** Nothing more will join. */
  readonly isOver: () => boolean
}

/**
 * The lines of all instances in the order of their times: exactly for those that were there at the beginning, of which the last `tail`
 * are brought. Then as they come, where a line waits up to 200 ms for an earlier one, unless more has come than is held.
 */
export async function* merged(options: MergeOptions): AsyncGenerator<readonly LogRecord[]> {
  const { sources, tail, follow, bell, signal, isOver } = options
  const last = Number.isFinite(tail) ? new Last(tail) : null
  for (let inHistory = true; !signal.aborted;) {
    for (const source of sources) {
      if (source.bug) throw source.bug
      if (source.ended && !source.head) sources.delete(source)
    }
    if (sources.size === 0 && !inHistory && isOver()) return
    const batch: LogRecord[] = []
    const waitMs = inHistory ? takeHistory(sources, follow, batch) : takeLive(sources, batch)
    if (inHistory && last) last.push(batch)
    else if (batch.length > 0) yield batch
    if (inHistory && waitMs === 'over') {
      inHistory = false
      if (last) yield* last.batches()
    } else if (batch.length === 0 && waitMs !== 'over') await bell.wait(waitMs)
  }
}

/** Takes what is certain to be next of the lines that were there. Gives how long to wait for more, or that there is none. */
function takeHistory(sources: Iterable<LogSource>, follow: boolean, batch: LogRecord[]): number | null | 'over' {
  for (;;) {
    const heads: LogSource[] = []
    let waitMs: number | null = null
    let waits = false
    for (const source of sources) {
      if (source.head?.history) heads.push(source)
      else if (!source.caughtUp && !(follow && source.ageMs >= HISTORY_MS)) {
        waits = true
        if (follow) waitMs = Math.min(waitMs ?? HISTORY_MS, HISTORY_MS - source.ageMs + 1)
      }
    }
    if (waits) return waitMs
    if (heads.length === 0) return 'over'
    if (batch.length >= MOST_RECORDS) return 0
    takeFirst(heads, batch)
  }
}

/** Takes what may go now. Gives how long to wait for what comes first to be certain; null: until something comes. */
function takeLive(sources: Iterable<LogSource>, batch: LogRecord[]): number | null {
  for (;;) {
    const heads: LogSource[] = []
    let silent = false
    let urgent = false
    for (const source of sources) {
      if (source.head) heads.push(source)
      else if (!source.waiting && !source.ended) silent = true
      urgent ||= source.full
    }
    const [first] = heads
    if (!first || batch.length >= MOST_RECORDS) return null
    if (silent && !urgent) {
      const waitMs = WINDOW_MS - (monotonicMs() - earliest(heads, first).arrivedAt)
      if (waitMs > 0) return waitMs
    }
    takeFirst(heads, batch)
  }
}

/** Takes records of the source whose head is the earliest, as long as they are. */
function takeFirst(heads: readonly LogSource[], batch: LogRecord[]): void {
  let first: LogSource | null = null
  let firstTime = ''
  let bound: string | null = null
  for (const source of heads) {
    const time = timeOf(source.head)
    if (!first || time < firstTime) {
      if (first) bound = firstTime
      first = source
      firstTime = time
    } else if (bound === null || time < bound) bound = time
  }
  const held = first?.head
  if (!first || !held) return
  const { records } = held
  do {
    const record = records[held.taken]
    if (!record || (bound !== null && record.kind === 'line' && record.line.time > bound)) break
    batch.push(record)
    held.taken += 1
  } while (held.taken < records.length)
  if (held.taken >= records.length) first.shift()
}

function earliest(heads: readonly LogSource[], first: LogSource): Held {
  let found = first.head
  for (const { head } of heads) if (timeOf(head) < timeOf(found)) found = head
  return found ?? { records: [], arrivedAt: 0, history: false, chars: 0, taken: 0 }
}

/** A notice goes before all lines. */
function timeOf(held: Held | undefined): string {
  const record = held?.records[held.taken]
  return record?.kind === 'line' ? record.line.time : ''
}

/** The last of what has been pushed: so many lines, no more than 8 MiB of text, and every notice. */
class Last {
  readonly #most: number
  #records: LogRecord[] = []
  #lines = 0
  #chars = 0
  #first = 0

  constructor(most: number) {
    this.#most = most
  }

  push(batch: readonly LogRecord[]): void {
    for (const record of batch) {
      this.#records.push(record)
      if (record.kind !== 'line') continue
      this.#lines += 1
      this.#chars += record.line.text.length
      while (this.#lines > this.#most || (this.#chars > TAIL_CHARS && this.#lines > 1)) this.#drop()
    }
  }

  *batches(): Generator<readonly LogRecord[]> {
    const records = this.#records.slice(this.#first)
    this.#records = []
    for (let at = 0; at < records.length; at += MOST_RECORDS) yield records.slice(at, at + MOST_RECORDS)
  }

  #drop(): void {
    const record = this.#records[this.#first]
    this.#first += 1
    if (record?.kind === 'line') {
      this.#lines -= 1
      this.#chars -= record.line.text.length
    } else if (record) this.#records.push(record)
    if (this.#first > 4096) {
      this.#records = this.#records.slice(this.#first)
      this.#first = 0
    }
  }
}
