import { randomBytes } from 'node:crypto'
import { CHANNELS, isForeignKeyViolation, notify } from '../../db/index.ts'
import type { Database, Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import { emit } from '../../events/index.ts'
import { newId, sha256 } from '../../lib/ids.ts'
import {
  type Answer,
  closed,
  decodeCursor,
  type Principal,
  TENANT_ROLES,
  tenantNotFound,
  toPage,
  Uuid,
} from '../../web/index.ts'
import {
  deleteToken,
  ensureToken,
  findPrincipal,
  insertToken,
  listTokens,
  type PrincipalRow,
  type TokenRow,
} from './tokens.repository.ts'
import type { NewToken, Token, Whoami } from './tokens.schemas.ts'

const Position = closed({ id: Uuid })
const TOKEN_TEXT = /^mrg_[A-Za-z0-9_-]{32,128}$/
const MAX_LIFE_MS = 100 * 366 * 86_400_000

export interface TokenWish {
  readonly name: string
  readonly role: Token['role']
  readonly expiresAt?: string
}

/** A new token's text: `mrg_` and the base64url of 32 random bytes. */
export function newTokenText(): string {
  return `mrg_${randomBytes(32).toString('base64url')}`
}

/** Who a token's text stands for; null where it is no token, was revoked or has expired. */
export async function authenticate(tx: Tx, text: string): Promise<Principal | null> {
  if (!TOKEN_TEXT.test(text)) return null
  const row = await findPrincipal(tx, sha256(text))
  return row && toPrincipal(row)
}

/** Who a principal is, as the API shows it. */
export function whoamiOf({ kind, id, name, role, tenant }: Principal): Whoami {
  return { kind, id, name, role, tenant: tenant?.name ?? null, scopes: [] }
}

/**
 * Makes sure that the first admin's token (setting, or data folder) is valid; tokens that were made over the API
 * are not touched. Deleted over the API, it is there again at the next start, as long as the setting names it.
 */
export async function ensureAdminToken(db: Database, text: string): Promise<void> {
  await ensureToken(db.prisma, {
    id: newId(),
    tenantId: null,
    name: 'bootstrap',
    role: 'admin',
    hash: sha256(text),
    createdBy: 'settings',
    expiresAt: null,
  })
}

/** The answer alone holds the text; the row has its SHA-256. `tenant` null: a platform token. */
export async function createToken(
  tx: Tx,
  tenant: { id: string; name: string } | null,
  wish: TokenWish,
  createdBy: string,
  now: Date,
): Promise<Answer<NewToken>> {
  const text = newTokenText()
  const id = newId()
  const expiresAt = wish.expiresAt === undefined ? null : futureTime(wish.expiresAt, now)
  try {
    const row = await insertToken(tx, {
      id,
      tenantId: tenant?.id ?? null,
      name: wish.name,
      role: wish.role,
      hash: sha256(text),
      createdBy,
      expiresAt,
    })
    emit(tx, {
      tenantId: tenant?.id ?? null,
      type: 'token.created',
      actor: createdBy,
      data: { id, name: wish.name, role: wish.role, expiresAt },
    })
    const headers = { location: tenant ? `/v1/tenants/${tenant.name}/tokens/${id}` : `/v1/tokens/${id}` }
    return { status: 201, headers, body: { ...view(row, tenant?.name ?? null), token: text } }
  } catch (error) {
    // The tenant was deleted since it was looked up.
    if (tenant && isForeignKeyViolation(error)) throw tenantNotFound(tenant.name)
    throw error
  }
}

export async function pageOfTokens(
  tx: Tx,
  tenant: { id: string; name: string } | null,
  { limit, cursor }: { limit: number; cursor?: string },
) {
  const rows = await listTokens(tx, tenant?.id ?? null, decodeCursor(Position, cursor)?.id, limit + 1)
  return toPage(
    rows,
    limit,
    (row) => view(row, tenant?.name ?? null),
    ({ id }) => ({ id }),
  )
}

/** From its commit on, the token is invalid. */
export async function revokeToken(
  tx: Tx,
  tenant: { id: string } | null,
  id: string,
  actor: string,
): Promise<Answer<null>> {
  const tenantId = tenant?.id ?? null
  const name = await deleteToken(tx, tenantId, id)
  if (name === null) throw new AppError('not_found', { detail: `there is no token ${id} here` })
  await notify(tx, CHANNELS.token, id.toLowerCase())
  emit(tx, { tenantId, type: 'token.revoked', actor, data: { id, name } })
  return { status: 204, body: null }
}

function futureTime(text: string, now: Date): Date {
  const time = new Date(text)
  const inMs = time.getTime() - now.getTime()
  if (inMs > 0 && inMs < MAX_LIFE_MS) return time
  const message = 'must be a time in the future, at most a hundred years from now'
  throw new AppError('bad_request', { detail: `expiresAt ${message}`, errors: [{ path: '/body/expiresAt', message }] })
}

function toPrincipal({ id, name, role, tenantId, tenantName }: PrincipalRow): Principal | null {
  if (tenantId === null) return { kind: 'token', id, name, role: 'admin', tenant: null }
  const tenantRole = TENANT_ROLES.find((known) => known === role)
  return tenantRole && tenantName !== null
    ? { kind: 'token', id, name, role: tenantRole, tenant: { id: tenantId, name: tenantName } }
    : null
}

function view(row: TokenRow, tenant: string | null): Token {
  const role = TENANT_ROLES.find((known) => known === row.role) ?? 'admin'
  const { id, name, createdBy, createdAt, expiresAt } = row
  return {
    id,
    name,
    role,
    tenant,
    createdBy,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
  }
}
