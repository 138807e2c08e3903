import type { CallOptions } from '../driver.ts'
import { inspectContainer, type Context } from './context.ts'
import { FrameDecoder } from './frames.ts'
import { LABELS } from './labels.ts'
import { Refusal } from './map-error.ts'

const MOST_BYTES = 8 * 1024

/** The last lines of a container's output, at most 8 KiB; none where it is not ours, gone, or its log can't be read. */
export async function tail(context: Context, ref: string, lines: number, call: CallOptions): Promise<string[]> {
  const info = await inspectContainer({ ...context, call }, ref)
  if (info?.Config.Labels[LABELS.installation] !== context.identity.installation) return []
  const query = { stdout: true, stderr: true, tail: lines }
  const decoder = info.Config.Tty ? null : new FrameDecoder()
  let kept = Buffer.alloc(0)
  try {
    for await (const chunk of context.engine.stream(call, {
      method: 'GET',
      path: `/containers/${info.Id}/logs`,
      query,
    })) {
      const payload = Buffer.concat([kept, ...(decoder ? decoder.push(chunk) : [chunk])])
      kept = payload.subarray(Math.max(0, payload.length - MOST_BYTES))
    }
  } catch (error) {
    // Its log driver keeps nothing to read, or it went away just now.
    if (error instanceof Refusal) return []
    throw error
  }
  const text = kept.toString().replaceAll(/[^\P{Cc}\n\t]/gu, '')
  const all = text.split('\n')
  if (all.at(-1) === '') all.pop()
  return lines > 0 ? all.slice(-lines) : []
}
