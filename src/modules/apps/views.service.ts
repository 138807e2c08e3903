import Type from 'typebox'
import type { Tx } from '../../db/types.ts'
import { effectiveDigestOf } from '../../planning/index.ts'
import type { AppSpec } from '../../spec/index.ts'
import { closed, decodeCursor, toPage } from '../../web/index.ts'
import { hasActive } from '../operations/index.ts'
import {
  type AppRow,
  findRelease,
  type InstanceRow,
  listReleases,
  observedRows,
  type ReleaseRow,
  releaseState,
} from './apps.repository.ts'
import { type PageInput, releaseNotFound, requireApp } from './apps.service.ts'
import type { Instance, Release, ReleaseDiff, ReleaseSummary, Workload } from './apps.schemas.ts'
import { diffSpecs, maskSpec } from './diff.ts'
import { containerOf, wantedOf } from './wanted.ts'
import { instanceState, type ReleaseDigests, releaseOf, type Seen, workloadsOf } from './workloads.ts'

const ReleasePosition = closed({ number: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) })
const OffsetPosition = closed({ offset: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }) })
/** Instances are compared with so many of the newest releases. */
const COMPARED_RELEASES = 1000

export async function pageOfReleases(tx: Tx, tenantId: string, name: string, { limit, cursor }: PageInput) {
  const app = await requireApp(tx, tenantId, name)
  const rows = await listReleases(tx, app.id, decodeCursor(ReleasePosition, cursor)?.number, limit + 1)
  return toPage(rows, limit, summaryJson, ({ number }) => ({ number }))
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
  const row = await findRelease(tx, app.id, number)
  if (!row) throw releaseNotFound(number)
  const spec = row.spec as object
  return { ...summaryJson(row), spec: masked ? (maskSpec(spec) as object) : spec }
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
  const app = await requireApp(tx, tenantId, name)
  return pageOf(
    (await look(tx, app)).map(({ json }) => json),
    input,
  )
}

export async function pageOfWorkloads(tx: Tx, tenantId: string, name: string, input: PageInput) {
  return pageOf(await listWorkloads(tx, tenantId, name), input)
}

/** A page of a list that was made as a whole: what is computed has no rows to seek in. */
function pageOf<Item>(items: readonly Item[], { limit, cursor }: PageInput) {
  const offset = decodeCursor(OffsetPosition, cursor)?.offset ?? 0
  return toPage(
    items.slice(offset, offset + limit + 1),
    limit,
    (item) => item,
    () => ({ offset: offset + limit }),
  )
}

async function listWorkloads(tx: Tx, tenantId: string, name: string): Promise<Workload[]> {
  const app = await requireApp(tx, tenantId, name)
  const seen = await look(tx, app)
  const workloads = workloadsOf({
    wanted: wantedOf(app),
    spec: await wantedSpec(tx, app),
    host: app.host,
    active: await hasActive(tx, app.id),
    instances: seen,
  })
  return workloads.map(({ service, host, desired, ready, status, instances }) => {
    const releases = instances.flatMap(({ json }) => json.release ?? [])
    return {
      id: [name, service, ...(host === null ? [] : [host])].join('.'),
      app: name,
      service,
      host,
      release: releases.length > 0 ? Math.max(...releases) : null,
      desired,
      ready,
      status,
      drift: [],
      instances: instances.map(({ json }) => json),
    }
  })
}

/** The app's instances, as planning sees them and as the API shows them. */
async function look(tx: Tx, app: AppRow): Promise<(Seen & { readonly json: Instance })[]> {
  const { instances } = await observedRows(tx, app.id)
  if (instances.length === 0) return []
  const spec = await wantedSpec(tx, app)
  const releases = (await listReleases(tx, app.id, undefined, COMPARED_RELEASES)).map((row) => digestsOf(row))
  const nowMs = Date.now()
  return instances.map((row) => {
    const seen: Seen = { ...containerOf(row, nowMs), host: row.host.name, reachable: row.reachable }
    return { ...seen, json: instanceJson(app, row, seen, spec, releases) }
  })
}

async function wantedSpec(tx: Tx, app: AppRow): Promise<AppSpec | null> {
  const row = app.wantedRelease === null ? null : await findRelease(tx, app.id, app.wantedRelease)
  return row && releaseState(row).spec
}

function digestsOf({ number, serviceDigests }: ReleaseRow): ReleaseDigests {
  return { number, serviceDigests: serviceDigests as Record<string, string> }
}

function instanceJson(
  app: AppRow,
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
    host: row.host.name,
    service: row.service,
    release: releaseOf(row, releases, app.wantedRelease, effective),
    state: instanceState(seen, spec, app.wantedRunning),
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

function summaryJson(row: ReleaseRow): ReleaseSummary {
  return {
    number: row.number,
    digest: row.digest,
    notes: row.notes as ReleaseSummary['notes'],
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    succeededAt: row.succeededAt?.toISOString() ?? null,
  }
}
