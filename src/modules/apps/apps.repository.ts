import { isForeignKeyViolation } from '../../db/index.ts'
import { Prisma } from '../../db/generated/client.ts'
import type { Tx } from '../../db/types.ts'
import { emit } from '../../events/index.ts'
import { nameId } from '../../lib/ids.ts'
import { type AppSpec, type CapabilityNote, serviceDigest } from '../../spec/index.ts'
import { tenantNotFound } from '../../web/index.ts'
import { ACTIVE, type ActiveOperation } from '../operations/index.ts'
import type { ReleaseState } from './decisions.ts'
import type { AppState, HostOfApp, Wanted } from './wanted.ts'

export interface AppRow extends AppState {
  readonly id: string
  readonly name: string
  readonly labels: unknown
  readonly lastRelease: number
  readonly wantedVersion: number
  readonly removing: boolean
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly tenantId: string
  readonly tenant: string
  /** null: it was never placed. */
  readonly host: string | null
}

/** An app with all that a change of it is decided by. */
export interface AppSituation extends Omit<AppRow, 'host'> {
  readonly host: AppHost | null
  /** In the order of their acceptance. */
  readonly active: readonly ActiveOperation[]
  /** Those that its good state and its active operations speak of. */
  readonly releases: readonly ReleaseState[]
}

export interface AppHost extends HostOfApp {
  readonly labels: unknown
  /** Ids. */
  readonly tenants: readonly string[]
}

const COLUMNS = Prisma.sql`
  a.id, a.name, a.labels, a.last_release AS "lastRelease", a.wanted_release AS "wantedRelease",
  a.wanted_replicas AS "wantedReplicas", a.wanted_running AS "wantedRunning",
  a.wanted_restart_generation AS "wantedRestartGeneration", a.wanted_version AS "wantedVersion", a.good, a.removing,
  a.created_at AS "createdAt", a.updated_at AS "updatedAt", a.tenant_id AS "tenantId", t.name AS tenant`

/** Those that there are. */
export async function findApps(tx: Tx, keys: readonly { tenantId: string; name: string }[]): Promise<AppRow[]> {
  return await tx.$queryRaw<AppRow[]>`
    SELECT ${COLUMNS}, h.name AS host
    FROM unnest(${keys.map(({ tenantId }) => tenantId)}::uuid[], ${keys.map(({ name }) => name)}::text[]) AS k(tenant_id, name)
    JOIN apps a USING (tenant_id, name) JOIN tenants t ON t.id = a.tenant_id LEFT JOIN hosts h ON h.id = a.host_id`
}

/** Where a list of one tenant's apps begins. */
export interface AppsFrom {
  readonly tenantId: string
  /** Left out: with the first. */
  readonly name?: string | undefined
  /** With this one, or (default) with the one after it. */
  readonly inclusive?: boolean
}

/** Of each of these tenants, by name: at most `take`. By tenant's id. */
export async function listApps(tx: Tx, from: readonly AppsFrom[], take: number): Promise<Map<string, AppRow[]>> {
  const rows = await tx.$queryRaw<AppRow[]>`
    SELECT ${COLUMNS}, h.name AS host
    FROM unnest(${from.map(({ tenantId }) => tenantId)}::uuid[], ${from.map(({ name = '' }) => name)}::text[],
      ${from.map(({ inclusive = false }) => inclusive)}::bool[]) AS f(tenant_id, name, inclusive)
    CROSS JOIN LATERAL (
      SELECT * FROM apps WHERE tenant_id = f.tenant_id AND name >= f.name AND (f.inclusive OR name <> f.name)
      ORDER BY name LIMIT ${take}) a
    JOIN tenants t ON t.id = a.tenant_id LEFT JOIN hosts h ON h.id = a.host_id
    ORDER BY a.tenant_id, a.name`
  return Map.groupBy(rows, ({ tenantId }) => tenantId)
}

/** Locks the app of this name until the transaction ends; false where there is none. */
export async function lockAppNamed(tx: Tx, tenantId: string, name: string): Promise<boolean> {
  const locked = await tx.$executeRaw`
    SELECT FROM apps WHERE tenant_id = ${tenantId}::uuid AND name = ${name} FOR NO KEY UPDATE`
  return locked > 0
}

/**
 * One statement for all of it. To decide by it, lock the app first, by a statement of its own: one that waits for a lock sees of
 * the other tables what was there before.
 */
export async function findSituation(tx: Tx, tenantId: string, name: string): Promise<AppSituation | null> {
  const [row] = await tx.$queryRaw<AppSituation[]>`
    SELECT ${COLUMNS},
      (SELECT json_build_object('id', h.id, 'name', h.name, 'kind', h.kind, 'labels', h.labels, 'facts', h.facts, 'settings', h.settings,
          'tenants', ARRAY(SELECT ht.tenant_id FROM host_tenants ht WHERE ht.host_id = h.id))
        FROM hosts h WHERE h.id = a.host_id) AS host,
      coalesce(o.active, '[]') AS active,
      (SELECT coalesce(json_agg(json_build_object(
          'number', r.number, 'digest', r.digest, 'spec', r.spec, 'notes', r.notes)), '[]')
        FROM releases r
        WHERE r.app_id = a.id AND r.number = ANY(o.releases || (a.good ->> 'release')::int)) AS releases
    FROM apps a JOIN tenants t ON t.id = a.tenant_id
    CROSS JOIN LATERAL (
      SELECT array_agg((o.patch ->> 'release')::int) AS releases, json_agg(json_build_object(
        'id', o.id, 'kind', o.kind, 'status', o.status, 'patch', o.patch, 'params', o.params, 'revertTo', o.revert_to,
        'cancelRequested', o.cancel_requested, 'supersededBy', o.superseded_by) ORDER BY o.wanted_version, o.id) AS active
      FROM operations o WHERE ${ACTIVE} AND o.lane_id = a.id) o
    WHERE a.tenant_id = ${tenantId}::uuid AND a.name = ${name}`
  return row ?? null
}

/** Of its tenant and name: an app that comes back is the one that left volumes behind, and finds them. */
export function appIdOf(tenantId: string, name: string): string {
  return nameId(tenantId, name)
}

/** An app of this name with its lane, if there is none yet. Its version is 0 until the first change is accepted. */
export async function ensureApp(
  tx: Tx,
  tenant: { id: string; name: string },
  name: string,
  actor: string,
): Promise<void> {
  const id = appIdOf(tenant.id, name)
  try {
    const made = await tx.$executeRaw`
      WITH app AS (
        INSERT INTO apps (id, tenant_id, name, wanted_version) VALUES (${id}::uuid, ${tenant.id}::uuid, ${name}, 0)
        ON CONFLICT DO NOTHING RETURNING id, tenant_id)
      INSERT INTO lanes (id, tenant_id, app_id) SELECT id, tenant_id, id FROM app`
    if (made > 0) emit(tx, { tenantId: tenant.id, type: 'app.created', app: name, actor, data: { id } })
  } catch (error) {
    if (isForeignKeyViolation(error)) throw tenantNotFound(tenant.name)
    throw error
  }
}

/** All its labels; raises the version. */
export async function writeLabels(tx: Tx, appId: string, labels: Readonly<Record<string, string>>): Promise<void> {
  await tx.$executeRaw`
    UPDATE apps SET labels = ${JSON.stringify(labels)}::jsonb, wanted_version = wanted_version + 1, updated_at = now()
    WHERE id = ${appId}::uuid`
}

export interface WantedChange {
  readonly wanted: Wanted
  /** Its row is written too: the app's newest. */
  readonly newRelease: ReleaseState | null
  readonly labels: Readonly<Record<string, string>> | null
  /** The app is being removed from now on. */
  readonly removes: boolean
  /** Of the new release. */
  readonly actor: string
}

/** Writes the wanted state and raises the version; gives the new one. */
export async function writeWanted(tx: Tx, appId: string, change: WantedChange): Promise<number> {
  const { wanted, newRelease, labels, removes, actor } = change
  const [row] = await tx.$queryRaw<{ version: number }[]>`
    ${newRelease ? insertingRelease(appId, newRelease, actor) : Prisma.empty}
    UPDATE apps SET
      wanted_release = ${wanted.release}, wanted_replicas = ${JSON.stringify(wanted.replicas)}::jsonb,
      wanted_running = ${wanted.running}, wanted_restart_generation = ${wanted.restartGeneration},
      last_release = coalesce(${newRelease?.number ?? null}, last_release),
      labels = coalesce(${labels && JSON.stringify(labels)}::jsonb, labels), removing = removing OR ${removes},
      wanted_version = wanted_version + 1, updated_at = now()
    WHERE id = ${appId}::uuid RETURNING wanted_version AS version`
  if (!row) throw new TypeError(`there is no app ${appId}: it was not locked`)
  return row.version
}

function insertingRelease(appId: string, { number, digest, spec, notes }: ReleaseState, createdBy: string) {
  const serviceDigests = Object.fromEntries(
    Object.entries(spec.services).map(([name, service]) => [name, serviceDigest(service)]),
  )
  return Prisma.sql`WITH released AS (
    INSERT INTO releases (app_id, number, digest, spec, notes, service_digests, created_by)
    VALUES (${appId}::uuid, ${number}, ${digest}, ${JSON.stringify(spec)}::jsonb, ${JSON.stringify(notes)}::jsonb,
      ${JSON.stringify(serviceDigests)}::jsonb, ${createdBy}))`
}

export async function findRelease(tx: Tx, appId: string, number: number) {
  return await tx.release.findUnique({ where: { appId_number: { appId, number } } })
}

/** The newest release before `before` that succeeded. */
export async function lastSucceeded(tx: Tx, appId: string, before: number): Promise<number | null> {
  const row = await tx.release.findFirst({
    where: { appId, number: { lt: before }, succeededAt: { not: null } },
    orderBy: { number: 'desc' },
    select: { number: true },
  })
  return row?.number ?? null
}

export function releaseState(row: { number: number; digest: string; spec: unknown; notes: unknown }): ReleaseState {
  const { number, digest, spec, notes } = row
  return { number, digest, spec: spec as AppSpec, notes: notes as CapabilityNote[] }
}

/** What the observers last saw of an app: its instances by service and ordinal, its networks and volumes. */
export async function observedRows(tx: Tx, appId: string) {
  const instances = await tx.instance.findMany({
    where: { appId },
    include: { host: { select: { name: true } } },
    orderBy: [{ service: 'asc' }, { ordinal: 'asc' }, { id: 'asc' }],
  })
  const objects = await tx.engineObject.findMany({ where: { appId } })
  return { instances, objects }
}

export async function subnetOf(tx: Tx, appId: string, hostId: string): Promise<string | null> {
  const subnet = await tx.subnet.findUnique({ where: { hostId_appId: { hostId, appId } }, select: { cidr: true } })
  return subnet?.cidr ?? null
}
