import type { CallOptions } from '../driver.ts'
import type { LogLine, LogOptions, LogPosition } from '../streams.ts'
import { AppError } from '../../errors/app-error.ts'
import { inspectContainer, type Context } from './context.ts'
import { LABELS } from '../labels.ts'
import { LogLines, toFixedTime } from './log-lines.ts'
import { mapRefusal, Refusal, refused } from './map-error.ts'

const TAIL_BYTES = 8 * 1024
/** Pieces that are asked for beyond the wanted lines: the first may be the end of a long line. */
const SPARE = 8
const MOST_ENTRIES = 100_000
/** What is looked at first for the place to go on from: to find it by time, an engine reads the whole log. */
const RESUMED_ENTRIES = 2000
/** A long line has the time of its beginning. */
const MARGIN_MS = 2000

/** The part of a container's log that one request asks for. */
interface Asked {
  readonly tail: number | 'all'
  readonly since?: string
  readonly follow: boolean
}

/** Lines as they come, and how many pieces the engine has sent so far. */
interface Piece {
  readonly lines: readonly LogLine[]
  readonly entries: number
}

type Read = (asked: Asked) => AsyncGenerator<Piece>

/** What a first look at the end of a log showed. */
interface Survey {
  /** What comes before the wanted lines; null: nothing does. */
  readonly before: LogPosition | null
  /** The time of the last line; null: there is none. */
  readonly last: string | null
  /** How many pieces the wanted lines are, with some to spare. */
  readonly entries: number
}

/** The driver's `logs`: see `Driver`. */
export function logsReader(context: Context) {
  return (nativeId: string, wanted: LogOptions, call: CallOptions): AsyncIterable<readonly LogLine[]> =>
    untilAborted(logs(context, nativeId, wanted, call), call.signal)
}

/** The last lines of a container's output, at most 8 KiB; none where it is not ours, gone, or its log can't be read. */
export async function tail(context: Context, ref: string, lines: number, call: CallOptions): Promise<string[]> {
  const kept: string[] = []
  let bytes = 0
  try {
    for await (const batch of logs(context, ref, { tail: lines, follow: false }, call)) {
      for (const { text } of batch) {
        kept.push(text.replaceAll(/[^\P{Cc}\t]/gu, ''))
        bytes += Buffer.byteLength(kept.at(-1) ?? '') + 1
      }
      while (bytes > TAIL_BYTES && kept.length > 1) bytes -= Buffer.byteLength(kept.shift() ?? '') + 1
    }
  } catch (error) {
    // Its log driver keeps nothing to read.
    if (error instanceof AppError && error.code === 'unsupported') return []
    throw error
  }
  const [first = '', ...others] = kept
  return kept.length === 0 ? [] : [first.slice(-TAIL_BYTES), ...others]
}

async function* logs(
  context: Context,
  ref: string,
  wanted: LogOptions,
  call: CallOptions,
): AsyncGenerator<readonly LogLine[]> {
  const info = await inspectContainer({ ...context, call }, ref)
  if (info?.Config.Labels[LABELS.installation] !== context.identity.installation) return
  const read = reader(context, info.Id, info.Config.Tty, call)
  try {
    yield* wanted.after ? after(read, wanted.after, wanted.follow) : from(read, wanted)
  } catch (error) {
    // Gone, or going, just now.
    if (refused(error, 404) || refused(error, 409)) return
    if (!(error instanceof Refusal) || !/does not support reading/i.test(error.message)) throw error
    throw new AppError('unsupported', {
      detail: "the container's log driver keeps nothing that can be read",
      cause: error,
    })
  }
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

function reader({ engine }: Context, id: string, terminal: boolean, call: CallOptions): Read {
  return async function* ({ tail: most, since, follow }) {
    const query = {
      ...{ stdout: true, stderr: true, timestamps: true, tail: most, follow },
      ...(since !== undefined && { since: toEngineTime(since) }),
    }
    const request = { method: 'GET' as const, path: `/containers/${id}/logs`, query }
    const decoder = new LogLines(terminal)
    const lineBatch = (lines: readonly LogLine[]): Piece => ({ lines, entries: decoder.entries })
    for await (const chunk of follow ? await engine.subscribe(call, request) : engine.stream(call, request)) {
      const lines = decoder.push(chunk)
      if (lines.length > 0) yield lineBatch(lines)
    }
    const lines = decoder.end()
    if (lines.length > 0) yield lineBatch(lines)
  }
}

/** An iteration that an abort ends by its return. */
async function* untilAborted<T>(source: AsyncGenerator<T>, signal: AbortSignal): AsyncGenerator<T> {
  try {
    yield* source
  } catch (error) {
    if (!signal.aborted) throw error instanceof Refusal ? mapRefusal(error, 'read the log') : error
  }
}

/** Seconds of Unix time, with nine digits behind the point. */
function toEngineTime(time: string): string {
  return `${Date.parse(`${time.slice(0, 19)}Z`) / 1000}.${time.slice(20, 29)}`
}

function earlier(time: string): string {
  const ms = Math.max(0, Date.parse(`${time.slice(0, 19)}Z`) - MARGIN_MS)
  return `${new Date(ms).toISOString().slice(0, 19)}${time.slice(19)}`
}
