import type { OperationRow } from './operation.repository.ts'
import { LeaseOver } from './lease.ts'
import { CHANNELS, notify, type Tx } from '../db/index.ts'
import { emit } from '../events/index.ts'
import { markGood, revertWanted } from '../modules/apps/index.ts'

/** The statuses that an operation ends with. */
export type OperationEnd = 'succeeded' | 'failed' | 'cancelled' | 'rolled_back'

/**
 * Everything that goes with an operation's end: the app's wanted and good state (or its rows, once it is removed), the lane, and
 * who waits. `write` writes the end itself; where it says false nothing else may be written, and LeaseOver is thrown.
 */
export async function endOperation(
  tx: Tx,
  operation: Pick<OperationRow, 'id' | 'appId' | 'kind' | 'patch' | 'tenantId' | 'appName'>,
  { status, error }: { status: OperationEnd; error: unknown },
  write: () => Promise<boolean>,
): Promise<void> {
  const superseded = (error as { code?: string } | null)?.code === 'superseded'
  if (status === 'succeeded') await markGood(tx, operation)
  else if (!superseded) await revertWanted(tx, operation)
  if (!(await write())) throw new LeaseOver('lost')
  await tx.$executeRaw`
    update steps set status = 'cancelled', finished_at = now(), message = 'cut off'
    where operation_id = ${operation.id}::uuid and status = 'running'`
  const { tenantId, appName: app, id: operationId, kind } = operation
  emit(tx, { tenantId, app, operationId, type: `operation.${status}`, data: { kind, error } })
  if (status === 'succeeded' && kind === 'remove' && operation.appId) {
    await tx.app.delete({ where: { id: operation.appId } })
    emit(tx, { tenantId, app, operationId, type: 'app.removed', data: { id: operation.appId } })
  }
  await notify(tx, CHANNELS.operation, operation.id)
  await notify(tx, CHANNELS.work, '')
}
