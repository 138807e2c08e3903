import type { CallOptions, Driver } from '../driver.ts'
import type { LogLine, LogOptions, LogPosition } from '../streams.ts'
import { sleep, within } from '../../lib/abort.ts'
import { monotonicMs } from '../../lib/clock.ts'
import { LogLines } from '../log-lines.ts'
import { lastLines, type Piece, positionAfter, type Read, readLog } from '../log-reading.ts'
import type { Context } from './context.ts'
import { isFinished, mainContainer, ownPod, parseNativeId, podPath, statusOf, staysDown } from './instances.ts'
import type { LivePod } from './live.ts'
import { edge, edgeOf } from './map-error.ts'
import { refused } from './refusal.ts'

const DOING = 'reading the log'
/** A followed log that is silent for so long may have lost its server: the pod is looked at. */
const QUIET_MS = 20_000
/** How long the next container of a pod is waited for before each look. */
const LOOKS_MS = [250, 500, 1000, 2000, 5000]
/** A log that ends sooner is not opened anew before this. */
const BRIEF_MS = 1000
/** Lines that are looked at for the place to go on from: more than share a nanosecond. */
const PLACE_LINES = 20

/** Which of a pod's containers the API server reads from now, and which one was before it; null: none. */
interface Runs {
  readonly current: string | null
  readonly previous: string | null
  readonly isRunning: boolean
  /** Nothing will run there any more. */
  readonly isOver: boolean
}

/** What is read of a pod. */
interface Reading {
  readonly context: Context
  readonly nativeId: string
  readonly call: CallOptions
}

/**
 * The driver's `logs`: see `Driver`. Goes on with what the pod's next container says after a restart, until the pod has ended for good. The
 * API server does not tell the outputs apart: every line is `stdout`.
 */
export function logsReader(context: Context): Driver['logs'] {
  return async function* (nativeId, wanted, call) {
    try {
      yield* edgeOf(DOING, logs({ context, nativeId, call }, wanted))
    } catch (error) {
      if (!call.signal.aborted) throw error
    }
  }
}

/**
 * The last lines of a pod's output, at most 8 KiB; where its container has said nothing since it was restarted, of the one before. None where
 * it is not ours, or gone.
 */
export async function tail(context: Context, nativeId: string, lines: number, call: CallOptions): Promise<string[]> {
  return await edge(DOING, async () => {
    const reading = { context, nativeId, call }
    const pod = await ownPod(context, nativeId, call)
    if (!pod) return []
    const { current, previous } = runsOf(pod)
    const wanted: LogOptions = { tail: lines, follow: false }
    const kept = current === null ? [] : await lastLines(readLog(reader(reading, pod, current), wanted))
    if (kept.length > 0 || previous === null) return kept
    return await lastLines(readLog(reader(reading, pod, previous), wanted))
  })
}

async function* logs(reading: Reading, wanted: LogOptions): AsyncGenerator<readonly LogLine[]> {
  const { context, nativeId, call } = reading
  const { follow } = wanted
  let unmarked = follow
  let position = wanted.after ?? null
  /** Whose output has been read. */
  let seen: string | null = null
  const handOn = async function* (lines: AsyncIterable<readonly LogLine[]>): AsyncGenerator<readonly LogLine[]> {
    for await (const batch of lines) {
      position = positionAfter(position, batch)
      if (batch.length > 0 || unmarked) yield batch
      if (batch.length === 0) unmarked = false
    }
  }
  const later = (followed: boolean): LogOptions =>
    position
      ? { tail: 0, after: position, follow: followed }
      : { tail: Infinity, follow: followed, ...(wanted.since !== undefined && { since: wanted.since }) }

  for (let pod = await ownPod(context, nativeId, call); pod !== null;) {
    const { current, previous, isRunning, isOver } = runsOf(pod)
    const beganAt = monotonicMs()
    if (previous !== null && (position ? endedAfter(pod, position) : seen !== null && seen !== previous))
      yield* handOn(readLog(reader(reading, pod, previous), later(false)))
    if (current !== null) {
      const read = reader(reading, pod, current)
      const isFirst = seen === null && !wanted.after
      if (isFirst && wanted.tail <= 0 && follow) {
        position = await placeOf(read)
        yield* handOn(readLog(read, later(true)))
      } else yield* handOn(readLog(read, isFirst ? wanted : later(follow)))
      seen = current
    }
    if (!follow) return
    if (unmarked) {
      unmarked = false
      yield []
    }
    if (isOver) return
    await sleep(Math.max(0, beganAt + BRIEF_MS - monotonicMs()), call.signal)
    pod = await next(reading, seen)
    if (!pod || !runsOf(pod).isOver || runsOf(pod).current !== seen) continue
    // It ran when its log was opened: the API server may have ended before it did.
    if (isRunning) yield* handOn(readLog(reader(reading, pod, seen ?? ''), later(false)))
    return
  }
}

/** The pod once there is something to read of it that was not, or it has ended for good; null: it is gone. */
async function next({ context, nativeId, call }: Reading, seen: string | null): Promise<LivePod | null> {
  for (let looks = 0; ; looks++) {
    const pod = await ownPod(context, nativeId, call)
    if (!pod) return null
    const { current, isRunning, isOver } = runsOf(pod)
    if (isOver || (current !== null && (isRunning || current !== seen))) return pod
    await sleep(LOOKS_MS[Math.min(looks, LOOKS_MS.length - 1)] ?? 0, call.signal)
  }
}

/** The last line that is there now. */
async function placeOf(read: Read): Promise<LogPosition | null> {
  let position: LogPosition | null = null
  for await (const lines of readLog(read, { tail: PLACE_LINES, follow: false }))
    position = positionAfter(position, lines)
  return position
}

/** Reads one container of the pod: the present one, or the one before it. Nothing where its log is not there (yet, or any more). */
function reader(reading: Reading, pod: LivePod, containerId: string): Read {
  const { context, nativeId, call } = reading
  const ref = parseNativeId(nativeId)
  const container = mainContainer(pod)
  const { current } = runsOf(pod)
  /** Whether the log that is followed is still that of this container. */
  const isCurrent = async (): Promise<boolean> => {
    const now = await ownPod(context, nativeId, call)
    return now !== null && runsOf(now).current === containerId
  }
  return async function* ({ tail: most, since, follow }) {
    if (!ref || !container) return
    const query = {
      ...{ container: container.name, timestamps: true, follow: follow || undefined },
      ...{ previous: containerId !== current || undefined, tailLines: most === 'all' ? undefined : most },
      ...(since !== undefined && { sinceTime: `${since.slice(0, 19)}Z` }),
    }
    const lines = new LogLines(container.tty ? 'terminal' : 'lines')
    const toPiece = (some: readonly LogLine[]): Piece => ({ lines: some, entries: lines.entries })
    try {
      const chunks = await context.client.stream(call, { path: `${podPath(ref)}/log`, query })
      for await (const chunk of follow ? watched(chunks, isCurrent) : chunks) {
        const some = lines.push(chunk)
        if (some.length > 0) yield toPiece(some)
      }
    } catch (error) {
      // It has not begun, is gone, or its log is.
      if (!refused(error, 400) && !refused(error, 404)) throw error
    }
    const some = lines.end()
    if (some.length > 0) yield toPiece(some)
  }
}

/** The same, for as long as `isThere` says so whenever nothing came for a while. */
async function* watched(
  chunks: AsyncIterable<Buffer> & { destroy(): unknown },
  isThere: () => Promise<boolean>,
): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    for (;;) {
      const coming = iterator.next()
      coming.catch(() => {})
      while (!(await within(QUIET_MS, coming))) if (!(await isThere())) return
      const { done, value } = await coming
      if (done) return
      yield value
    }
  } finally {
    chunks.destroy()
  }
}

function runsOf(pod: LivePod): Runs {
  const status = statusOf(pod, mainContainer(pod))
  const { state, lastState, containerID } = status ?? {}
  const last = lastState?.terminated?.containerID || null
  const isRunning = state?.running !== undefined
  const ended = state?.terminated
  const current = (isRunning || ended ? containerID : last) || null
  const isDown = ended !== undefined && (staysDown(pod, ended.exitCode) || pod.metadata.deletionTimestamp !== undefined)
  return { current, previous: last === current ? null : last, isRunning, isOver: isFinished(pod) || isDown }
}

/** The container before the present one may have said something after that. It is told to the second when it ended. */
function endedAfter(pod: LivePod, { time }: LogPosition): boolean {
  const finishedAt = statusOf(pod, mainContainer(pod))?.lastState?.terminated?.finishedAt
  return finishedAt === undefined || Date.parse(finishedAt) >= Date.parse(`${time.slice(0, 19)}Z`)
}
