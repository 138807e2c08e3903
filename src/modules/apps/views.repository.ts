import { Prisma } from '../../db/generated/client.ts'
import type { Tx } from '../../db/types.ts'
import type { AppSpec } from '../../spec/index.ts'
import { ACTIVE } from '../operations/index.ts'
import type { Instance } from './apps.schemas.ts'
import type { ReleaseDigests, Seen, SeenObject } from './workloads.ts'

/** Reads for what is shown of apps: each of them one statement, however many apps there are. */

/** An instance as its row says. */
export interface InstanceRow extends Seen {
  readonly id: string
  readonly restartGeneration: number
  readonly image: string
  readonly imageDigest: string | null
  readonly addresses: Instance['addresses']
  readonly published: Instance['ports']
  /** Epoch milliseconds. */
  readonly startedMs: number | null
}

export interface SightRow {
  /** Of the wanted release and its services; null: there is none. */
  readonly digest: string | null
  readonly serviceDigests: Readonly<Record<string, string>> | null
  /** An operation of the app has not ended. */
  readonly active: boolean
}

export interface ReleaseRow {
  readonly appId: string
  readonly number: number
  readonly digest: string
  readonly notes: unknown
  readonly createdBy: string
  readonly createdAt: Date
  readonly succeededAt: Date | null
}

const RELEASE = Prisma.sql`r.app_id AS "appId", r.number, r.digest, r.notes, r.created_by AS "createdBy",
  r.created_at AS "createdAt", r.succeeded_at AS "succeededAt"`

/** What the answer of `sightsOf` is made of: a JSON array for each column, in the order of the rows; null where there are no rows. */
interface SightColumns {
  readonly digests: SightRow['digest'][]
  readonly serviceDigests: SightRow['serviceDigests'][]
  readonly actives: boolean[]
  /** The place of its app among those asked for, from 1. */
  readonly places: number[] | null
  readonly ids: string[]
  readonly hosts: string[]
  readonly nativeIds: string[]
  readonly names: string[]
  readonly services: string[]
  readonly ordinals: number[]
  readonly ownDigests: string[]
  readonly generations: number[]
  readonly states: InstanceRow['state'][]
  readonly healths: InstanceRow['health'][]
  readonly exitCodes: (number | null)[]
  readonly restarts: number[]
  readonly servings: boolean[]
  readonly images: string[]
  readonly imageDigests: (string | null)[]
  readonly addresses: InstanceRow['addresses'][]
  readonly ports: InstanceRow['published'][]
  readonly reachables: boolean[]
  readonly started: (number | null)[]
  /** Few: one that is as it was declared is not among them. */
  readonly objects: (SeenObject & { readonly place: number })[] | null
}

/**
 * Apps with their wanted releases and what the observers last saw of them, in the order of `keys`; the instances of each by service and
 * ordinal. One row of columns: Postgres makes it in the time that it needs for rows, and to read it costs us a third.
 */
export async function sightsOf(
  tx: Tx,
  keys: readonly { readonly appId: string; readonly number: number | null }[],
  nowMs: number,
): Promise<{ readonly rows: SightRow[]; readonly instances: InstanceRow[][]; readonly objects: SeenObject[][] }> {
  const apps = Prisma.sql`unnest(${keys.map(({ appId }) => appId)}::uuid[], ${keys.map(({ number }) => number)}::int[])
    WITH ORDINALITY AS k(app_id, number, place)`
  const [columns] = await tx.$queryRaw<SightColumns[]>`
    SELECT a.*, i.*, d.* FROM (
      SELECT json_agg(x.digest) AS digests, json_agg(x.service_digests) AS "serviceDigests", json_agg(x.active) AS actives
      FROM (
        SELECT r.digest, r.service_digests,
          EXISTS (SELECT FROM operations o WHERE ${ACTIVE} AND o.lane_id = k.app_id) AS active
        FROM ${apps} LEFT JOIN releases r USING (app_id, number) ORDER BY k.place) x) a
    CROSS JOIN (
      SELECT json_agg(x.place) AS places, json_agg(x.id) AS ids, json_agg(x.host) AS hosts, json_agg(x.native_id) AS "nativeIds",
        json_agg(x.name) AS names, json_agg(x.service) AS services, json_agg(x.ordinal) AS ordinals,
        json_agg(x.service_digest) AS "ownDigests", json_agg(x.restart_generation) AS generations,
        json_agg(x.state) AS states, json_agg(x.health) AS healths, json_agg(x.exit_code) AS "exitCodes",
        json_agg(x.restarts) AS restarts, json_agg(x.serving) AS servings, json_agg(x.image) AS images,
        json_agg(x.image_digest) AS "imageDigests", json_agg(x.addresses) AS addresses, json_agg(x.ports) AS ports,
        json_agg(x.reachable) AS reachables, json_agg(x.started) AS started
      FROM (
        SELECT k.place, h.name AS host, i.*, floor(extract(epoch FROM i.started_at) * 1000)::bigint AS started
        FROM ${apps} JOIN instances i USING (app_id) JOIN hosts h ON h.id = i.host_id
        ORDER BY k.place, i.service, i.ordinal, i.id) x) i
    CROSS JOIN (
      SELECT json_agg(json_build_object('place', k.place, 'key', o.key, 'service', o.state ->> 'service', 'host', h.name,
        'drift', o.state -> 'drift', 'desired', (o.state ->> 'desired')::int) ORDER BY k.place, o.key) AS objects
      FROM ${apps} JOIN engine_objects o USING (app_id) JOIN hosts h ON h.id = o.host_id
      WHERE o.state ->> 'desired' IS NOT NULL OR o.state -> 'drift' <> '[]'::jsonb) d`
  const instances = keys.map((): InstanceRow[] => [])
  const objects = keys.map((): SeenObject[] => [])
  if (!columns) return { rows: [], instances, objects }
  for (const { place, ...object } of columns.objects ?? []) objects[place - 1]?.push(object)
  const { digests, serviceDigests, actives } = columns
  const rows = digests.map((digest, at) => ({
    digest,
    serviceDigests: valueAt(serviceDigests, at),
    active: valueAt(actives, at),
  }))
  for (const [at, place] of (columns.places ?? []).entries()) instances[place - 1]?.push(instanceAt(columns, at, nowMs))
  return { rows, instances, objects }
}

function instanceAt(columns: SightColumns, at: number, nowMs: number): InstanceRow {
  const state = valueAt(columns.states, at)
  const startedMs = valueAt(columns.started, at)
  return {
    id: valueAt(columns.ids, at),
    nativeId: valueAt(columns.nativeIds, at),
    name: valueAt(columns.names, at),
    host: valueAt(columns.hosts, at),
    service: valueAt(columns.services, at),
    ordinal: valueAt(columns.ordinals, at),
    serviceDigest: valueAt(columns.ownDigests, at),
    restartGeneration: valueAt(columns.generations, at),
    state,
    health: valueAt(columns.healths, at),
    exitCode: valueAt(columns.exitCodes, at),
    restarts: valueAt(columns.restarts, at),
    runningForMs: state === 'running' && startedMs !== null ? Math.max(0, nowMs - startedMs) : null,
    serving: valueAt(columns.servings, at),
    reachable: valueAt(columns.reachables, at),
    image: valueAt(columns.images, at),
    imageDigest: valueAt(columns.imageDigests, at),
    addresses: valueAt(columns.addresses, at),
    published: valueAt(columns.ports, at),
    startedMs,
  }
}

/** All columns are of one length. */
function valueAt<Value>(column: readonly Value[], at: number): Value {
  return column[at] as Value
}

/** The digests of the services of each app's newest releases, newest first, by app. */
export async function digestsOf(
  tx: Tx,
  appIds: readonly string[],
  take: number,
): Promise<Map<string, ReleaseDigests[]>> {
  const rows = await tx.$queryRaw<(ReleaseDigests & { appId: string })[]>`
    SELECT r.app_id AS "appId", r.number, r.service_digests AS "serviceDigests"
    FROM unnest(${[...appIds]}::uuid[]) AS of(app_id) CROSS JOIN LATERAL (
      SELECT * FROM releases r WHERE r.app_id = of.app_id ORDER BY r.number DESC LIMIT ${take}) r`
  return Map.groupBy(rows, ({ appId }) => appId)
}

/** Of each app, newest first, before `before`: at most `take`; without specs. By app. */
export async function listReleases(
  tx: Tx,
  appIds: readonly string[],
  before: number | undefined,
  take: number,
): Promise<Map<string, ReleaseRow[]>> {
  const rows = await tx.$queryRaw<ReleaseRow[]>`
    SELECT ${RELEASE}
    FROM unnest(${[...appIds]}::uuid[]) AS of(app_id) CROSS JOIN LATERAL (
      SELECT * FROM releases r WHERE r.app_id = of.app_id AND r.number < coalesce(${before ?? null}::int, 2147483647)
      ORDER BY r.number DESC LIMIT ${take}) r
    ORDER BY r.app_id, r.number DESC`
  return Map.groupBy(rows, ({ appId }) => appId)
}

export interface ReleaseKey {
  readonly appId: string
  readonly number: number
}

/** Those that there are; without specs. */
export async function releasesAt(tx: Tx, keys: readonly ReleaseKey[]): Promise<ReleaseRow[]> {
  return await tx.$queryRaw<
    ReleaseRow[]
  >`SELECT ${RELEASE} FROM releases r JOIN ${keysTable(keys)} USING (app_id, number)`
}

/** The specs of those that there are. */
export async function specsAt(
  tx: Tx,
  keys: readonly ReleaseKey[],
): Promise<(ReleaseKey & { readonly digest: string; readonly spec: AppSpec })[]> {
  return await tx.$queryRaw<(ReleaseKey & { readonly digest: string; readonly spec: AppSpec })[]>`
    SELECT r.app_id AS "appId", r.number, r.digest, r.spec FROM releases r JOIN ${keysTable(keys)} USING (app_id, number)`
}

function keysTable(keys: readonly ReleaseKey[]): Prisma.Sql {
  return Prisma.sql`unnest(${keys.map(({ appId }) => appId)}::uuid[], ${keys.map(({ number }) => number)}::int[]) AS of(app_id, number)`
}
