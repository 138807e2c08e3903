import { Prisma } from '../../db/generated/client.ts'
import type { Tx } from '../../db/types.ts'
import type { AppSpec } from '../../spec/index.ts'
import type { InstanceRow as ObservedRow } from './wanted.ts'
import type { ReleaseDigests } from './workloads.ts'

/** Reads for what is shown of apps: each of them one statement, however many apps there are. */

export interface InstanceRow extends ObservedRow {
  readonly id: string
  readonly appId: string
  /** Its name. */
  readonly host: string
  readonly restartGeneration: number
  readonly image: string
  readonly imageDigest: string | null
  readonly addresses: unknown
  readonly ports: unknown
  readonly reachable: boolean
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

/** What the observers last saw of these apps, by service and ordinal. */
export async function instancesOf(tx: Tx, appIds: readonly string[]): Promise<InstanceRow[]> {
  return await tx.$queryRaw<InstanceRow[]>`
    SELECT i.id, i.app_id AS "appId", h.name AS host, i.native_id AS "nativeId", i.name, i.service, i.ordinal,
      i.service_digest AS "serviceDigest", i.restart_generation AS "restartGeneration", i.state, i.health,
      i.exit_code AS "exitCode", i.restarts, i.serving, i.image, i.image_digest AS "imageDigest", i.addresses, i.ports,
      i.reachable, i.started_at AS "startedAt"
    FROM instances i JOIN hosts h ON h.id = i.host_id
    WHERE i.app_id = ANY(${[...appIds]}::uuid[]) ORDER BY i.service, i.ordinal, i.id`
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
): Promise<(ReleaseKey & { readonly spec: AppSpec })[]> {
  return await tx.$queryRaw<(ReleaseKey & { readonly spec: AppSpec })[]>`
    SELECT r.app_id AS "appId", r.number, r.spec FROM releases r JOIN ${keysTable(keys)} USING (app_id, number)`
}

function keysTable(keys: readonly ReleaseKey[]): Prisma.Sql {
  return Prisma.sql`unnest(${keys.map(({ appId }) => appId)}::uuid[], ${keys.map(({ number }) => number)}::int[]) AS of(app_id, number)`
}
