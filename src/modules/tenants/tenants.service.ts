import Type from 'typebox'
import { isForeignKeyViolation, isUniqueViolation } from '../../db/index.ts'
import type { Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import { emit } from '../../events/index.ts'
import { newId } from '../../lib/ids.ts'
import {
  type Answer,
  authorizeAdmin,
  authorizeTenant,
  closed,
  decodeCursor,
  etag,
  type Permission,
  type Principal,
  tenantNotFound,
  toPage,
  versionMismatch,
} from '../../web/index.ts'
import {
  deleteTenant,
  findTenant,
  findTenants,
  insertTenant,
  listTenants,
  lockHostsOfAlone,
  lockTenant,
  type TenantRow,
  updateTenant,
} from './tenants.repository.ts'
import type { ChangeTenant, CreateTenant, Tenant } from './tenants.schemas.ts'

const NO_ID = '00000000-0000-0000-0000-000000000000'
const Position = closed({ name: Type.String({ maxLength: 40 }) })

/**
 * The tenant that a route names, if the principal has the permission there; a token's own tenant takes no query.
 * Throws `not_found` (another's, or none) and `forbidden` (its role lacks the permission).
 */
export async function tenantFor(
  tx: Tx,
  principal: Principal,
  name: string,
  permission: Permission,
): Promise<{ id: string; name: string }> {
  authorizeTenant(principal, name, permission)
  if (principal.tenant) return principal.tenant
  const row = await findTenant(tx, name)
  if (!row) throw tenantNotFound(name)
  return { id: row.id, name: row.name }
}

/** For admins; a tenant's token learns 403 about its own tenant and 404 about all others. */
export function authorizePlatform(principal: Principal, tenant: string): void {
  authorizeTenant(principal, tenant, 'read')
  authorizeAdmin(principal)
}

export async function createTenant(
  tx: Tx,
  { name, displayName = null }: CreateTenant,
  actor: string,
): Promise<Answer<Tenant>> {
  try {
    const row = await insertTenant(tx, { id: newId(), name, displayName })
    emit(tx, { tenantId: null, type: 'tenant.created', actor, data: { tenant: name } })
    return answerOf(201, row)
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    throw new AppError('already_exists', { detail: `there is a tenant "${name}" already`, cause: error })
  }
}

export async function readTenant(tx: Tx, name: string): Promise<Answer<Tenant>> {
  const row = await findTenant(tx, name)
  if (!row) throw tenantNotFound(name)
  return answerOf(200, row)
}

/** Tenants by name; null for those that there are not. */
export async function tenantsNamed(tx: Tx, names: readonly string[]): Promise<(Tenant | null)[]> {
  const rows = new Map((await findTenants(tx, names)).map((row) => [row.name, view(row)]))
  return names.map((name) => rows.get(name) ?? null)
}

/** The ids of tenants that the principal may see, in the order of their names; one that went meanwhile has the id of none. */
export async function tenantIdsFor(tx: Tx, principal: Principal, names: readonly string[]): Promise<string[]> {
  const { tenant } = principal
  if (tenant) return names.map((name) => (name === tenant.name ? tenant.id : NO_ID))
  return (await tenantsNamed(tx, names)).map((found) => found?.id ?? NO_ID)
}

export async function pageOfTenants(tx: Tx, { limit, cursor }: { limit: number; cursor?: string }) {
  const rows = await listTenants(tx, decodeCursor(Position, cursor)?.name, limit + 1)
  return toPage(rows, limit, view, ({ name }) => ({ name }))
}

export async function changeTenant(
  tx: Tx,
  name: string,
  version: number | null,
  change: ChangeTenant,
  actor: string,
): Promise<Answer<Tenant>> {
  const row = await updateTenant(tx, name, version, change)
  if (!row) throw await missingOrMoved(tx, name)
  emit(tx, { tenantId: row.id, type: 'tenant.updated', actor })
  return answerOf(200, row)
}

/** Throws `tenant_not_empty` while it has apps, and `conflict` while a host is for it alone (it would be open to all then). */
export async function removeTenant(tx: Tx, name: string, version: number | null, actor: string): Promise<Answer<null>> {
  const row = await lockTenant(tx, name)
  if (!row) throw tenantNotFound(name)
  const [host] = await lockHostsOfAlone(tx, row.id)
  if (host !== undefined)
    throw new AppError('conflict', {
      detail: `the host "${host}" is for this tenant alone, and would be open to all: change its tenants or delete it first`,
    })
  try {
    if (await deleteTenant(tx, name, version)) {
      emit(tx, { tenantId: null, type: 'tenant.deleted', actor, data: { tenant: name } })
      return { status: 204, body: null }
    }
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error
    throw new AppError('tenant_not_empty', { detail: `the tenant "${name}" still has apps`, cause: error })
  }
  throw await missingOrMoved(tx, name)
}

async function missingOrMoved(tx: Tx, name: string): Promise<AppError> {
  const row = await findTenant(tx, name)
  return row ? versionMismatch(row.version) : tenantNotFound(name)
}

function answerOf(status: 200 | 201, row: TenantRow): Answer<Tenant> {
  const headers = { etag: etag(row.version), ...(status === 201 ? { location: `/v1/tenants/${row.name}` } : {}) }
  return { status, headers, body: view(row) }
}

function view({ id, name, displayName, version, createdAt, updatedAt }: TenantRow): Tenant {
  return { id, name, displayName, version, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() }
}
