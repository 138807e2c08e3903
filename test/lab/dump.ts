import { chmod, mkdir } from 'node:fs/promises'
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

/** Every table into a file of its own below `folder`, as of one moment. `folder` is made; the server's user must be able to reach it. */
export async function dumpByCopy(url: string, folder: string): Promise<void> {
  await mkdir(folder)
  // The server writes as a user of its own.
  await chmod(folder, 0o777)
  await withClient(url, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    for (const table of await tableNames(client)) await client.query(`COPY "${table}" TO '${join(folder, table)}'`)
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
    await client.query('COMMIT')
  })
}

/** Takes everything away that is in the database. */
export async function wipe(url: string): Promise<void> {
  await withClient(url, async (client) => await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public'))
}
