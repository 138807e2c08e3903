import Type from 'typebox'
import type { Tx } from '../../db/types.ts'
import { effectiveDigestOf } from '../../planning/index.ts'
import type { AppSpec } from '../../spec/index.ts'
import { closed, decodeCursor, type Page, toPage } from '../../web/index.ts'
import { activeAmong } from '../operations/index.ts'
import { findRelease } from './apps.repository.ts'
import { appJson, type PageInput, releaseNotFound, requireApp } from './apps.service.ts'
import type { App, Instance, Release, ReleaseDiff, ReleaseSummary, Workload } from './apps.schemas.ts'
import { diffSpecs, maskSpec } from './diff.ts'
import {
  digestsOf,
  type InstanceRow,
  instancesOf,
  listReleases,
  type ReleaseKey,
  type ReleaseRow,
  releasesAt,
  specsAt,
} from './views.repository.ts'
import { containerOf } from './wanted.ts'
import { instanceState, type ReleaseDigests, releaseOf, type Seen, workloadsOf } from './workloads.ts'

const ReleasePosition = closed({ number: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) })
const OffsetPosition = closed({ offset: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }) })
/** Instances are compared with so many of the newest releases. */
const COMPARED_RELEASES = 1000

/** What of an app its views are made of. */
export type AppRef = Pick<App, 'id' | 'name' | 'host' | 'wanted'>
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

export async function pageOfInstances(tx: Tx, tenantId: string, name: string, input: PageInput) {
  const app = appJson(await requireApp(tx, tenantId, name))
  return only(await pagesOfInstances(tx, [app], input))
}

/** The same page of each app, in their order. */
export async function pagesOfInstances(tx: Tx, apps: readonly AppRef[], input: PageInput): Promise<Page<Instance>[]> {
  return (await instancesOfApps(tx, apps)).map((instances) => pageOf(instances, input))
}

export async function pageOfWorkloads(tx: Tx, tenantId: string, name: string, input: PageInput) {
  const app = appJson(await requireApp(tx, tenantId, name))
  return only(await pagesOfWorkloads(tx, [app], input))
}

/** The same page of each app, in their order. */
export async function pagesOfWorkloads(tx: Tx, apps: readonly AppRef[], input: PageInput): Promise<Page<Workload>[]> {
  return (await workloadsOfApps(tx, apps)).map((workloads) => pageOf(workloads, input))
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
export async function instancesOfApps(tx: Tx, apps: readonly AppRef[]): Promise<Instance[][]> {
  const sights = await look(tx, apps)
  return sights.map(({ seen }) => seen.map(({ json }) => json))
}

/** All workloads of each app, in their order: by service and host. The same few statements, however many apps there are. */
export async function workloadsOfApps(tx: Tx, apps: readonly AppRef[]): Promise<Workload[][]> {
  const active = await activeAmong(
    tx,
    apps.map(({ id }) => id),
  )
  return (await look(tx, apps)).map(({ app, spec, digests, seen }) =>
    workloadsOf({ wanted: app.wanted, spec, digests, host: app.host, active: active.has(app.id), instances: seen }).map(
      ({ service, host, desired, ready, status, instances }) => {
        const releases = instances.flatMap(({ json }) => json.release ?? [])
        return {
          id: [app.name, service, ...(host === null ? [] : [host])].join('.'),
          app: app.name,
          service,
          host,
          release: releases.length > 0 ? Math.max(...releases) : null,
          desired,
          ready,
          status,
          drift: [],
          instances: instances.map(({ json }) => json),
        }
      },
    ),
  )
}

interface Sight {
  readonly app: AppRef
  /** The wanted one; null: nothing is wanted. */
  readonly spec: AppSpec | null
  /** Of its services; undefined where nobody asked. */
  readonly digests: Readonly<Record<string, string>> | undefined
  /** Its instances, as planning sees them and as the API shows them. */
  readonly seen: readonly (Seen & { readonly json: Instance })[]
}

/** Apps with what the observers last saw of them. */
async function look(tx: Tx, apps: readonly AppRef[]): Promise<Sight[]> {
  if (apps.length === 0) return []
  const wanted = apps.flatMap(({ id, wanted: { release } }) =>
    release === null ? [] : [{ appId: id, number: release }],
  )
  const specs = new Map((await specsAt(tx, wanted)).map(({ appId, spec }) => [appId, spec]))
  const rows = await instancesOf(
    tx,
    apps.map(({ id }) => id),
  )
  const instances = Map.groupBy(rows, ({ appId }) => appId)
  const digests =
    instances.size > 0
      ? await digestsOf(tx, [...instances.keys()], COMPARED_RELEASES)
      : new Map<string, ReleaseDigests[]>()
  const nowMs = Date.now()
  return apps.map((app) => {
    const spec = specs.get(app.id) ?? null
    const releases = digests.get(app.id) ?? []
    const seen = (instances.get(app.id) ?? []).map((row) => {
      const one: Seen = { ...containerOf(row, nowMs), host: row.host, reachable: row.reachable }
      return { ...one, json: instanceJson(app, row, one, spec, releases) }
    })
    const wantedDigests = releases.find(({ number }) => number === app.wanted.release)?.serviceDigests
    return { app, spec, digests: wantedDigests, seen }
  })
}

function instanceJson(
  app: AppRef,
  row: InstanceRow,
  seen: Seen,
  spec: AppSpec | null,
  releases: readonly ReleaseDigests[],
): Instance {
  const effective = (digest: string) => effectiveDigestOf(digest, row.restartGeneration)
  return {
    id: row.id,
    nativeId: row.nativeId,
    name: row.name,
    host: row.host,
    service: row.service,
    release: releaseOf(row, releases, app.wanted.release, effective),
    state: instanceState(seen, spec, app.wanted.running),
    health: row.health,
    image: row.image,
    imageDigest: row.imageDigest,
    addresses: row.addresses as Instance['addresses'],
    ports: row.ports as Instance['ports'],
    restarts: row.restarts,
    exitCode: row.exitCode,
    startedAt: row.startedAt?.toISOString() ?? null,
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
