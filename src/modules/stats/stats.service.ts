import type { Reading } from './container-stream.ts'
import type { StatsHub } from './hub.ts'
import type { Seen } from './shared-view.ts'
import {
  type ContainerRow,
  findAppId,
  findContainers,
  findContainersById,
  markWatched,
  scopeExists,
  type StatsScope,
} from './stats.repository.ts'
import type { AppStats, TenantStats, Usage } from './stats.schemas.ts'
import { type Share, sumOf } from './usage.ts'
import type { Database, Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import { monotonicMs } from '../../lib/clock.ts'
import type { Questions } from '../questions/index.ts'

export interface StatsDeps {
  readonly db: Database
  /** Of this process. */
  readonly stats: StatsHub
  readonly questions: Questions
}

export interface TenantRequest {
  readonly tenantId: string
  readonly signal: AbortSignal
}

export interface AppRequest extends TenantRequest {
  /** Its name. */
  readonly app: string
}

const MARK_MS = 60_000

type Live = Pick<StatsDeps, 'db' | 'stats'>

/** What an app uses now, which takes about a second where nobody watches it; 8 s at most, for hosts that do not answer. Throws `not_found`. */
export async function readAppStats({ db, stats }: Live, { tenantId, app, signal }: AppRequest): Promise<AppStats> {
  const appId = await requireAppId(db.prisma, tenantId, app)
  await markWatched(db.prisma, appId)
  return appStats(await readAll(stats, await findContainers(db.prisma, { tenantId, appId }), signal))
}

/** The same about once a second, until `signal` aborts or the app is gone. Rejects with `not_found`. */
export async function followAppStats(
  { db, stats }: Live,
  { tenantId, app, signal }: AppRequest,
): Promise<AsyncIterable<AppStats>> {
  const appId = await requireAppId(db.prisma, tenantId, app)
  let markAt = monotonicMs()
  const load = async (): Promise<ContainerRow[] | null> => {
    if (monotonicMs() >= markAt) {
      markAt = monotonicMs() + MARK_MS
      await markWatched(db.prisma, appId)
    }
    return await loadScope(db.prisma, { tenantId, appId })
  }
  return stats.follow(`app ${appId}`, { load, toDocument: appStats }, signal)
}

/** What all apps of a tenant use now. */
export async function readTenantStats({ db, stats }: Live, { tenantId, signal }: TenantRequest): Promise<TenantStats> {
  return tenantStats(await readAll(stats, await findContainers(db.prisma, { tenantId }), signal))
}

/** The same about once a second, until `signal` aborts or the tenant is gone. */
export function followTenantStats(
  { db, stats }: Live,
  { tenantId, signal }: TenantRequest,
): AsyncIterable<TenantStats> {
  const load = async (): Promise<ContainerRow[] | null> => await loadScope(db.prisma, { tenantId })
  return stats.follow(`tenant ${tenantId}`, { load, toDocument: tenantStats }, signal)
}

/** What some instances of a tenant use now, by id; without those that do not run, or whose host does not tell. */
export async function readInstanceUsages(
  { db, stats }: Live,
  { tenantId, ids, signal }: TenantRequest & { readonly ids: readonly string[] },
): Promise<ReadonlyMap<string, Usage>> {
  const containers = await findContainersById(db.prisma, tenantId, ids)
  await Promise.all(
    [...new Set(containers.map(({ appId }) => appId))].map(async (id) => await markWatched(db.prisma, id)),
  )
  const seen = await readAll(stats, containers, signal)
  return new Map(seen.flatMap(({ container, reading: { usage } }) => (usage ? [[container.id, usage] as const] : [])))
}

/** Throws `not_found`. */
export async function requireAppId(tx: Tx, tenantId: string, name: string): Promise<string> {
  const id = await findAppId(tx, tenantId, name)
  if (id === null) throw new AppError('not_found', { detail: `there is no app "${name}"` })
  return id
}

/** What an instance is named by. */
export function nameOf({ id, name, service, host }: ContainerRow) {
  return { id, name, service, host }
}

/** null once it is gone. One that has nothing running is looked for. */
async function loadScope(tx: Tx, scope: StatsScope): Promise<ContainerRow[] | null> {
  const found = await findContainers(tx, scope)
  return found.length > 0 || (await scopeExists(tx, scope)) ? found : null
}

async function readAll(stats: StatsHub, containers: readonly ContainerRow[], signal: AbortSignal): Promise<Seen[]> {
  return await Promise.all(
    containers.map(async (container) => ({ container, reading: await stats.read(container, signal) })),
  )
}

function appStats(seen: readonly Seen[]): AppStats {
  const known = seen.flatMap(toKnown)
  return {
    at: new Date().toISOString(),
    usage: sumOf(known),
    services: [...Map.groupBy(known, ({ container }) => container.service)].map(([service, shares]) => ({
      service,
      usage: sumOf(shares),
    })),
    instances: known.map(({ container, usage }) => ({ ...nameOf(container), usage })),
    missing: seen.flatMap(({ container, reading }) => missing(container, reading)),
  }
}

function tenantStats(seen: readonly Seen[]): TenantStats {
  const known = seen.flatMap(toKnown)
  return {
    at: new Date().toISOString(),
    usage: sumOf(known),
    apps: [...Map.groupBy(known, ({ container }) => container.app)].map(([app, shares]) => ({
      app,
      usage: sumOf(shares),
    })),
    missing: seen.flatMap(({ container, reading }) =>
      missing(container, reading).map((one) => ({ app: container.app, ...one })),
    ),
  }
}

function toKnown({ container, reading: { usage } }: Seen): (Share & { readonly container: ContainerRow })[] {
  return usage ? [{ container, hostId: container.hostId, capacity: container.capacity, usage }] : []
}

function missing(container: ContainerRow, { problem }: Reading) {
  return problem === null ? [] : [{ ...nameOf(container), reason: problem }]
}
