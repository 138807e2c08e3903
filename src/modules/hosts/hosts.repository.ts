import type { Prisma } from '../../db/generated/client.ts'
import { emit } from '../../events/index.ts'
import type { Tx } from '../../db/types.ts'
import type { HostStatus } from './hosts.schemas.ts'

const WHOLE = {
  tenants: { select: { tenant: { select: { name: true } } } },
  _count: { select: { instances: true } },
} satisfies Prisma.HostInclude

type BareRow = Prisma.HostGetPayload<{ include: typeof WHOLE }>

/** What the apps of a host may take at most, by their services' limits (else reservations); a service without any counts nothing. */
export interface Promised {
  readonly cpus: number
  /** Bytes. */
  readonly memory: number
}

export type HostRow = BareRow & { readonly promised: Promised }

export interface HostInsert {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly endpoint: Uint8Array<ArrayBuffer>
  readonly transport: Prisma.InputJsonObject
  readonly labels: Prisma.InputJsonObject
  readonly settings: Prisma.InputJsonObject
  readonly schedulable: boolean
}

/** What an engine told of itself. */
export interface EngineFacts {
  readonly version: string
  readonly capacity: { readonly cpus: number; readonly memory: number } | null
  /** JSON, or null. */
  readonly facts: unknown
}

export async function insertHost(
  tx: Tx,
  host: HostInsert,
  tenantIds: readonly string[],
  { version, capacity, facts }: EngineFacts,
): Promise<void> {
  await tx.host.create({
    data: {
      ...host,
      status: 'ready' satisfies HostStatus,
      engineVersion: version,
      ...(capacity && { capacity: { ...capacity } }),
      ...(facts !== null && { facts: facts as Prisma.InputJsonValue }),
      lastSeenAt: new Date(),
    },
  })
  await setTenants(tx, host.id, tenantIds)
}

export async function findHost(tx: Tx, name: string): Promise<HostRow | null> {
  return await oneWithPromised(tx, await tx.host.findUnique({ where: { name }, include: WHOLE }))
}

/** Those that there are. */
export async function findHosts(tx: Tx, names: readonly string[]): Promise<HostRow[]> {
  return await withPromised(tx, await tx.host.findMany({ where: { name: { in: [...names] } }, include: WHOLE }))
}

export async function findHostById(tx: Tx, id: string): Promise<HostRow | null> {
  return await oneWithPromised(tx, await tx.host.findUnique({ where: { id }, include: WHOLE }))
}

/** The row, locked until the transaction ends. */
export async function lockHost(tx: Tx, name: string): Promise<HostRow | null> {
  await tx.$queryRaw`SELECT id FROM hosts WHERE name = ${name} FOR UPDATE`
  return await findHost(tx, name)
}

export async function listHosts(tx: Tx, after: string | undefined, take: number): Promise<HostRow[]> {
  const rows = await tx.host.findMany({
    where: after === undefined ? {} : { name: { gt: after } },
    orderBy: { name: 'asc' },
    take,
    include: WHOLE,
  })
  return await withPromised(tx, rows)
}

async function oneWithPromised(tx: Tx, row: BareRow | null): Promise<HostRow | null> {
  return row && ((await withPromised(tx, [row]))[0] ?? null)
}

/** One statement for all of them. */
async function withPromised(tx: Tx, rows: readonly BareRow[]): Promise<HostRow[]> {
  const sums = await tx.$queryRaw<({ hostId: string } & Promised)[]>`
    SELECT a.host_id AS "hostId",
      sum(n.replicas * coalesce((s.value #>> '{resources,cpus}')::float8, (s.value #>> '{resources,reservedCpus}')::float8, 0)) AS "cpus",
      sum(n.replicas * coalesce((s.value #>> '{resources,memoryBytes}')::float8, (s.value #>> '{resources,reservedMemoryBytes}')::float8, 0)) AS "memory"
    FROM apps a
    JOIN releases r ON r.app_id = a.id AND r.number = a.wanted_release
    CROSS JOIN LATERAL jsonb_each(r.spec -> 'services') s
    CROSS JOIN LATERAL (SELECT coalesce((a.wanted_replicas ->> s.key)::int, (s.value ->> 'replicas')::int, 1) AS replicas) n
    WHERE a.host_id = ANY (${rows.map(({ id }) => id)}::uuid[]) AND a.wanted_running
    GROUP BY a.host_id`
  const byHost = new Map(sums.map(({ hostId, cpus, memory }) => [hostId, { cpus, memory }]))
  return rows.map((row) => ({ ...row, promised: byHost.get(row.id) ?? { cpus: 0, memory: 0 } }))
}

/** Only on a row that the transaction has locked. */
export async function updateWanted(
  tx: Tx,
  id: string,
  change: Partial<Pick<HostInsert, 'labels' | 'settings' | 'schedulable' | 'endpoint' | 'transport'>>,
  tenantIds: readonly string[] | undefined,
): Promise<void> {
  await tx.host.update({ where: { id }, data: { ...change, version: { increment: 1 }, updatedAt: new Date() } })
  if (tenantIds) await setTenants(tx, id, tenantIds)
}

/** What a probe saw, with an event where the status is another. The observer writes these all other times. */
export async function updateSeen(
  tx: Tx,
  id: string,
  status: HostStatus,
  message: string | null,
  seen: EngineFacts | null,
): Promise<void> {
  const capacity = toJson(seen?.capacity)
  const [host] = await tx.$queryRaw<{ name: string; before: HostStatus }[]>`
    UPDATE hosts h SET status = ${status}, message = ${message}, capacity = coalesce(${capacity}::jsonb, h.capacity),
      engine_version = coalesce(${seen?.version ?? null}, h.engine_version), facts = coalesce(${toJson(seen?.facts)}::jsonb, h.facts),
      last_seen_at = CASE WHEN ${seen !== null} THEN now() ELSE h.last_seen_at END
    FROM (SELECT id, status FROM hosts WHERE id = ${id}::uuid FOR NO KEY UPDATE) old WHERE h.id = old.id
    RETURNING h.name, old.status AS before`
  if (host && host.before !== status)
    emit(tx, { tenantId: null, type: 'host.status', host: host.name, data: { status, message } })
}

function toJson(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value)
}

export async function deleteHost(tx: Tx, id: string): Promise<void> {
  await tx.host.delete({ where: { id } })
}

/** Ids of tenants by name; a name that is missing has no entry. */
export async function tenantIdsOf(tx: Tx, names: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.tenant.findMany({ where: { name: { in: [...names] } }, select: { id: true, name: true } })
  return new Map(rows.map(({ id, name }) => [name, id]))
}

export interface EndpointRow {
  readonly kind: string
  readonly endpoint: Uint8Array
  readonly settings: unknown
}

export async function findEndpoint(tx: Tx, id: string): Promise<EndpointRow | null> {
  const rows = await tx.$queryRaw<
    EndpointRow[]
  >`SELECT "kind", "endpoint", "settings" FROM "hosts" WHERE "id" = ${id}::uuid`
  return rows[0] ?? null
}

/** What a declaration depends on. */
export interface FactsRow {
  readonly kind: string
  readonly facts: unknown
  readonly settings: unknown
}

export async function findFacts(tx: Tx, id: string): Promise<FactsRow | null> {
  return await tx.host.findUnique({ where: { id }, select: { kind: true, facts: true, settings: true } })
}

export interface CandidateRow {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly labels: unknown
  readonly status: HostStatus
  readonly schedulable: boolean
  /** Whom it is kept for. */
  readonly tenants: readonly string[]
  readonly instances: number
}

export async function findCandidates(tx: Tx): Promise<CandidateRow[]> {
  return await tx.$queryRaw<CandidateRow[]>`
    SELECT h."id", h."name", h."kind", h."labels", h."status", h."schedulable",
      ARRAY(SELECT t."tenant_id"::text FROM "host_tenants" t WHERE t."host_id" = h."id") AS "tenants",
      (SELECT count(*) FROM "instances" i WHERE i."host_id" = h."id")::int AS "instances"
    FROM "hosts" h ORDER BY h."name"`
}

async function setTenants(tx: Tx, hostId: string, tenantIds: readonly string[]): Promise<void> {
  await tx.hostTenant.deleteMany({ where: { hostId } })
  await tx.hostTenant.createMany({ data: tenantIds.map((tenantId) => ({ hostId, tenantId })) })
}
