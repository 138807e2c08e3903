import type { Database } from '../../src/db/index.ts'
import { newId } from '../../src/lib/ids.ts'

export interface AppRows {
  readonly tenantId: string
  readonly appId: string
}

/** A tenant with an app and its lane. */
export async function insertApp(db: Database, tenant: string, app = 'shop'): Promise<AppRows> {
  const existing = await db.prisma.tenant.findUnique({ where: { name: tenant } })
  const tenantId = existing?.id ?? (await db.prisma.tenant.create({ data: { id: newId(), name: tenant } })).id
  const appId = newId()
  await db.prisma.app.create({ data: { id: appId, tenantId, name: app } })
  await db.prisma.lane.create({ data: { id: appId, tenantId, appId } })
  return { tenantId, appId }
}

/** A queued operation in the app's lane. */
export async function insertQueued(db: Database, { tenantId, appId }: AppRows, kind = 'deploy'): Promise<string> {
  const id = newId()
  await db.prisma.operation.create({
    data: { id, laneId: appId, tenantId, appId, appName: 'shop', kind, requestedBy: 'test' },
  })
  return id
}
