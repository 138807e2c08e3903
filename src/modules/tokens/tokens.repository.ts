import type { Token as Row } from '../../db/generated/client.ts'
import type { Tx } from '../../db/types.ts'

export type TokenRow = Row

export interface TokenInsert {
  readonly id: string
  /** null: a platform token. */
  readonly tenantId: string | null
  readonly name: string
  readonly role: string
  readonly hash: string
  readonly createdBy: string
  readonly expiresAt: Date | null
}

export interface PrincipalRow {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly tenantId: string | null
  readonly tenantName: string | null
}

export async function insertToken(tx: Tx, row: TokenInsert): Promise<TokenRow> {
  return await tx.token.create({ data: row })
}

/** Nothing where a token of this hash is there already. */
export async function ensureToken(tx: Tx, row: TokenInsert): Promise<void> {
  await tx.token.createMany({ data: [row], skipDuplicates: true })
}

/** Who a token's hash stands for, unless it has expired by the database's clock: one statement over the unique index. */
export async function findPrincipal(tx: Tx, hash: string): Promise<PrincipalRow | null> {
  const [row] = await tx.$queryRaw<PrincipalRow[]>`
    SELECT k.id, k.name, k.role, k.tenant_id AS "tenantId", t.name AS "tenantName"
    FROM tokens k LEFT JOIN tenants t ON t.id = k.tenant_id
    WHERE k.hash = ${hash} AND (k.expires_at IS NULL OR k.expires_at > now())`
  return row ?? null
}

/** Those of the tokens that are there and have not expired. */
export async function stillValid(tx: Tx, ids: readonly string[]): Promise<Set<string>> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM tokens WHERE id = ANY(${[...ids]}::uuid[]) AND (expires_at IS NULL OR expires_at > now())`
  return new Set(rows.map(({ id }) => id))
}

export async function listTokens(
  tx: Tx,
  tenantId: string | null,
  after: string | undefined,
  take: number,
): Promise<TokenRow[]> {
  return await tx.token.findMany({
    where: { tenantId, ...(after === undefined ? {} : { id: { gt: after } }) },
    orderBy: { id: 'asc' },
    take,
  })
}

/** Its name; null: there was none. */
export async function deleteToken(tx: Tx, tenantId: string | null, id: string): Promise<string | null> {
  const [row] = await tx.$queryRaw<{ name: string }[]>`
    DELETE FROM tokens WHERE id = ${id}::uuid AND tenant_id IS NOT DISTINCT FROM ${tenantId}::uuid RETURNING name`
  return row?.name ?? null
}
