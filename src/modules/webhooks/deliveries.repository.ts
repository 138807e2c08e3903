import { Prisma } from '../../db/generated/client.ts'
import { CHANNELS, notify } from '../../db/index.ts'
import type { Tx } from '../../db/types.ts'

export interface DeliveryRow {
  readonly id: string
  /** The event's id. */
  readonly event: string
  readonly type: string
  readonly status: string
  readonly attempts: number
  readonly responseStatus: number | null
  readonly responseMs: number | null
  readonly error: string | null
  readonly redelivery: boolean
  readonly createdAt: Date
  readonly nextAttemptAt: Date | null
  readonly finishedAt: Date | null
  /** `createdAt` to the microsecond: what a cursor needs. */
  readonly place: string
}

const COLUMNS = Prisma.sql`
  d.id, d.event_id::text AS event, e.type, d.status, d.attempts, d.response_status AS "responseStatus", d.response_ms AS "responseMs",
  d.error, d.redelivery, d.created_at AS "createdAt", d.next_attempt_at AS "nextAttemptAt", d.finished_at AS "finishedAt",
  to_char(d.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS place`

/** A webhook's deliveries, newest first. */
export async function listDeliveries(
  tx: Tx,
  webhookId: string,
  after: { readonly at: string; readonly id: string } | undefined,
  take: number,
): Promise<DeliveryRow[]> {
  const later = after
    ? Prisma.sql`d.created_at <= ${after.at}::timestamptz AND (d.created_at < ${after.at}::timestamptz OR d.id > ${after.id}::uuid)`
    : Prisma.sql`true`
  return await tx.$queryRaw<DeliveryRow[]>`
    SELECT ${COLUMNS} FROM webhook_deliveries d JOIN events e ON e.id = d.event_id
    WHERE d.webhook_id = ${webhookId}::uuid AND ${later} ORDER BY d.created_at DESC, d.id LIMIT ${take}`
}

export async function findDelivery(tx: Tx, webhookId: string, id: string): Promise<DeliveryRow | null> {
  const [row] = await tx.$queryRaw<DeliveryRow[]>`
    SELECT ${COLUMNS} FROM webhook_deliveries d JOIN events e ON e.id = d.event_id
    WHERE d.webhook_id = ${webhookId}::uuid AND d.id = ${id}::uuid`
  return row ?? null
}

/**
 * The redelivery of a delivery's event to the same webhook that has not ended yet, by id. Nobody else adds one until this transaction ends:
 * the webhook is locked, as whoever writes an attempt's failure does.
 */
export async function findPendingRedelivery(tx: Tx, webhookId: string, deliveryId: string): Promise<string | null> {
  await tx.$executeRaw`SELECT FROM webhooks WHERE id = ${webhookId}::uuid FOR NO KEY UPDATE`
  const [row] = await tx.$queryRaw<{ id: string }[]>`
    SELECT r.id FROM webhook_deliveries d JOIN webhook_deliveries r ON r.webhook_id = d.webhook_id AND r.event_id = d.event_id
    WHERE d.webhook_id = ${webhookId}::uuid AND d.id = ${deliveryId}::uuid AND r.redelivery AND r.status = 'pending' LIMIT 1`
  return row?.id ?? null
}

/** A new delivery of the event that another one was of; null: the webhook has no such delivery. */
export async function insertRedelivery(tx: Tx, webhookId: string, deliveryId: string): Promise<DeliveryRow | null> {
  const [row] = await tx.$queryRaw<DeliveryRow[]>`
    WITH d AS (
      INSERT INTO webhook_deliveries (webhook_id, event_id, redelivery)
      SELECT webhook_id, event_id, true FROM webhook_deliveries WHERE webhook_id = ${webhookId}::uuid AND id = ${deliveryId}::uuid
      RETURNING *)
    SELECT ${COLUMNS} FROM d JOIN events e ON e.id = d.event_id`
  if (row) await notify(tx, CHANNELS.delivery)
  return row ?? null
}

/** What a worker needs to make an attempt, but for the event. */
export interface ClaimedDelivery {
  readonly id: string
  readonly webhookId: string
  readonly tenantId: string
  readonly eventId: string
  /** This one among them: results are written compare-and-set on it. */
  readonly attempts: number
  readonly url: string
  /** Sealed. */
  readonly secret: Uint8Array
  /** The first delivery of the event to this webhook: the same for all its attempts and redeliveries. */
  readonly message: string
}

export interface ClaimLimits {
  /** How many are taken at most. */
  readonly room: number
  readonly ofTenant: number
  readonly ofWebhook: number
  readonly leaseMs: number
  /** How many of each are under way here, by id. */
  readonly busyTenants: Readonly<Record<string, number>>
  readonly busyWebhooks: Readonly<Record<string, number>>
}

/**
 * Takes deliveries that are due, for as long as the lease is: nobody else takes them meanwhile. The tenant with the fewest under way comes
 * first, and of its webhooks the one with the fewest, however long what others have has waited: some with slow receivers would hold all
 * places. A webhook that is failing gets one at a time. It costs two looks into the index for each webhook that has something pending,
 * however much that is.
 */
export async function claimDeliveries(tx: Tx, limits: ClaimLimits): Promise<ClaimedDelivery[]> {
  const { room, ofTenant, ofWebhook, leaseMs, busyTenants, busyWebhooks } = limits
  return await tx.$queryRaw<ClaimedDelivery[]>`
    WITH RECURSIVE ${PENDING_WEBHOOKS}, found AS (
      SELECT d.id, d.next_attempt_at, w.tenant_id, row_number() OVER (PARTITION BY w.id ORDER BY d.next_attempt_at)
        + coalesce((${JSON.stringify(busyWebhooks)}::jsonb ->> w.id::text)::int, 0) AS turn
      FROM pending p JOIN webhooks w ON w.id = p.webhook_id AND w.enabled
      CROSS JOIN LATERAL (
        SELECT q.id, q.next_attempt_at FROM webhook_deliveries q
        WHERE q.webhook_id = w.id AND q.status = 'pending' AND q.next_attempt_at <= now()
        ORDER BY q.next_attempt_at
        LIMIT greatest(0, CASE WHEN w.failing_since IS NULL THEN ${ofWebhook}::int ELSE 1 END
          - coalesce((${JSON.stringify(busyWebhooks)}::jsonb ->> w.id::text)::int, 0))
        FOR UPDATE SKIP LOCKED) d
    ), due AS (
      SELECT id, next_attempt_at, row_number() OVER (PARTITION BY tenant_id ORDER BY turn, next_attempt_at)
        + coalesce((${JSON.stringify(busyTenants)}::jsonb ->> tenant_id::text)::int, 0) AS place
      FROM found
    ), taken AS (
      SELECT id FROM due WHERE place <= ${ofTenant}::int ORDER BY place, next_attempt_at LIMIT ${room})
    UPDATE webhook_deliveries d SET attempts = d.attempts + 1,
      lease_until = now() + ${leaseMs}::int * interval '1 ms', next_attempt_at = now() + ${leaseMs}::int * interval '1 ms'
    FROM taken t, webhooks w WHERE d.id = t.id AND w.id = d.webhook_id
    RETURNING d.id, d.webhook_id AS "webhookId", w.tenant_id AS "tenantId", d.event_id::text AS "eventId", d.attempts, w.url, w.secret,
      coalesce((SELECT o.id FROM webhook_deliveries o WHERE o.webhook_id = d.webhook_id AND o.event_id = d.event_id AND NOT o.redelivery), d.id)
        AS message`
}

/** The webhooks that have something pending: a step through the index for each. */
const PENDING_WEBHOOKS = Prisma.sql`pending (webhook_id) AS (
  (SELECT webhook_id FROM webhook_deliveries WHERE status = 'pending' ORDER BY webhook_id LIMIT 1)
  UNION ALL
  SELECT (SELECT d.webhook_id FROM webhook_deliveries d WHERE d.status = 'pending' AND d.webhook_id > p.webhook_id
    ORDER BY d.webhook_id LIMIT 1)
  FROM pending p WHERE p.webhook_id IS NOT NULL)`

/** Ends what is pending of disabled webhooks, but for what is being sent. */
export async function endDisabled(tx: Tx, take: number): Promise<number> {
  return await tx.$executeRaw`
    WITH RECURSIVE ${PENDING_WEBHOOKS}
    UPDATE webhook_deliveries SET status = 'failed', error = 'the webhook was disabled before this was sent', finished_at = now(),
      next_attempt_at = NULL, lease_until = NULL
    WHERE id IN (
      SELECT d.id FROM pending p JOIN webhooks w ON w.id = p.webhook_id AND NOT w.enabled
      JOIN webhook_deliveries d ON d.webhook_id = w.id AND d.status = 'pending' AND (d.lease_until IS NULL OR d.lease_until < now())
      LIMIT ${take} FOR UPDATE OF d SKIP LOCKED)`
}

/** What came of an attempt. */
export interface AttemptOutcome {
  readonly responseStatus: number | null
  readonly responseMs: number | null
  readonly error: string | null
}

type Attempt = Pick<ClaimedDelivery, 'id' | 'webhookId' | 'attempts'>

export async function writeSuccess(tx: Tx, attempt: Attempt, outcome: AttemptOutcome): Promise<void> {
  // The webhook's row first, as whoever deletes or disables it does.
  await tx.$executeRaw`
    UPDATE webhooks SET failing_since = NULL WHERE id = ${attempt.webhookId}::uuid AND failing_since IS NOT NULL`
  await tx.$executeRaw`
    UPDATE webhook_deliveries SET status = 'succeeded', finished_at = now(), next_attempt_at = NULL, lease_until = NULL,
      response_status = ${outcome.responseStatus}, response_ms = ${outcome.responseMs}, error = NULL
    WHERE id = ${attempt.id}::uuid AND status = 'pending' AND attempts = ${attempt.attempts}`
}

export interface FailureTerms {
  /** Until the next attempt. */
  readonly delayMs: number
  /** For how long after its making a delivery is tried. */
  readonly windowMs: number
  /** No other attempt. */
  readonly isFinal: boolean
}

/**
 * Locks the webhook. False: nothing follows from it for the webhook: the attempt is not ours any more, all is gone, or the webhook has another
 * address by now, which is tried next.
 */
export async function writeFailure(
  tx: Tx,
  attempt: Attempt & Pick<ClaimedDelivery, 'url'>,
  outcome: AttemptOutcome,
  { delayMs, windowMs, isFinal }: FailureTerms,
): Promise<boolean> {
  const [webhook] = await tx.$queryRaw<{ url: string }[]>`
    SELECT url FROM webhooks WHERE id = ${attempt.webhookId}::uuid FOR NO KEY UPDATE`
  const isItsAddress = webhook?.url === attempt.url
  const count = await tx.$executeRaw`
    UPDATE webhook_deliveries d SET response_status = ${outcome.responseStatus}, response_ms = ${outcome.responseMs},
      error = ${outcome.error}, lease_until = NULL, status = CASE WHEN f.over THEN 'failed' ELSE 'pending' END,
      finished_at = CASE WHEN f.over THEN now() END,
      next_attempt_at = CASE WHEN NOT f.over THEN least(now() + ${delayMs}::float8 * interval '1 ms', f.until) END
    FROM (SELECT id, created_at + ${windowMs}::float8 * interval '1 ms' AS until,
        ${isFinal && isItsAddress} OR now() >= created_at + ${windowMs}::float8 * interval '1 ms' AS over
      FROM webhook_deliveries WHERE id = ${attempt.id}::uuid) f
    WHERE d.id = f.id AND d.status = 'pending' AND d.attempts = ${attempt.attempts}`
  return count > 0 && isItsAddress
}

/** Notes that a webhook fails. Gives whether it is enabled, and whether it has failed for so long. */
export async function noteFailing(
  tx: Tx,
  webhookId: string,
  longMs: number,
): Promise<{ readonly enabled: boolean; readonly isLong: boolean } | null> {
  const [row] = await tx.$queryRaw<{ enabled: boolean; isLong: boolean }[]>`
    UPDATE webhooks SET failing_since = coalesce(failing_since, now()) WHERE id = ${webhookId}::uuid
    RETURNING enabled, failing_since <= now() - ${longMs}::float8 * interval '1 ms' AS "isLong"`
  return row ?? null
}

/** Gives an attempt back, to be made by whoever comes next, after `delayMs`. */
export async function releaseDelivery(
  tx: Tx,
  attempt: Attempt,
  { delayMs, error }: { readonly delayMs: number; readonly error: string | null },
): Promise<void> {
  await tx.$executeRaw`
    UPDATE webhook_deliveries SET lease_until = NULL, next_attempt_at = now() + ${delayMs}::int * interval '1 ms', error = ${error}
    WHERE id = ${attempt.id}::uuid AND status = 'pending' AND attempts = ${attempt.attempts}`
}
