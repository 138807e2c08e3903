import { Gauge, type Registry } from 'prom-client'
import type { Database } from '../db/types.ts'

/** What the database says of webhooks and events, the same on every API. */
export async function collectLive(db: Database, registry: Registry): Promise<void> {
  const [row] = await db.prisma.$queryRaw<{ due: number; oldest: number; failing: number; disabled: number }[]>`
    SELECT d.due, d.oldest,
      (SELECT count(*)::int FROM webhooks WHERE enabled AND failing_since IS NOT NULL) AS failing,
      (SELECT count(*)::int FROM webhooks WHERE NOT enabled) AS disabled
    FROM (
      SELECT count(*)::int AS due, coalesce(extract(epoch FROM now() - min(next_attempt_at)), 0)::float8 AS oldest
      FROM webhook_deliveries WHERE status = 'pending' AND next_attempt_at <= now()) d`
  const gauge = (name: string, help: string, value: number): void =>
    new Gauge({ name, help, registers: [registry] }).set(value)
  gauge('moorage_webhook_deliveries_due', 'Deliveries whose next attempt is due.', row?.due ?? 0)
  gauge(
    'moorage_webhook_delivery_oldest_seconds',
    'For how long the oldest of them has been; 0 without one.',
    row?.oldest ?? 0,
  )
  gauge('moorage_webhooks_failing', 'Webhooks in use whose last delivery failed.', row?.failing ?? 0)
  gauge(
    'moorage_webhooks_disabled',
    'Webhooks that are not in use: failed for a day, or switched off.',
    row?.disabled ?? 0,
  )
}
