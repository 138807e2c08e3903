import { isForeignKeyViolation } from '../../db/index.ts'
import type { Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import { emit, EVENT_TYPES } from '../../events/index.ts'
import { newId } from '../../lib/ids.ts'
import type { Outbound } from '../../outbound/index.ts'
import { type Answer, closed, decodeCursor, tenantNotFound, Timestamp, toPage, Uuid } from '../../web/index.ts'
import type { IdempotencyDeps } from '../idempotency/index.ts'
import {
  type DeliveryRow,
  findDelivery,
  findPendingRedelivery,
  insertRedelivery,
  listDeliveries,
} from './deliveries.repository.ts'
import { newWebhookSecret, secretContext } from './signature.ts'
import {
  countWebhooks,
  deleteWebhook,
  findWebhook,
  insertWebhook,
  listWebhooks,
  lockWebhooks,
  updateWebhook,
  type WebhookRow,
} from './webhooks.repository.ts'
import {
  type ChangeWebhook,
  type CreateWebhook,
  type Delivery,
  DELIVERY_STATUSES,
  MAX_URL,
  type NewWebhook,
  type Webhook,
} from './webhooks.schemas.ts'

/** Each event is written once for every webhook that wants it, in the transaction of the change. */
const MOST_OF_TENANT = 20

const WebhookPosition = closed({ id: Uuid })
const DeliveryPosition = closed({ at: Timestamp, id: Uuid })

export interface WebhooksDeps extends IdempotencyDeps {
  readonly outbound: Outbound
}

type Tenant = { readonly id: string; readonly name: string }

/** The answer alone holds the secret; the row has it sealed. */
export async function createWebhook(
  { sealer, outbound }: WebhooksDeps,
  tx: Tx,
  tenant: Tenant,
  wish: CreateWebhook,
  actor: string,
): Promise<Answer<NewWebhook>> {
  const url = checkedUrl(outbound, wish.url)
  const types = checkedTypes(wish.types ?? [])
  if (!(await lockWebhooks(tx, tenant.id))) throw tenantNotFound(tenant.name)
  if ((await countWebhooks(tx, tenant.id)) >= MOST_OF_TENANT)
    throw new AppError('conflict', { detail: `a tenant has at most ${MOST_OF_TENANT} webhooks; delete one first` })
  const [id, secret] = [newId(), newWebhookSecret()]
  const row = await insertWebhook(tx, {
    id,
    tenantId: tenant.id,
    url,
    types,
    secret: sealer.seal(secret, secretContext(id)),
    createdBy: actor,
  })
  emit(tx, { tenantId: tenant.id, type: 'webhook.created', actor, data: { id, types } })
  const headers = { location: `/v1/tenants/${tenant.name}/webhooks/${id}` }
  return { status: 201, headers, body: { ...view(row), secret } }
}

export async function readWebhook(tx: Tx, tenant: Tenant, id: string): Promise<Webhook> {
  return view(await requireWebhook(tx, tenant, id))
}

export async function pageOfWebhooks(tx: Tx, tenant: Tenant, { limit, cursor }: { limit: number; cursor?: string }) {
  const rows = await listWebhooks(tx, tenant.id, decodeCursor(WebhookPosition, cursor)?.id, limit + 1)
  return toPage(rows, limit, view, ({ id }) => ({ id }))
}

export async function changeWebhook(
  { outbound }: WebhooksDeps,
  tx: Tx,
  tenant: Tenant,
  id: string,
  wish: ChangeWebhook,
  actor: string,
): Promise<Answer<Webhook>> {
  const row = await updateWebhook(tx, tenant.id, id, {
    // Another address has not failed yet.
    ...(wish.url !== undefined && { url: checkedUrl(outbound, wish.url), failingSince: null }),
    ...(wish.types !== undefined && { types: checkedTypes(wish.types) }),
    ...(wish.enabled !== undefined && { enabled: wish.enabled, disabledReason: null }),
    ...(wish.enabled === true && { failingSince: null }),
  })
  if (!row) throw webhookNotFound(id)
  emit(tx, {
    tenantId: tenant.id,
    type: 'webhook.updated',
    actor,
    data: { id: row.id, enabled: row.enabled },
  })
  return { status: 200, body: view(row) }
}

/** With its deliveries: what is pending is not sent. */
export async function removeWebhook(tx: Tx, tenant: Tenant, id: string, actor: string): Promise<Answer<null>> {
  await lockWebhooks(tx, tenant.id)
  if (!(await deleteWebhook(tx, tenant.id, id))) throw webhookNotFound(id)
  emit(tx, { tenantId: tenant.id, type: 'webhook.deleted', actor, data: { id: id.toLowerCase() } })
  return { status: 204, body: null }
}

/** Newest first. */
export async function pageOfDeliveries(
  tx: Tx,
  tenant: Tenant,
  id: string,
  { limit, cursor }: { limit: number; cursor?: string },
) {
  await requireWebhook(tx, tenant, id)
  const rows = await listDeliveries(tx, id, decodeCursor(DeliveryPosition, cursor), limit + 1)
  return toPage(rows, limit, viewDelivery, ({ place, id: last }) => ({ at: place, id: last }))
}

export async function readDelivery(
  tx: Tx,
  tenant: Tenant,
  { id, delivery }: { id: string; delivery: string },
): Promise<Delivery> {
  await requireWebhook(tx, tenant, id)
  const row = await findDelivery(tx, id, delivery)
  if (!row) throw deliveryNotFound(delivery)
  return viewDelivery(row)
}

/**
 * The same event once more, whatever became of it before; receivers know it by the same `webhook-id`. Throws `conflict` while the last such one
 * is under way: who asks for it over and over has it sent once.
 */
export async function redeliver(
  tx: Tx,
  tenant: Tenant,
  { id, delivery }: { id: string; delivery: string },
): Promise<Answer<Delivery>> {
  const webhook = await requireWebhook(tx, tenant, id)
  if (!webhook.enabled)
    throw new AppError('conflict', { detail: 'the webhook is disabled: nothing is sent until it is enabled again' })
  const pending = await findPendingRedelivery(tx, id, delivery)
  if (pending !== null)
    throw new AppError('conflict', {
      detail: `the event is being redelivered already: delivery ${pending} has not ended`,
    })
  try {
    const row = await insertRedelivery(tx, id, delivery)
    const deliveries = `/v1/tenants/${tenant.name}/webhooks/${webhook.id}/deliveries`
    if (row) return { status: 202, headers: { location: `${deliveries}/${row.id}` }, body: viewDelivery(row) }
  } catch (error) {
    // The event or the webhook went meanwhile.
    if (!isForeignKeyViolation(error)) throw error
  }
  throw deliveryNotFound(delivery)
}

async function requireWebhook(tx: Tx, tenant: Tenant, id: string): Promise<WebhookRow> {
  const row = await findWebhook(tx, tenant.id, id)
  if (!row) throw webhookNotFound(id)
  return row
}

function webhookNotFound(id: string): AppError {
  return new AppError('not_found', { detail: `there is no webhook ${id} here` })
}

function deliveryNotFound(id: string): AppError {
  return new AppError('not_found', { detail: `the webhook has no delivery ${id}` })
}

function checkedUrl(outbound: Outbound, text: string): string {
  const problem = outbound.problemOf(text)
  if (problem !== null) throw badInput('/body/url', `url ${problem}`)
  const { href } = new URL(text)
  if (href.length > MAX_URL) throw badInput('/body/url', `url must have at most ${MAX_URL} characters, as it is sent`)
  return href
}

/** Types that there are; of a first word, one that a type has. */
function checkedTypes(types: readonly string[]): string[] {
  const known = Object.keys(EVENT_TYPES)
  types.forEach((type, at) => {
    const isKnown = type.endsWith('.*')
      ? known.some((name) => name.startsWith(type.slice(0, -1)))
      : known.includes(type)
    if (!isKnown) throw badInput(`/body/types/${at}`, `there are no events ${type}: docs/events.md lists the types`)
  })
  return [...types]
}

function badInput(path: string, message: string): AppError {
  return new AppError('bad_request', { detail: message, errors: [{ path, message }] })
}

function view(row: WebhookRow): Webhook {
  const { id, url, types, enabled, failingSince, disabledReason, createdBy, createdAt } = row
  return {
    id,
    url,
    types,
    enabled,
    failingSince: failingSince?.toISOString() ?? null,
    disabledReason,
    createdBy,
    createdAt: createdAt.toISOString(),
  }
}

function viewDelivery({ place: _, ...row }: DeliveryRow): Delivery {
  return {
    ...row,
    // What is in the table is one of these: a check of the database says so.
    status: DELIVERY_STATUSES.find((status) => status === row.status) ?? 'pending',
    type: row.type as Delivery['type'],
    createdAt: row.createdAt.toISOString(),
    nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }
}
