import { Prisma } from '../../db/generated/client.ts'
import type { Tx } from '../../db/types.ts'
import type { Capacity } from './usage.ts'

/** An instance of an app, and where its stats are had. */
export interface ContainerRow {
  readonly id: string
  readonly nativeId: string
  readonly name: string
  readonly service: string
  readonly appId: string
  readonly app: string
  readonly tenantId: string
  readonly hostId: string
  readonly host: string
  readonly capacity: Capacity
}

/** Of a tenant, or of one app of it. */
export type StatsScope = { readonly tenantId: string; readonly appId?: string }

const CONTAINER = Prisma.sql`
  i.id, i.native_id AS "nativeId", i.name, i.service, a.id AS "appId", a.name AS app, a.tenant_id AS "tenantId",
  h.id AS "hostId", h.name AS host,
  jsonb_build_object('cpus', h.capacity->'cpus', 'memory', h.capacity->'memory') AS capacity`
const RUNS = Prisma.sql`i.state IN ('running', 'paused')`

export async function findAppId(tx: Tx, tenantId: string, name: string): Promise<string | null> {
  const app = await tx.app.findUnique({ where: { tenantId_name: { tenantId, name } }, select: { id: true } })
  return app?.id ?? null
}

export async function scopeExists(tx: Tx, { tenantId, appId }: StatsScope): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT FROM tenants t WHERE t.id = ${tenantId}::uuid AND (${appId ?? null}::uuid IS NULL
      OR EXISTS (SELECT FROM apps a WHERE a.id = ${appId ?? null}::uuid AND a.tenant_id = t.id))`
  return rows.length > 0
}

/** Instances in a fixed order; those that run, unless `all`. */
export async function findContainers(
  tx: Tx,
  { tenantId, appId }: StatsScope,
  { all = false }: { all?: boolean } = {},
): Promise<ContainerRow[]> {
  return await tx.$queryRaw<ContainerRow[]>`
    SELECT ${CONTAINER}
    FROM apps a JOIN instances i ON i.app_id = a.id JOIN hosts h ON h.id = i.host_id
    WHERE a.tenant_id = ${tenantId}::uuid AND (${appId ?? null}::uuid IS NULL OR a.id = ${appId ?? null}::uuid)
      AND (${all} OR ${RUNS})
    ORDER BY a.name, i.service, i.ordinal, i.id`
}

/** Those of a tenant among these ids that run. */
export async function findContainersById(tx: Tx, tenantId: string, ids: readonly string[]): Promise<ContainerRow[]> {
  return await tx.$queryRaw<ContainerRow[]>`
    SELECT ${CONTAINER}
    FROM instances i JOIN apps a ON a.id = i.app_id JOIN hosts h ON h.id = i.host_id
    WHERE a.tenant_id = ${tenantId}::uuid AND i.id = ANY (${ids}::uuid[]) AND ${RUNS}`
}

/** Somebody looks at an app's stats; written at most every 20 s, however many look. */
export async function markWatched(tx: Tx, appId: string): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO stats_watches AS w (app_id, watched_at) SELECT id, now() FROM apps WHERE id = ${appId}::uuid
    ON CONFLICT (app_id) DO UPDATE SET watched_at = excluded.watched_at
    WHERE w.watched_at < excluded.watched_at - interval '20 seconds'`
}

/** An instance whose samples a worker keeps. */
export interface KeptContainer {
  readonly id: string
  readonly nativeId: string
  readonly hostId: string
  readonly runs: boolean
}

/**
 * The instances on the hosts that a worker observes: of apps that were watched within the hour, or of all. At most `most`, those of apps that
 * were watched last before the others.
 */
export async function findKept(
  tx: Tx,
  workerId: string,
  { keep, most }: { keep: 'watched' | 'all'; most: number },
): Promise<KeptContainer[]> {
  return await tx.$queryRaw<KeptContainer[]>`
    SELECT i.id, i.native_id AS "nativeId", i.host_id AS "hostId", ${RUNS} AS runs
    FROM hosts h JOIN instances i ON i.host_id = h.id LEFT JOIN stats_watches w ON w.app_id = i.app_id
    WHERE h.observer_id = ${workerId}::uuid AND (${keep === 'all'} OR w.watched_at > now() - interval '1 hour')
    ORDER BY w.watched_at DESC NULLS LAST, i.id LIMIT ${most}`
}
