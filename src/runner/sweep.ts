import type { Logger } from 'pino'
import { loadOperation } from './operation.repository.ts'
import { endOperation } from './end.ts'
import { freeLane, MAX_LOST_LEASES } from './queue.ts'
import type { Database } from '../db/index.ts'

/** Ends operations that lost MAX_LOST_LEASES leases: whoever runs them dies of it. */
export async function sweepLost(db: Database, log: Logger): Promise<void> {
  const lost = await db.prisma.$queryRaw<{ id: string }[]>`
    select id from operations where status = 'running' and lease_until < now() and lost_leases + 1 >= ${MAX_LOST_LEASES}`
  for (const { id } of lost) {
    const operation = await loadOperation(db, id)
    if (!operation) continue
    const error = {
      code: 'internal',
      message: `${MAX_LOST_LEASES} workers died while they ran it; their logs have the cause`,
    }
    await db.transaction(async (tx) => {
      await endOperation(tx, operation, { status: 'failed', error }, async () => {
        const ended = await tx.$executeRaw`
          update operations set status = 'failed', error = ${JSON.stringify(error)}::jsonb, finished_at = now(), reason = null,
            lease_owner = null, lease_until = null, lost_leases = lost_leases + 1
          where id = ${id}::uuid and status = 'running' and lease_until < now()`
        if (ended === 1) await freeLane(tx, id)
        return ended === 1
      })
    })
    log.error({ operationId: id }, error.message)
  }
}
