import type { Config } from '../config.ts'
import { Prisma } from './generated/client.ts'
import type { Database } from './types.ts'

/** How many rows of each table a run of `prune` deleted. */
export interface Pruned {
  readonly operations: number
  readonly idempotencyRecords: number
  readonly releases: number
  readonly events: number
}

export interface PruneOptions {
  readonly signal?: AbortSignal
  /** Rows a statement. Default 500: locks are short, and others get in between. */
  readonly batchSize?: number
}

/**
 * Deletes what is older than its table's setting: operations by their end (with their steps), idempotency records by
 * their age, releases beyond the newest N of their app, but for those that the app wants, that were last good, or that
 * an operation which hasn't ended speaks of, events by their
 * age (a tenant's floor says up to which). Each batch is a transaction of its own, so it may be stopped anywhere, and
 * several processes may run it at once.
 */
export async function prune(
  db: Pick<Database, 'prisma'>,
  retention: Config['retention'],
  { signal, batchSize = 500 }: PruneOptions = {},
): Promise<Pruned> {
  const inBatches = async (batch: Prisma.Sql): Promise<number> => {
    let deleted = 0
    for (;;) {
      signal?.throwIfAborted()
      const rows = await db.prisma.$executeRaw(batch)
      deleted += rows
      if (rows < batchSize) return deleted
    }
  }
  return {
    // A parent stays until all its children have ended.
    operations: await inBatches(Prisma.sql`
      DELETE FROM operations WHERE id IN (
        SELECT o.id FROM operations o
        WHERE o.finished_at < now() - make_interval(days => ${retention.operationsDays}::int)
          AND NOT EXISTS (SELECT FROM operations c WHERE c.parent_id = o.id AND c.finished_at IS NULL)
        ORDER BY o.finished_at LIMIT ${batchSize}
        FOR UPDATE SKIP LOCKED)`),
    idempotencyRecords: await inBatches(Prisma.sql`
      DELETE FROM idempotency_records WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM idempotency_records
        WHERE created_at < now() - make_interval(hours => ${retention.idempotencyHours}::int)
        ORDER BY created_at LIMIT ${batchSize}
        FOR UPDATE SKIP LOCKED))`),
    releases: await inBatches(Prisma.sql`
      DELETE FROM releases WHERE (app_id, number) IN (
        SELECT r.app_id, r.number
        FROM apps a
        CROSS JOIN LATERAL (
          SELECT n.number FROM releases n WHERE n.app_id = a.id ORDER BY n.number DESC OFFSET ${retention.releases} - 1 LIMIT 1
        ) oldest_kept
        JOIN releases r ON r.app_id = a.id AND r.number < oldest_kept.number
        WHERE r.number IS DISTINCT FROM a.wanted_release
          AND r.number IS DISTINCT FROM (a.good->>'release')::int
          AND NOT EXISTS (
            SELECT FROM operations o
            WHERE o.app_id = a.id AND o.finished_at IS NULL
              AND (o.release = r.number OR (o.patch->>'release')::int = r.number))
        LIMIT ${batchSize}
        FOR UPDATE OF r SKIP LOCKED)`),
    // The oldest by id, which needs no index by age; floors in order, for several may do this at once.
    events: await inBatches(Prisma.sql`
      WITH oldest AS (SELECT id, created_at FROM events ORDER BY id LIMIT ${batchSize}),
      gone AS (
        DELETE FROM events e USING oldest o
        WHERE e.id = o.id AND o.created_at < now() - make_interval(days => ${retention.eventsDays}::int)
        RETURNING e.id, e.tenant_id),
      floors AS (
        INSERT INTO event_floors (tenant_id, event_id)
        SELECT coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'), max(id) FROM gone GROUP BY 1 ORDER BY 1
        ON CONFLICT (tenant_id) DO UPDATE SET event_id = greatest(event_floors.event_id, excluded.event_id))
      SELECT FROM gone`),
  }
}
