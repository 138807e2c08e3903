import type { PrismaClient } from './generated/client.ts'
import { type Sealer, SealError } from '../lib/seal.ts'

/** A column whose values are sealed. Each is in the list of src/modules/sealing. */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  /** The columns of the primary key. */
  readonly id: readonly string[]
  /** What a row's value was sealed for, by the values of `id`. */
  context(id: readonly string[]): string
  /** A server does not start where its keys do not open it. Else only what asks for a value fails. */
  readonly needed: boolean
}

/** The keys that were given are not those of the database; the message says which it needs, never a key. */
export class SealingKeysError extends Error {
  override readonly name = 'SealingKeysError'
}

/** Runs SQL with `$1`, `$2` … and gives its rows. */
export type Query = <Row>(sql: string, values: readonly unknown[]) => Promise<Row[]>

export const queryOf =
  (prisma: PrismaClient): Query =>
  async <Row>(sql: string, values: readonly unknown[]) =>
    await prisma.$queryRawUnsafe<Row[]>(sql, ...values)

/** What stands in the place of a key's id where a value is no sealed one; no key can have this id. */
const DAMAGED = '(damaged)'

/** So many of a key's values are tried: one that was damaged does not make the key a wrong one. */
const SAMPLES = 5

/**
 * Throws a SealingKeysError where a needed value is sealed with a key that `sealer` (null: no key at all) does not have, or has with other bytes.
 * Only reads, and what the schema does not have yet is passed over: it may be called before the migrations.
 */
export async function checkKeys(query: Query, sealer: Sealer | null, columns: readonly SealedColumn[]): Promise<void> {
  const keys = new Map<string, { rows: string[]; opens: boolean }>()
  for (const column of columns) {
    if (!column.needed || !(await isThere(query, column))) continue
    const samples = await query<{ key: string; count: number; id: string[]; value: Uint8Array }>(
      `SELECT key, count, id, value FROM (
         SELECT ${keyOf(column)} AS key, ARRAY[${texts(column)}] AS id, "${column.column}" AS value,
           (count(*) OVER of_key)::int AS count, row_number() OVER (of_key ORDER BY ${texts(column)}) AS place
         FROM "${column.table}" WHERE "${column.column}" IS NOT NULL AND ${keyOf(column)} <> $1
         WINDOW of_key AS (PARTITION BY ${keyOf(column)})
       ) sealed WHERE place <= ${SAMPLES}`,
      // No key is at fault there, and none would mend it.
      [DAMAGED],
    )
    for (const { key, count, id, value } of samples) {
      const seen = keys.get(key) ?? { rows: [], opens: false }
      const rows = `${count} of ${column.table}`
      if (!seen.rows.includes(rows)) seen.rows.push(rows)
      seen.opens ||= sealer !== null && opened(sealer, value, column.context(id)) !== null
      keys.set(key, seen)
    }
  }
  if ([...keys.values()].every(({ opens }) => opens)) return
  const given: readonly string[] = sealer?.keyIds ?? []
  const needed = [...keys].map(([key, { rows }]) => `${key} (${rows.join(', ')})`)
  const wrong = [...keys].filter(([, { opens }]) => !opens).map(([key]) => key)
  const reasons = wrong.map((key) =>
    given.includes(key) ? `${key} has other bytes than the key that sealed` : `${key} is missing`,
  )
  throw new SealingKeysError(
    `the sealing keys are not those of this database: it needs ${needed.join(' and ')}, and was given ${given.join(', ') || 'none'}; ` +
      `${reasons.join(', ')}. Nothing was started: put the right keys back ("Sealing keys" in docs/operations.md)`,
  )
}

/** How many values each key seals, by table. */
export async function countSealed(
  query: Query,
  columns: readonly SealedColumn[],
): Promise<{ table: string; key: string; count: number }[]> {
  const counts = columns.map(
    (column) =>
      `SELECT '${column.table}' AS "table", ${keyOf(column)} AS key, count(*)::int AS count
       FROM "${column.table}" WHERE "${column.column}" IS NOT NULL GROUP BY 2`,
  )
  return await query(counts.join(' UNION ALL '), [])
}

export interface Resealed {
  readonly resealed: number
  /** Values that none of the keys opens. They are left as they are. */
  readonly unreadable: number
}

/**
 * Seals with the first key what another one sealed. Each value is a statement of its own, compare-and-set on the old one: nothing is
 * locked for long, what somebody else writes meanwhile stays, and it may be stopped anywhere and run by several processes at once.
 */
export async function reseal(
  query: Query,
  sealer: Sealer,
  columns: readonly SealedColumn[],
  { signal, batchSize = 100 }: { signal?: AbortSignal; batchSize?: number } = {},
): Promise<Resealed> {
  let resealed = 0
  let unreadable = 0
  for (const column of columns) {
    const values = `"${column.column}"`
    const places = column.id.map((_, at) => `$${at + 2}`).join(', ')
    for (let after: readonly string[] | null = column.id.map(() => ''); after !== null;) {
      signal?.throwIfAborted()
      const batch: { id: string[]; place: string; value: Uint8Array }[] = await query(
        `SELECT ARRAY[${texts(column)}] AS id, ctid::text AS place, ${values} AS value FROM "${column.table}"
         WHERE ${keyOf(column)} <> $1 AND (${texts(column)}) > (${places}) ORDER BY ${texts(column)} LIMIT ${batchSize}`,
        [sealer.keyIds[0], ...after],
      )
      for (const { id, place, value } of batch) {
        signal?.throwIfAborted()
        const plaintext = opened(sealer, value, column.context(id))
        if (plaintext === null) unreadable += 1
        else {
          const rows = await query(
            `UPDATE "${column.table}" SET ${values} = $1 WHERE ctid = $2::tid AND ${values} = $3 RETURNING 1`,
            [sealer.seal(plaintext, column.context(id)), place, value],
          )
          resealed += rows.length
        }
      }
      after = batch.length < batchSize ? null : (batch.at(-1)?.id ?? null)
    }
  }
  return { resealed, unreadable }
}

function opened(sealer: Sealer, value: Uint8Array, context: string): string | null {
  try {
    return sealer.open(value, context)
  } catch (error) {
    if (error instanceof SealError) return null
    throw error
  }
}

async function isThere(query: Query, { table, column }: SealedColumn): Promise<boolean> {
  const rows = await query(
    `SELECT FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 AND column_name = $2`,
    [table, column],
  )
  return rows.length > 0
}

/** SQL for the id of the key that sealed a value (the form is that of src/lib/seal.ts); DAMAGED where it is none. */
function keyOf({ column }: SealedColumn): string {
  const id = `encode(substring("${column}" FROM 3 FOR get_byte("${column}", 1)), 'escape')`
  return `CASE WHEN length("${column}") < 3 THEN '${DAMAGED}' WHEN ${id} ~ '^[A-Za-z0-9_-]{1,32}$' THEN ${id} ELSE '${DAMAGED}' END`
}

function texts({ id }: SealedColumn): string {
  return id.map((name) => `"${name}"::text`).join(', ')
}
