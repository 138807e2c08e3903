import type { LogLine, LogOptions, LogPosition } from './streams.ts'
import { toFixedTime } from './log-lines.ts'

const TAIL_BYTES = 8 * 1024
/** Pieces that are asked for beyond the wanted lines: the first may be the end of a long line. */
const SPARE = 8
const MOST_ENTRIES = 100_000
/** What is looked at first for the place to go on from: to find it by time, an engine reads the whole log. */
const RESUMED_ENTRIES = 2000
/** A long line has the time of its beginning. */
const MARGIN_MS = 2000

/** The part of a container's log that one request asks for. */
export interface Asked {
  readonly tail: number | 'all'
  readonly since?: string
  readonly follow: boolean
}

/** Lines as they come, and how many pieces the engine has sent so far. */
export interface Piece {
  readonly lines: readonly LogLine[]
  readonly entries: number
}

/** One request to the engine. */
export type Read = (asked: Asked) => AsyncGenerator<Piece>

/** What a first look at the end of a log showed. */
interface Survey {
  /** What comes before the wanted lines; null: nothing does. */
  readonly before: LogPosition | null
  /** The time of the last line; null: there is none. */
  readonly last: string | null
  /** How many pieces the wanted lines are, with some to spare. */
  readonly entries: number
}

/** The lines of a log that are wanted, in batches: as `Driver.logs` promises, by as few requests as that takes. */
export async function* readLog(read: Read, wanted: LogOptions): AsyncGenerator<readonly LogLine[]> {
  yield* wanted.after ? after(read, wanted.after, wanted.follow) : from(read, wanted)
}

/** Counts the lines of the last time, so that going on there repeats none of them. */
export function positionAfter(before: LogPosition | null, lines: readonly LogLine[]): LogPosition | null {
  const time = lines.at(-1)?.time
  if (time === undefined) return before
  let count = 0
  while (count < lines.length && lines[lines.length - 1 - count]?.time === time) count += 1
  const more = count === lines.length && before?.time === time ? before.lines : 0
  return { time, lines: count + more }
}

/** The last of these lines, at most 8 KiB of them, without control characters. */
export async function lastLines(batches: AsyncIterable<readonly LogLine[]>): Promise<string[]> {
  const kept: string[] = []
  let bytes = 0
  for await (const batch of batches) {
    for (const { text } of batch) {
      kept.push(text.replaceAll(/[^\P{Cc}\t]/gu, ''))
      bytes += Buffer.byteLength(kept.at(-1) ?? '') + 1
    }
    while (bytes > TAIL_BYTES && kept.length > 1) bytes -= Buffer.byteLength(kept.shift() ?? '') + 1
  }
  const [first = '', ...others] = kept
  return kept.length === 0 ? [] : [first.slice(-TAIL_BYTES), ...others]
}

async function* from(read: Read, { tail: wanted, since, follow }: LogOptions): AsyncGenerator<readonly LogLine[]> {
  if (wanted <= 0) {
    if (!follow) return
    yield []
    for await (const { lines } of read({ tail: 0, follow })) yield lines
    return
  }
  const begin: LogPosition | null = since === undefined ? null : { time: toFixedTime(since), lines: 0 }
  if (!Number.isFinite(wanted)) {
    const last = follow ? (await survey(read, 1)).last : null
    const asked: Asked = { tail: 'all', follow, ...(begin && { since: earlier(begin.time) }) }
    return yield* marked(read(asked), { after: begin, last, follow })
  }
  const { before, last, entries } = await survey(read, wanted)
  if (last === null && !follow) return
  const later = before && (!begin || begin.time <= before.time) ? before : begin
  yield* marked(read({ tail: entries, follow }), { after: later, last, follow })
}

async function* after(read: Read, position: LogPosition, follow: boolean): AsyncGenerator<readonly LogLine[]> {
  const { last } = await survey(read, 1)
  if (last === null && !follow) return
  const few = last === null ? null : read({ tail: RESUMED_ENTRIES, follow })
  const first = await few?.next()
  if (few && first && !first.done && (first.value.lines[0]?.time ?? '') < position.time)
    return yield* marked(prepended(first.value, few), { after: position, last, follow })
  await few?.return(undefined)
  yield* marked(read({ tail: 'all', since: earlier(position.time), follow }), { after: position, last, follow })
}

async function* prepended(first: Piece, others: AsyncGenerator<Piece>): AsyncGenerator<Piece> {
  try {
    yield first
    yield* others
  } finally {
    await others.return(undefined)
  }
}

/**
 * What comes after a position. With `follow` and an empty batch once `last` has come; without, no further than `last`, where it is known: what
 * was written since the first look would be more than was wanted.
 */
async function* marked(
  pieces: AsyncGenerator<Piece>,
  { after: position, last, follow }: { after: LogPosition | null; last: string | null; follow: boolean },
): AsyncGenerator<readonly LogLine[]> {
  let unmarked = follow
  if (unmarked && last === null) {
    unmarked = false
    yield []
  }
  let skip = position && { time: position.time, lines: position.lines }
  for await (const { lines } of pieces) {
    let kept = lines
    if (skip) {
      kept = skipped(lines, skip)
      if (kept.length > 0) skip = null
    }
    const reached = last !== null && (lines.at(-1)?.time ?? '') >= last
    if (reached && !follow) {
      yield kept.filter(({ time }) => time <= last)
      if ((lines.at(-1)?.time ?? '') > last) return
      continue
    }
    if (kept.length > 0) yield kept
    if (reached && unmarked) {
      unmarked = false
      yield []
    }
  }
}

/** The lines after a position, whose count goes down by those of its own time that are passed over. */
function skipped(lines: readonly LogLine[], position: { readonly time: string; lines: number }): readonly LogLine[] {
  const first = lines.findIndex(({ time }) => {
    if (time !== position.time) return time > position.time
    position.lines -= 1
    return position.lines < 0
  })
  return first === -1 ? [] : lines.slice(first)
}

/** Looks at the last lines, as many as are wanted, without keeping them. An engine counts pieces: where lines are long it is asked for more. */
async function survey(read: Read, wanted: number): Promise<Survey> {
  for (let asked = wanted + SPARE; ; asked *= 4) {
    let times: string[] = []
    let entries = 0
    for await (const piece of read({ tail: asked, follow: false })) {
      for (const { time } of piece.lines) times.push(time)
      if (times.length > 2 * wanted + 2000) times = times.slice(-wanted - 1000)
      entries = piece.entries
    }
    // The first of them may be the end of a long one: it has to be beyond what is wanted, unless it is the log's own first.
    if (times.length <= wanted && entries >= asked && asked < MOST_ENTRIES) continue
    const nth = times.length - wanted
    const before = nth > 0 ? times[nth - 1] : undefined
    return {
      before:
        before === undefined
          ? null
          : { time: before, lines: times.slice(0, nth).filter((one) => one === before).length },
      last: times.at(-1) ?? null,
      entries: asked,
    }
  }
}

function earlier(time: string): string {
  const ms = Math.max(0, Date.parse(`${time.slice(0, 19)}Z`) - MARGIN_MS)
  return `${new Date(ms).toISOString().slice(0, 19)}${time.slice(19)}`
}
