import type { Webhook as Row } from '../../db/generated/client.ts'
import type { Tx } from '../../db/types.ts'

export type WebhookRow = Omit<Row, 'secret'>

export interface WebhookInsert {
  readonly id: string
  readonly tenantId: string
  readonly url: string
  readonly types: string[]
  readonly secret: Uint8Array<ArrayBuffer>
  readonly createdBy: string
}

export interface WebhookChange {
  readonly url?: string
  readonly types?: string[]
  readonly enabled?: boolean
  readonly failingSince?: null
  readonly disabledReason?: string | null
}

/**
 * Nobody else adds or deletes a webhook of the tenant until this transaction ends: each holds its own, and looks at the others' when it writes its
 * event. False: there is no such tenant.
 */
export async function lockWebhooks(tx: Tx, tenantId: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`SELECT id FROM tenants WHERE id = ${tenantId}::uuid FOR NO KEY UPDATE`
  return rows.length > 0
}

export async function countWebhooks(tx: Tx, tenantId: string): Promise<number> {
  return await tx.webhook.count({ where: { tenantId } })
}

export async function insertWebhook(tx: Tx, row: WebhookInsert): Promise<WebhookRow> {
  return await tx.webhook.create({ data: row, omit: { secret: true } })
}

export async function findWebhook(tx: Tx, tenantId: string, id: string): Promise<WebhookRow | null> {
  return await tx.webhook.findFirst({ where: { tenantId, id }, omit: { secret: true } })
}

export async function listWebhooks(
  tx: Tx,
  tenantId: string,
  after: string | undefined,
  take: number,
): Promise<WebhookRow[]> {
  return await tx.webhook.findMany({
    where: { tenantId, ...(after === undefined ? {} : { id: { gt: after } }) },
    orderBy: { id: 'asc' },
    take,
    omit: { secret: true },
  })
}

/** null: there is none. */
export async function updateWebhook(
  tx: Tx,
  tenantId: string,
  id: string,
  change: WebhookChange,
): Promise<WebhookRow | null> {
  const [row] = await tx.webhook.updateManyAndReturn({
    where: { tenantId, id },
    data: change,
    omit: { secret: true },
  })
  return row ?? null
}

/** With its deliveries. */
export async function deleteWebhook(tx: Tx, tenantId: string, id: string): Promise<boolean> {
  const { count } = await tx.webhook.deleteMany({ where: { tenantId, id } })
  return count > 0
}
