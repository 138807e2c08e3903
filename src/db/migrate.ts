import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { sleep } from '../lib/abort.ts'
import { backoffMs } from '../lib/backoff.ts'
import { sha256 } from '../lib/ids.ts'
import { isUnavailable, mapDbError } from './map-error.ts'
import type { Query } from './sealed.ts'
import type { DbLogger } from './types.ts'

/** The database's schema and this program's migrations do not fit together; the message says what a person can do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

export interface MigrateOptions {
  readonly log: DbLogger
  readonly signal?: AbortSignal
  /** How long a database that doesn't answer yet is waited for. Default 30,000. */
  readonly waitMs?: number
  /** The history. Default: prisma/migrations of this program. */
  readonly folder?: string
  /** Called before anything is changed, also where nothing is missing. What it throws ends the migration. */
  readonly before?: (query: Query) => Promise<void>
}

interface Migration {
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

interface Applied {
  readonly migration_name: string
  readonly checksum: string
  readonly finished_at: Date | null
}

const MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations/', import.meta.url))

/** The advisory lock that Prisma Migrate itself takes. */
const LOCK = 72_707_369

const FLOOR = /^floor: (\w+)$/

/** As Prisma Migrate makes it. */
const HISTORY_TABLE = `
CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum"              VARCHAR(64) NOT NULL,
    "finished_at"           TIMESTAMPTZ,
    "migration_name"        VARCHAR(255) NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        TIMESTAMPTZ,
    "started_at"            TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count"   INTEGER NOT NULL DEFAULT 0
)`

/**
 * Brings the database's schema to this program's: applies what is missing of prisma/migrations, oldest first, each in
 * one transaction with its row in `_prisma_migrations` (so `prisma migrate` sees the same history). Only one process
 * does so at a time; the others wait for it and find nothing to do.
 *
 * A schema newer than this program is left as it is, and the program runs on it: migrations only add (expand), so what ran before
 * goes on, may start anew, and may be gone back to. One that takes something away (contract) raises the floor: it writes
 * `COMMENT ON TABLE "_prisma_migrations" IS 'floor: <name>'` with the name of the migration that brought what is used instead. Who
 * does not know that one is refused.
 *
 * Throws a MigrationError, having changed nothing, when the schema's floor is newer than this program, when a migration
 * was edited after it was applied, or when an earlier one failed half-way; an `unavailable` AppError when the database doesn't
 * answer in time.
 */
export async function migrate(url: string, options: MigrateOptions): Promise<{ applied: string[] }> {
  const known = await readMigrations(options.folder ?? MIGRATIONS)
  const client = await connect(url, options)
  // Also what waits for another process's lock.
  const abort = () => void client.end().catch(() => {})
  options.signal?.addEventListener('abort', abort, { once: true })
  try {
    await client.query(`SET statement_timeout = '10min'`)
    await client.query('SELECT pg_advisory_lock($1)', [LOCK])
    await client.query('SET statement_timeout = 0')
    await options.before?.(async <Row>(sql: string, values: readonly unknown[]) => {
      const { rows } = await client.query(sql, [...values])
      return rows as Row[]
    })
    const history = await readHistory(client)
    const newer = history.filter((row) => !known.some(({ name }) => name === row.migration_name))
    const missing = missingOf(known, history)
    if (newer.length > 0) {
      const names = newer.map((row) => row.migration_name).join(', ')
      if (missing.length > 0 || !(await isAboveFloor(client, known)))
        throw new MigrationError(
          `the database's schema is newer than this server: it has the migrations ${names}; start a server that knows them`,
        )
      options.log.warn({ migrations: names }, "the database's schema is newer than this server, which may run on it")
    }
    if (missing.length > 0) await client.query(HISTORY_TABLE)
    for (const migration of missing) {
      options.signal?.throwIfAborted()
      await apply(client, migration)
      options.log.info({ migration: migration.name }, 'migration applied')
    }
    return { applied: missing.map(({ name }) => name) }
  } catch (error) {
    options.signal?.throwIfAborted()
    throw mapDbError(error)
  } finally {
    options.signal?.removeEventListener('abort', abort)
    // Ends the session, and with it the lock.
    await client.end().catch(() => {})
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  return Promise.all(
    names.toSorted().map(async (name) => {
      const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: sha256(sql) }
    }),
  )
}

async function connect(url: string, { log, signal, waitMs = 30_000 }: MigrateOptions): Promise<pg.Client> {
  const deadline = performance.now() + waitMs
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted()
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 5000,
      application_name: 'moorage-migrate',
    })
    // An error between queries must not end the process; the next query fails with it.
    client.on('error', (error) => log.warn({ err: error }, 'the connection of the migration broke'))
    try {
      await client.connect()
      return client
    } catch (error) {
      client.end().catch(() => {})
      const wait = backoffMs(attempt, { baseMs: 200, maxMs: 2000 })
      if (!isUnavailable(error) || performance.now() + wait > deadline) throw mapDbError(error)
      log.warn({ err: error }, 'the database does not answer yet')
      await sleep(wait, signal)
    }
  }
}

async function readHistory(client: pg.Client): Promise<Applied[]> {
  const table = await client.query<{ found: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found`)
  if (!table.rows[0]?.found) return []
  const history = await client.query<Applied>(
    `SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name`,
  )
  return history.rows
}

function missingOf(known: readonly Migration[], history: readonly Applied[]): Migration[] {
  for (const row of history) {
    const migration = known.find(({ name }) => name === row.migration_name)
    if (row.finished_at === null) {
      throw new MigrationError(
        `the migration ${row.migration_name} failed half-way; mend the schema by hand, then mark it with: prisma migrate resolve`,
      )
    }
    if (migration && migration.checksum !== row.checksum) {
      throw new MigrationError(
        `the migration ${row.migration_name} was changed after it was applied to this database; restore its file`,
      )
    }
  }
  return known.filter(({ name }) => !history.some((row) => row.migration_name === name))
}

/** Whether this program knows the migration that the schema asks for. */
async function isAboveFloor(client: pg.Client, known: readonly Migration[]): Promise<boolean> {
  const { rows } = await client.query<{ comment: string | null }>(
    `SELECT obj_description('_prisma_migrations'::regclass, 'pg_class') AS comment`,
  )
  const [, floor] = FLOOR.exec(rows[0]?.comment ?? '') ?? []
  return floor === undefined || known.some(({ name }) => name === floor)
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(migration.sql)
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw isUnavailable(error)
      ? error
      : new MigrationError(
          `the migration ${migration.name} failed, and nothing of it was kept: ${(error as Error).message}`,
          { cause: error },
        )
  }
}
