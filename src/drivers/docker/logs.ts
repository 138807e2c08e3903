import type { CallOptions } from '../driver.ts'
import type { LogLine, LogOptions } from '../streams.ts'
import { AppError } from '../../errors/app-error.ts'
import { inspectContainer, type Context } from './context.ts'
import { LABELS } from '../labels.ts'
import { LogLines } from '../log-lines.ts'
import { lastLines, type Piece, type Read, readLog } from '../log-reading.ts'
import { mapRefusal, Refusal, refused } from './map-error.ts'

/** The driver's `logs`: see `Driver`. */
export function logsReader(context: Context) {
  return (nativeId: string, wanted: LogOptions, call: CallOptions): AsyncIterable<readonly LogLine[]> =>
    untilAborted(logs(context, nativeId, wanted, call), call.signal)
}

/** The last lines of a container's output, at most 8 KiB; none where it is not ours, gone, or its log can't be read. */
export async function tail(context: Context, ref: string, lines: number, call: CallOptions): Promise<string[]> {
  try {
    return await lastLines(logs(context, ref, { tail: lines, follow: false }, call))
  } catch (error) {
    // Its log driver keeps nothing to read.
    if (error instanceof AppError && error.code === 'unsupported') return []
    throw error
  }
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
    yield* readLog(read, wanted)
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

function reader({ engine }: Context, id: string, terminal: boolean, call: CallOptions): Read {
  return async function* ({ tail: most, since, follow }) {
    const query = {
      ...{ stdout: true, stderr: true, timestamps: true, tail: most, follow },
      ...(since !== undefined && { since: toEngineTime(since) }),
    }
    const request = { method: 'GET' as const, path: `/containers/${id}/logs`, query }
    const decoder = new LogLines(terminal ? 'terminal' : 'frames')
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
