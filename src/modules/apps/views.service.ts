import Type from 'typebox'
import type { Tx } from '../../db/types.ts'
import { closed, decodeCursor, type Page, toPage } from '../../web/index.ts'
import { findRelease } from './apps.repository.ts'
import { appJson, type PageInput, releaseNotFound, requireApp } from './apps.service.ts'
import type { App, Instance, Release, ReleaseDiff, ReleaseSummary, Workload } from './apps.schemas.ts'
import { diffSpecs, maskSpec } from './diff.ts'
import type { AppRef, Sight, Sights } from './sights.ts'
import {
  type InstanceRow,
  listReleases,
  type ReleaseKey,
  type ReleaseRow,
  releasesAt,
  specsAt,
} from './views.repository.ts'
import { instanceState, workloadsOf } from './workloads.ts'

const ReleasePosition = closed({ number: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) })
const OffsetPosition = closed({ offset: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }) })
/** A release, and whose it is. */
export type ReleaseParent = ReleaseSummary & { readonly appId: string }

export async function pageOfReleases(tx: Tx, tenantId: string, name: string, input: PageInput) {
  const app = await requireApp(tx, tenantId, name)
  return only(await pagesOfReleases(tx, [app], input))
}

/** The same page of each app, in their order. */
export async function pagesOfReleases(
  tx: Tx,
  apps: readonly Pick<App, 'id'>[],
  { limit, cursor }: PageInput,
): Promise<Page<ReleaseParent>[]> {
  const before = decodeCursor(ReleasePosition, cursor)?.number
  const ids = apps.map(({ id }) => id)
  const rows = await listReleases(tx, ids, before, limit + 1)
  return ids.map((id) => toPage(rows.get(id) ?? [], limit, summaryJson, ({ number }) => ({ number })))
}

/** Releases by app and number, without specs; null for those that there are not. */
export async function releasesNumbered(tx: Tx, keys: readonly ReleaseKey[]): Promise<(ReleaseParent | null)[]> {
  const rows = new Map((await releasesAt(tx, keys)).map((row) => [keyOf(row), row]))
  return keys.map((key) => {
    const row = rows.get(keyOf(key))
    return row ? summaryJson(row) : null
  })
}

/** Their specs; `masked` hides the values of environment variables. */
export async function releaseSpecs(
  tx: Tx,
  keys: readonly ReleaseKey[],
  { masked }: { masked: boolean },
): Promise<(object | null)[]> {
  const rows = new Map((await specsAt(tx, keys)).map((row) => [keyOf(row), row.spec]))
  return keys.map((key) => {
    const spec = rows.get(keyOf(key))
    return spec ? shownSpec(spec, masked) : null
  })
}

/** One release with its spec; `masked` hides the values of environment variables. */
export async function readRelease(
  tx: Tx,
  tenantId: string,
  name: string,
  number: number,
  { masked }: { masked: boolean },
): Promise<Release> {
  const app = await requireApp(tx, tenantId, name)
  const key = { appId: app.id, number }
  const [[release], [spec]] = [await releasesNumbered(tx, [key]), await releaseSpecs(tx, [key], { masked })]
  if (!release || !spec) throw releaseNotFound(number)
  return { ...release, spec }
}

/** What differs between release `from` and release `to` (default: the wanted one). */
export async function readDiff(
  tx: Tx,
  tenantId: string,
  name: string,
  from: number,
  to?: number,
): Promise<ReleaseDiff> {
  const app = await requireApp(tx, tenantId, name)
  const second = to ?? app.wantedRelease ?? app.lastRelease
  const [before, after] = [await findRelease(tx, app.id, from), await findRelease(tx, app.id, second)]
  if (!before) throw releaseNotFound(from)
  if (!after) throw releaseNotFound(second)
  return { from, to: second, changes: diffSpecs(before.spec, after.spec) }
}

export async function pageOfInstances(sights: Sights, tenantId: string, name: string, input: PageInput) {
  const app = appJson(await requireApp(sights.tx, tenantId, name))
  return only(await pagesOfInstances(sights, [app], input))
}

/** The same page of each app, in their order. */
export async function pagesOfInstances(
  sights: Sights,
  apps: readonly AppRef[],
  input: PageInput,
): Promise<Page<Instance>[]> {
  return (await instancesOfApps(sights, apps)).map((instances) => pageOf(instances, input))
}

export async function pageOfWorkloads(sights: Sights, tenantId: string, name: string, input: PageInput) {
  const app = appJson(await requireApp(sights.tx, tenantId, name))
  return only(await pagesOfWorkloads(sights, [app], input))
}

/** The same page of each app, in their order. */
export async function pagesOfWorkloads(
  sights: Sights,
  apps: readonly AppRef[],
  input: PageInput,
): Promise<Page<Workload>[]> {
  return (await workloadsOfApps(sights, apps)).map((workloads) => pageOf(workloads, input))
}

/** A page of a list that was made as a whole: what is computed has no rows to seek in. */
function pageOf<Item>(items: readonly Item[], { limit, cursor }: PageInput): Page<Item> {
  const offset = decodeCursor(OffsetPosition, cursor)?.offset ?? 0
  return toPage(
    items.slice(offset, offset + limit + 1),
    limit,
    (item) => item,
    (_item, index) => ({ offset: offset + index + 1 }),
  )
}

/** All instances of each app, in their order: by service and ordinal. */
export async function instancesOfApps(sights: Sights, apps: readonly AppRef[]): Promise<Instance[][]> {
  return (await sights.look(apps)).map((sight) => sight.instances.map((instance) => instanceJson(sight, instance)))
}

/** All workloads of each app, in their order: by service and host. The same few statements, however many apps there are. */
export async function workloadsOfApps(sights: Sights, apps: readonly AppRef[]): Promise<Workload[][]> {
  return (await sights.look(apps)).map((sight) => {
    const { app, spec, digests, active } = sight
    const states = workloadsOf({
      ...{ wanted: app.wanted, spec, digests, host: app.host, active },
      instances: sight.instances,
      objects: sight.objects,
    })
    return states.map(({ service, host, desired, ready, status, drift, instances: seen }): Workload => {
      const instances = seen.map((instance) => instanceJson(sight, instance))
      const release = instances.reduce((newest, instance) => Math.max(newest, instance.release ?? 0), 0)
      return {
        id: host === null ? `${app.name}.${service}` : `${app.name}.${service}.${host}`,
        app: app.name,
        service,
        host,
        release: release > 0 ? release : null,
        desired,
        ready,
        status,
        drift: drift.map(({ path, desired: wanted, actual }) => ({ path, desired: wanted, actual })),
        instances,
      }
    })
  })
}

function instanceJson(sight: Sight, row: InstanceRow): Instance {
  return {
    id: row.id,
    nativeId: row.nativeId,
    name: row.name,
    host: row.host,
    service: row.service,
    release: sight.release(row),
    state: instanceState(row, sight.spec, sight.app.wanted.running),
    health: row.health,
    image: row.image,
    imageDigest: row.imageDigest,
    addresses: row.addresses,
    ports: row.published,
    restarts: row.restarts,
    exitCode: row.exitCode,
    startedAt: row.startedMs === null ? null : new Date(row.startedMs).toISOString(),
  }
}

function summaryJson(row: ReleaseRow): ReleaseParent {
  return {
    appId: row.appId,
    number: row.number,
    digest: row.digest,
    notes: row.notes as ReleaseSummary['notes'],
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    succeededAt: row.succeededAt?.toISOString() ?? null,
  }
}

function shownSpec(spec: object, masked: boolean): object {
  return masked ? (maskSpec(spec) as object) : spec
}

function keyOf({ appId, number }: ReleaseKey): string {
  return `${appId}/${number}`
}

/** The page of the one that was asked for. */
function only<Item>([page]: readonly Page<Item>[]): Page<Item> {
  if (!page) throw new TypeError('a list of one has no page')
  return page
}
