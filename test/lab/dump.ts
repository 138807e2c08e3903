import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { tableNames } from './tables.ts'
import { migrate } from '../../src/db/migrate.ts'
import { quiet } from './database.ts'

/** A connection to a database whose user may read and write the server's own files. */
async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Where sequences stand: no row holds that. */
const SEQUENCES = 'sequences.json'

/** Every table into a file of its own below `folder`, as of one moment, and where the sequences stand, as `pg_dump` has them. `folder` is made; the server's user must be able to reach it. */
export async function dumpByCopy(url: string, folder: string): Promise<void> {
  await mkdir(folder)
  // The server writes as a user of its own.
  await chmod(folder, 0o777)
  await withClient(url, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    for (const table of await tableNames(client)) await client.query(`COPY "${table}" TO '${join(folder, table)}'`)
    const { rows } = await client.query(`SELECT sequencename AS name, last_value::text AS value FROM pg_sequences`)
    await writeFile(join(folder, SEQUENCES), JSON.stringify(rows))
    await client.query('COMMIT')
  })
}

/** The schema out of the migrations, and every table's rows out of its file. The database must be empty. */
export async function restoreByCopy(url: string, folder: string): Promise<void> {
  await migrate(url, { log: quiet })
  await withClient(url, async (client) => {
    await client.query('BEGIN')
    // Rows come table by table: foreign keys hold once all are there.
    await client.query('SET LOCAL session_replication_role = replica')
    for (const table of await tableNames(client)) {
      await client.query(`DELETE FROM "${table}"`)
      await client.query(`COPY "${table}" FROM '${join(folder, table)}'`)
    }
    const sequences = JSON.parse(await readFile(join(folder, SEQUENCES), 'utf8')) as {
      name: string
      value: string | null
    }[]
    for (const { name, value } of sequences)
      if (value !== null) await client.query('SELECT setval($1::regclass, $2::bigint)', [`"${name}"`, value])
    await client.query('COMMIT')
  })
}

/** Takes everything away that is in the database. */
export async function wipe(url: string): Promise<void> {
  await withClient(url, async (client) => await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public'))
}
