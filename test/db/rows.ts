import type { Tx } from '../../src/db/index.ts'
import { newId } from '../../src/lib/ids.ts'

export interface AppRows {
  readonly tenantId: string
  readonly appId: string
  readonly laneId: string
}

/** A tenant with one app and its lane. */
export async function insertApp(tx: Tx, tenant: string, name = 'shop'): Promise<AppRows> {
  const rows = { tenantId: newId(), appId: newId(), laneId: newId() }
  await tx.tenant.create({ data: { id: rows.tenantId, name: tenant } })
  await tx.app.create({ data: { id: rows.appId, tenantId: rows.tenantId, name } })
  await tx.lane.create({ data: { id: rows.laneId, tenantId: rows.tenantId, appId: rows.appId } })
  return rows
}

export async function insertRelease(tx: Tx, { appId }: AppRows, number: number): Promise<void> {
  await tx.release.create({
    data: { appId, number, digest: `d${number}`, spec: {}, serviceDigests: {}, createdBy: 'test' },
  })
}

export interface OperationFields {
  readonly status?: string
  readonly release?: number
  readonly patch?: { readonly release?: number }
  readonly parentId?: string
  readonly finishedDaysAgo?: number
}

export async function insertOperation(tx: Tx, app: AppRows, fields: OperationFields = {}): Promise<string> {
  const { finishedDaysAgo, ...rest } = fields
  const id = newId()
  const finishedAt = finishedDaysAgo === undefined ? null : new Date(Date.now() - finishedDaysAgo * 86_400_000)
  await tx.operation.create({
    data: { id, ...app, kind: 'deploy', requestedBy: 'test', ...rest, finishedAt, patch: { ...fields.patch } },
  })
  return id
}
