import type { Tenant as Row } from '../../db/generated/client.ts'
import type { Tx } from '../../db/types.ts'

export type TenantRow = Row

export async function insertTenant(
  tx: Tx,
  row: { id: string; name: string; displayName: string | null },
): Promise<TenantRow> {
  return await tx.tenant.create({ data: row })
}

export async function findTenant(tx: Tx, name: string): Promise<TenantRow | null> {
  return await tx.tenant.findUnique({ where: { name } })
}

/** Those that there are. */
export async function findTenants(tx: Tx, names: readonly string[]): Promise<TenantRow[]> {
  return await tx.$queryRaw<TenantRow[]>`
    SELECT id, name, display_name AS "displayName", version, created_at AS "createdAt", updated_at AS "updatedAt"
    FROM tenants WHERE name = ANY(${[...names]}::text[])`
}

export async function listTenants(tx: Tx, after: string | undefined, take: number): Promise<TenantRow[]> {
  return await tx.tenant.findMany({
    where: after === undefined ? {} : { name: { gt: after } },
    orderBy: { name: 'asc' },
    take,
  })
}

/** Compare-and-set on `version` where one is given; null: no such row, or another version. */
export async function updateTenant(
  tx: Tx,
  name: string,
  version: number | null,
  change: { displayName?: string | null },
): Promise<TenantRow | null> {
  const [row] = await tx.tenant.updateManyAndReturn({
    where: { name, ...(version === null ? {} : { version }) },
    data: { ...change, version: { increment: 1 }, updatedAt: new Date() },
  })
  return row ?? null
}

export async function deleteTenant(tx: Tx, name: string, version: number | null): Promise<boolean> {
  const { count } = await tx.tenant.deleteMany({ where: { name, ...(version === null ? {} : { version }) } })
  return count > 0
}

/** The row, locked until the transaction ends: nothing new can point at it meanwhile. */
export async function lockTenant(tx: Tx, name: string): Promise<TenantRow | null> {
  await tx.$queryRaw`SELECT id FROM tenants WHERE name = ${name} FOR UPDATE`
  return await findTenant(tx, name)
}

/**
 * Hosts that are this tenant's alone. Locks all its hosts first, so that two tenants that share one can't both leave it at once
 * (a host that no tenant is named for is open to all).
 */
export async function lockHostsOfAlone(tx: Tx, tenantId: string): Promise<string[]> {
  await tx.$queryRaw`
    SELECT h.id FROM hosts h JOIN host_tenants ht ON ht.host_id = h.id
    WHERE ht.tenant_id = ${tenantId}::uuid ORDER BY h.id FOR UPDATE OF h`
  const rows = await tx.$queryRaw<{ name: string }[]>`
    SELECT h.name FROM hosts h JOIN host_tenants ht ON ht.host_id = h.id
    GROUP BY h.id, h.name HAVING count(*) = 1 AND bool_and(ht.tenant_id = ${tenantId}::uuid) ORDER BY h.name`
  return rows.map(({ name }) => name)
}
