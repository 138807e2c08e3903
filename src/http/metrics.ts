import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { collectLive } from './live-metrics.ts'
import { collectStored, collectTenants } from './stored-metrics.ts'
import { createSealedCount } from './sealed-metrics.ts'
import type { Database } from '../db/types.ts'
import { sleep } from '../lib/abort.ts'
import type { Sealer } from '../lib/seal.ts'
import { VERSION } from '../lib/version.ts'

/** A database that takes longer is down for this scrape, which has to come before Prometheus gives it up (10 s). */
const STORED_MS = 5000

export interface Metrics {
  /** What this process measures of itself. */
  readonly registry: Registry
  readonly requestSeconds: Histogram<'method' | 'route' | 'status'>
  /** Prometheus text: the registry's, what the database says, and with `tenants` the series that name tenants. */
  render(options: { tenants: boolean }): Promise<{ contentType: string; text: string }>
}

/** The process's metrics, in a registry of their own. */
export function createMetrics({
  db,
  sealer,
  openStreams,
}: {
  db: Database
  sealer: Sealer
  /** How many streams and sockets are open. */
  openStreams: () => number
}): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requestSeconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  })
  new Gauge({
    name: 'moorage_build_info',
    help: 'This process; the value is always 1.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: VERSION, node: process.versions.node }, 1)
  new Gauge({
    name: 'moorage_database_connections',
    help: "This process's connections for queries: idle, busy, and queries that wait for one.",
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(db.connections())) if (state !== 'limit') this.set({ state }, count)
    },
  })
  new Gauge({
    name: 'moorage_database_connections_limit',
    help: 'The most connections that queries of this process may take.',
    registers,
    collect() {
      this.set(db.connections().limit)
    },
  })
  new Gauge({
    name: 'moorage_open_streams',
    help: 'Streams and sockets that are open here: events, logs, stats, exec, subscriptions.',
    registers,
    collect() {
      this.set(openStreams())
    },
  })
  const up = new Gauge({
    name: 'moorage_database_up',
    help: '1: the database answered this scrape. 0: it did not, and the series that are read from it are missing.',
    registers,
  })
  const failures = new Counter({
    name: 'moorage_metrics_failures_total',
    help: 'Scrapes whose database part failed.',
    registers,
  })
  const countSealed = createSealedCount({ db, sealer })

  const collect = async (tenants: boolean): Promise<Registry> => {
    const stored = new Registry()
    try {
      await collectStored(db, stored)
      await collectLive(db, stored)
      await countSealed(stored)
      if (tenants) await collectTenants(db, stored)
      up.set(1)
    } catch {
      up.set(0)
      failures.inc()
    }
    return stored
  }
  // Scrapes that come together share one look at the database, however many they are.
  const underWay = new Map<boolean, Promise<Registry>>()
  const shared = async (tenants: boolean): Promise<Registry> => {
    const collecting = underWay.get(tenants) ?? collect(tenants).finally(() => underWay.delete(tenants))
    underWay.set(tenants, collecting)
    return await collecting
  }

  return {
    registry,
    requestSeconds,
    async render({ tenants }) {
      const answered = new AbortController()
      const late = sleep(STORED_MS, answered.signal).then(
        () => null,
        () => null,
      )
      const stored = await Promise.race([shared(tenants), late])
      answered.abort()
      if (stored === null) {
        up.set(0)
        failures.inc()
      }
      const parts = stored === null ? [registry] : [registry, stored]
      return { contentType: registry.contentType, text: await Registry.merge(parts).metrics() }
    },
  }
}
