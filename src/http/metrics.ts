import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Database } from '../db/types.ts'

export interface Metrics {
  /** What anyone may read. The runner and observer may add theirs. */
  readonly registry: Registry
  readonly requestSeconds: Histogram<'method' | 'route' | 'status'>
  /** Prometheus text: the registry's, what the database says, and with `tenants` the series that name tenants. */
  render(options: { tenants: boolean }): Promise<{ contentType: string; text: string }>
}

/** The process's metrics, in a registry of their own. */
export function createMetrics(db: Database): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requestSeconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [registry],
  })
  const failures = new Counter({
    name: 'moorage_metrics_failures_total',
    help: 'Scrapes whose database part failed.',
    registers: [registry],
  })
  return {
    registry,
    requestSeconds,
    async render({ tenants }) {
      const stored = new Registry()
      try {
        await collectOperations(db, stored)
        if (tenants) await collectTenants(db, stored)
      } catch {
        failures.inc()
      }
      return { contentType: registry.contentType, text: await Registry.merge([registry, stored]).metrics() }
    },
  }
}

async function collectOperations(db: Database, registry: Registry): Promise<void> {
  const operations = new Gauge({
    name: 'moorage_operations',
    help: 'Operations that are queued or running, and those that ended in the last hour.',
    labelNames: ['kind', 'status'],
    registers: [registry],
  })
  const depth = new Gauge({ name: 'moorage_queue_depth', help: 'Operations that are queued.', registers: [registry] })
  const rows = await db.prisma.$queryRaw<{ kind: string; status: string; count: number }[]>`
    SELECT kind, status, count(*)::int AS count FROM operations
    WHERE status = 'queued' OR status = 'running' OR finished_at > now() - interval '1 hour' GROUP BY kind, status`
  for (const { kind, status, count } of rows) operations.set({ kind, status }, count)
  depth.set(rows.filter(({ status }) => status === 'queued').reduce((sum, { count }) => sum + count, 0))
}

async function collectTenants(db: Database, registry: Registry): Promise<void> {
  const apps = new Gauge({
    name: 'moorage_tenant_apps',
    help: 'Apps of each tenant.',
    labelNames: ['tenant'],
    registers: [registry],
  })
  const open = new Gauge({
    name: 'moorage_tenant_operations',
    help: 'Operations of each tenant that have not ended.',
    labelNames: ['tenant', 'status'],
    registers: [registry],
  })
  const counts = await db.prisma.$queryRaw<{ name: string; apps: number }[]>`
    SELECT t.name, count(a.id)::int AS apps FROM tenants t LEFT JOIN apps a ON a.tenant_id = t.id GROUP BY t.name`
  for (const row of counts) apps.set({ tenant: row.name }, row.apps)
  const rows = await db.prisma.$queryRaw<{ name: string; status: string; count: number }[]>`
    SELECT t.name, o.status, count(*)::int AS count FROM operations o JOIN tenants t ON t.id = o.tenant_id
    WHERE o.status = 'queued' OR o.status = 'running' GROUP BY t.name, o.status`
  for (const { name, status, count } of rows) open.set({ tenant: name, status }, count)
}
