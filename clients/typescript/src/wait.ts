import type { MoorageClient } from './client.ts'
import { MoorageError, dataOf } from './error.ts'
import { backOffMs, pause } from './pause.ts'
import type { Operation } from './schema.ts'

export interface WaitOptions {
  readonly signal?: AbortSignal
  /** Default one hour. */
  readonly timeoutMs?: number
  /** Called with the operation as it is at first, and about a second after each change. */
  readonly onChange?: (operation: Operation) => void
}

/** An operation, or as much of it as finds it again; `tenant` is null for those on hosts. */
export type OperationRef = Pick<Operation, 'id' | 'tenant'>

const HOUR_MS = 3_600_000
const HOLD_SECONDS = 30
/** How much later than it promised an answer may be, before the connection counts as lost. */
const GRACE_MS = 15_000

/**
 * The operation once it has ended, however it ended: look at `status`. The server may be away in between. Throws a
 * MoorageError where the server refuses to show it, and the signal's reason (a TimeoutError for `timeoutMs`) where that
 * comes first; the operation goes on all the same.
 */
export async function waitForOperation(
  client: MoorageClient,
  operation: OperationRef,
  { signal, timeoutMs = HOUR_MS, onChange }: WaitOptions = {},
): Promise<Operation> {
  const end = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])])
  // The server tells of the end at once, of other changes only when it is asked again.
  const wait = onChange ? 1 : HOLD_SECONDS
  let seen = ''
  for (let failures = 0; ;) {
    const now = await look(client, operation, wait, end)
    end.throwIfAborted()
    if (now === null) {
      await pause(backOffMs(failures++), end)
      end.throwIfAborted()
      continue
    }
    failures = 0
    const text = JSON.stringify(now)
    if (text !== seen) onChange?.(now)
    seen = text
    if (now.finishedAt !== null) return now
  }
}

/** null where there was no answer, or one that says to come again. */
async function look(
  client: MoorageClient,
  { id, tenant }: OperationRef,
  wait: number,
  end: AbortSignal,
): Promise<Operation | null> {
  const signal = AbortSignal.any([end, AbortSignal.timeout(wait * 1000 + GRACE_MS)])
  const query = { wait }
  try {
    return await dataOf(
      tenant === null
        ? client.GET('/v1/operations/{id}', { params: { path: { id }, query }, signal })
        : client.GET('/v1/tenants/{tenant}/operations/{id}', { params: { path: { tenant, id }, query }, signal }),
    )
  } catch (error) {
    if (error instanceof MoorageError && error.status < 500) throw error
    return null
  }
}
