import type { Logger } from 'pino'
import type { Database } from '../db/index.ts'
import { buildDesired, observedFromRows, wantedOf } from '../modules/apps/index.ts'
import { enqueueReconcile } from '../modules/operations/index.ts'
import { isHealing, reconcile } from '../planning/index.ts'

const PAGE = 100
/** An app whose last reconcile failed is left alone for so long. */
const REST_AFTER_FAILURE_S = 300

/**
 * Compares every app that no operation is at work on with what was observed on its host, and queues a `reconcile` where
 * something is missing or too much. What only has to become healthy by itself is left to its engine. Apps on a host that
 * does not answer are passed over.
 */
export async function resync(db: Database, installation: string, log: Logger): Promise<number> {
  let queued = 0
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const ids = await db.prisma.$queryRaw<{ id: string }[]>`
      select a.id from apps a
      join hosts h on h.id = a.host_id and h.status = 'ready'
      where a.id > ${after}::uuid
        and not exists (select from operations o where o.app_id = a.id and o.status in ('queued', 'running'))
        and not exists (select from operations o where o.app_id = a.id and o.kind = 'reconcile' and o.status = 'failed'
          and o.finished_at > now() - ${REST_AFTER_FAILURE_S} * interval '1 second')
      order by a.id limit ${PAGE}`
    for (const { id } of ids) if (await resyncApp(db, installation, id, log)) queued += 1
    const last = ids.at(-1)
    if (ids.length < PAGE || !last) return queued
    after = last.id
  }
}

async function resyncApp(db: Database, installation: string, appId: string, log: Logger): Promise<boolean> {
  const app = await db.prisma.app.findUnique({
    where: { id: appId },
    include: { tenant: true, host: true, instances: true, objects: true, subnets: true },
  })
  if (!app?.host) return false
  const wanted = wantedOf(app)
  const release =
    wanted.release === null
      ? null
      : await db.prisma.release.findUnique({ where: { appId_number: { appId, number: wanted.release } } })
  const desired = buildDesired({
    installation,
    tenant: { id: app.tenant.id, name: app.tenant.name },
    app: { id: app.id, name: app.name },
    host: app.host,
    subnet: app.subnets[0]?.cidr ?? null,
    release,
    wanted,
    removeVolumes: false,
    force: false,
  })
  const plan = reconcile(desired, observedFromRows(app.instances, app.objects, Date.now()))
  const cause = plan.steps.find((step) => isHealing(step, plan))
  if (!cause) return false
  const enqueued = await db.transaction(
    async (tx) => await enqueueReconcile(tx, { appId, wantedVersion: app.wantedVersion }),
  )
  if (enqueued)
    log.info(
      { app: app.name, tenant: app.tenant.name, action: cause.action, cause: cause.cause },
      'an app differs from what is wanted; a reconcile is queued',
    )
  return enqueued
}
