import type pg from 'pg'
import { sha256 } from '../../src/lib/ids.ts'

/** The tables of the schema `public`, sorted. */
export async function tableNames(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
  )
  return rows.map(({ name }) => name)
}

/** A digest of each table's rows: equal where not a byte has changed. */
export async function tablesDigest(client: pg.Client): Promise<Record<string, string>> {
  const digests: Record<string, string> = {}
  for (const name of await tableNames(client)) {
    const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM "${name}" t ORDER BY 1`)
    digests[name] = sha256(rows.map(({ row }) => row).join('\n'))
  }
  return digests
}
