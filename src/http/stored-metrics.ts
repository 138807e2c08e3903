import { Gauge, type Registry } from 'prom-client'
import { GONE_S } from '../db/replica.ts'
import type { Database } from '../db/types.ts'

type Labels = Record<string, string>
/** One series of a gauge: its labels and its value. */
type Series = readonly (readonly [Labels, number])[]

function gauge(registry: Registry, name: string, help: string, series: Series): void {
  const labelNames = [...new Set(series.flatMap(([labels]) => Object.keys(labels)))]
  const made = new Gauge({ name, help, labelNames, registers: [registry] })
  for (const [labels, value] of series) made.set(labels, value)
}

/** What the database says, the same on every API: operations, steps, hosts, replicas. Reads no more than the last hour. */
export async function collectStored(db: Database, registry: Registry): Promise<void> {
  await Promise.all([
    collectOperations(db, registry),
    collectSteps(db, registry),
    collectHosts(db, registry),
    collectReplicas(db, registry),
  ])
}

async function collectOperations(db: Database, registry: Registry): Promise<void> {
  const rows = await db.prisma.$queryRaw<
    { kind: string; status: string; reason: string; count: number; attempts: number; lost: number; oldest: number }[]
  >`
    SELECT kind, status, coalesce(reason, '') AS reason, count(*)::int AS count, sum(attempts)::int AS attempts, sum(lost_leases)::int AS lost,
      coalesce(extract(epoch FROM max(now() - created_at)), 0)::float8 AS oldest
    FROM operations WHERE status = 'queued' OR status = 'running' OR finished_at > now() - interval '1 hour' GROUP BY 1, 2, 3`
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0)
  const byStatus = new Map<string, [Labels, number]>()
  for (const { kind, status, count } of rows) {
    const series = byStatus.get(`${kind} ${status}`) ?? [{ kind, status }, 0]
    series[1] += count
    byStatus.set(`${kind} ${status}`, series)
  }
  gauge(
    registry,
    'moorage_operations',
    'Operations that are queued or running, and those that ended in the last hour.',
    [...byStatus.values()],
  )
  const queued = rows.filter(({ status }) => status === 'queued')
  gauge(registry, 'moorage_queue_depth', 'Operations that are queued.', [
    [{}, queued.reduce((total, { count }) => total + count, 0)],
  ])
  gauge(registry, 'moorage_queue_oldest_seconds', 'How long the oldest queued operation has waited; 0 without one.', [
    [{}, Math.max(0, ...queued.map(({ oldest }) => oldest))],
  ])
  gauge(
    registry,
    'moorage_operations_backoff',
    'Running operations that wait for their next attempt after a failure.',
    [[{}, sum(({ reason, count }) => (reason === 'backoff' ? count : 0))]],
  )
  gauge(registry, 'moorage_operation_attempts', 'Attempts at the operations that moorage_operations counts.', [
    [{}, sum(({ attempts }) => attempts)],
  ])
  gauge(registry, 'moorage_operation_lost_leases', 'Leases that these operations lost: workers that died or hung.', [
    [{}, sum(({ lost }) => lost)],
  ])
}

async function collectSteps(db: Database, registry: Registry): Promise<void> {
  const rows = await db.prisma.$queryRaw<
    { action: string; status: string; count: number; half: number | null; most: number | null }[]
  >`
    SELECT s.action, s.status, count(*)::int AS count,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM s.finished_at - s.started_at))::float8 AS half,
      percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM s.finished_at - s.started_at))::float8 AS most
    FROM operations o JOIN steps s ON s.operation_id = o.id WHERE o.finished_at > now() - interval '1 hour' GROUP BY 1, 2`
  gauge(
    registry,
    'moorage_steps',
    'Steps of the operations that ended in the last hour.',
    rows.map(({ action, status, count }) => [{ action, status }, count]),
  )
  const done = rows.filter(({ status }) => status === 'succeeded')
  gauge(registry, 'moorage_step_seconds', 'How long those that succeeded took.', [
    ...done.map(({ action, half }) => [{ action, quantile: '0.5' }, half ?? 0] as const),
    ...done.map(({ action, most }) => [{ action, quantile: '0.99' }, most ?? 0] as const),
  ])
}

const HOST_STATUSES = ['ready', 'suspect', 'unreachable', 'unknown']

async function collectHosts(db: Database, registry: Registry): Promise<void> {
  const rows = await db.prisma.$queryRaw<{ name: string; kind: string; status: string; unseen: number | null }[]>`
    SELECT name, kind, status, extract(epoch FROM now() - last_seen_at)::float8 AS unseen FROM hosts`
  gauge(
    registry,
    'moorage_host_status',
    '1 for the status that the host has, 0 for the others.',
    rows.flatMap(({ name: host, kind, status }) =>
      HOST_STATUSES.map((each) => [{ host, kind, status: each }, each === status ? 1 : 0] as const),
    ),
  )
  gauge(
    registry,
    'moorage_host_observed_seconds',
    'How long ago the host was last observed.',
    rows.flatMap(({ name: host, unseen }) => (unseen === null ? [] : [[{ host }, unseen] as const])),
  )
}

/** What a replica says of itself, and how each is told. */
const MEASURES: Readonly<Record<string, string>> = {
  event_loop_lag_seconds: 'The longest that its event loop was held up in the last 5 s.',
  resident_memory_bytes: 'Its resident memory.',
  database_connections_busy: 'Its connections that run a query or a transaction.',
  database_connections_waiting: 'Its queries that wait for a connection.',
  slots: 'How many operations it may run at once.',
  slots_used: 'How many operations it runs.',
}

async function collectReplicas(db: Database, registry: Registry): Promise<void> {
  const rows = await db.prisma.$queryRaw<
    { id: string; roles: string; version: string; keys: string; measures: Record<string, unknown> }[]
  >`SELECT id, roles, version, keys, measures FROM replicas WHERE seen_at > now() - ${GONE_S} * interval '1 second'`
  gauge(
    registry,
    'moorage_replica_info',
    'The processes that are up, each 1: their roles, version and the ids of their sealing keys.',
    rows.map(({ id, roles, version, keys }) => [{ replica: id, roles, version, keys }, 1]),
  )
  for (const [name, help] of Object.entries(MEASURES)) {
    gauge(
      registry,
      `moorage_replica_${name}`,
      help,
      rows.flatMap(({ id, roles, measures }) => {
        const value = measures[name]
        return typeof value === 'number' ? [[{ replica: id, roles }, value] as const] : []
      }),
    )
  }
}

/** The series that name tenants. */
export async function collectTenants(db: Database, registry: Registry): Promise<void> {
  const apps = await db.prisma.$queryRaw<{ tenant: string; count: number }[]>`
    SELECT t.name AS tenant, count(a.id)::int AS count FROM tenants t LEFT JOIN apps a ON a.tenant_id = t.id GROUP BY t.name`
  gauge(
    registry,
    'moorage_tenant_apps',
    'Apps of each tenant.',
    apps.map(({ tenant, count }) => [{ tenant }, count]),
  )
  const open = await db.prisma.$queryRaw<{ tenant: string; status: string; count: number }[]>`
    SELECT t.name AS tenant, o.status, count(*)::int AS count FROM operations o JOIN tenants t ON t.id = o.tenant_id
    WHERE o.status = 'queued' OR o.status = 'running' GROUP BY t.name, o.status`
  gauge(
    registry,
    'moorage_tenant_operations',
    'Operations of each tenant that have not ended.',
    open.map(({ tenant, status, count }) => [{ tenant, status }, count]),
  )
}
