import type { CallOptions } from '../driver.ts'
import { isAppError } from '../../errors/app-error.ts'
import { withDeadline } from '../../lib/abort.ts'
import type { Context } from './context.ts'
import type { LogOf } from './diagnose-pod.ts'
import { podPath } from './instances.ts'
import { Refusal } from './refusal.ts'

const LINES = 20
const MOST_BYTES = 4096
const MS = 10_000

/** The end of what a container wrote, as the end of a sentence that says what became of it: at most 20 lines and 4 KiB. */
export async function lastLines(
  { client }: Context,
  { namespace, pod, container, previous }: LogOf & { readonly namespace: string },
  call: CallOptions,
): Promise<string> {
  try {
    const signal = withDeadline(MS, call.signal)
    const body = await client.stream(
      { ...call, signal },
      {
        path: `${podPath({ namespace, pod })}/log`,
        query: { container, tailLines: LINES, ...(previous && { previous }) },
      },
    )
    let end = Buffer.alloc(0)
    let cut = false
    for await (const chunk of body) {
      const all = Buffer.concat([end, chunk as Buffer])
      cut ||= all.length > MOST_BYTES
      end = Buffer.from(all.subarray(-MOST_BYTES))
    }
    const lines = end
      .toString()
      .replace(/^[^\n]*\n/, cut ? '' : '$&')
      .replaceAll(/[^\P{Cc}\t\n]/gu, '')
      .trimEnd()
    return lines === '' ? '; it wrote nothing' : `; its last lines:\n${lines}`
  } catch (error) {
    call.signal.throwIfAborted()
    if (error instanceof Refusal) return `; its log could not be read (the API server answered ${error.status})`
    return `; its log could not be read${isAppError(error) ? ` (${error.options.detail})` : ''}`
  }
}
