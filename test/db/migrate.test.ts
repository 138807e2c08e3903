import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { migrate } from '../../src/db/migrate.ts'
import { emptyDatabase, ownPostgres, quiet, type Teardown } from '../lab/database.ts'

const MIGRATIONS = new URL('../../prisma/migrations/', import.meta.url)
const names = (await readdir(MIGRATIONS, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .toSorted()

async function open(t: Teardown): Promise<{ url: string; client: pg.Client }> {
  const { url } = await emptyDatabase(t)
  const client = new pg.Client({ connectionString: url })
  // Dropping the database ends the connection.
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.end())
  return { url, client }
}

/** A history of its own, to be changed. */
async function copyHistory(t: Teardown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'moorage-migrations-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await cp(MIGRATIONS, folder, { recursive: true })
  return folder
}

async function addMigration(folder: string, name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name))
  await writeFile(join(folder, name, 'migration.sql'), sql)
}

t.test('an empty database gets all migrations, once, in the form of Prisma Migrate', async (t) => {
  const { url, client } = await open(t)
  t.same(await migrate(url, { log: quiet }), { applied: names })
  t.same(await migrate(url, { log: quiet }), { applied: [] })
  const { rows } = await client.query('SELECT * FROM _prisma_migrations ORDER BY migration_name')
  t.equal(rows.length, names.length)
  for (const [at, row] of rows.entries()) {
    t.match(row, {
      id: /^[0-9a-f-]{36}$/,
      checksum: /^[0-9a-f]{64}$/,
      migration_name: names[at],
      finished_at: Date,
      started_at: Date,
      rolled_back_at: null,
      logs: null,
      applied_steps_count: 1,
    })
  }
})

t.test('several servers that start at once migrate once', async (t) => {
  const { url } = await open(t)
  const results = await Promise.all(Array.from({ length: 5 }, () => migrate(url, { log: quiet })))
  t.same(
    results.flatMap(({ applied }) => applied),
    names,
  )
})

t.test(
  'a server runs on a schema that only added something, and is refused by one that took something away',
  async (t) => {
    const { url } = await open(t)
    const folder = await copyHistory(t)
    const [floor] = names.slice(-1)
    await addMigration(folder, '29990101000000_expand', 'CREATE TABLE later (id int);')
    await migrate(url, { log: quiet, folder })
    t.same(await migrate(url, { log: quiet }), { applied: [] }, 'it may start anew, and be gone back to')
    const raised = `COMMENT ON TABLE "_prisma_migrations" IS 'floor: ${floor}';`
    await addMigration(folder, '29990102000000_contract', raised)
    await migrate(url, { log: quiet, folder })
    t.same(await migrate(url, { log: quiet }), { applied: [] }, 'it knows what replaced what was taken away')
    await addMigration(folder, '29990103000000_contract', raised.replace(String(floor), '29990101000000_expand'))
    await migrate(url, { log: quiet, folder })
    const message = /newer than this server.*29990101000000_expand, 29990102000000_contract, 29990103000000_contract/
    await t.rejects(migrate(url, { log: quiet }), { name: 'MigrationError', message })
  },
)

t.test('a schema that lacks something this server has, and has something it lacks, is refused', async (t) => {
  const { url } = await open(t)
  const other = await mkdtemp(join(tmpdir(), 'moorage-migrations-'))
  t.teardown(() => rm(other, { recursive: true, force: true }))
  await addMigration(other, '29990101000000_other', 'CREATE TABLE other (id int);')
  await migrate(url, { log: quiet, folder: other })
  await t.rejects(migrate(url, { log: quiet }), { name: 'MigrationError', message: /newer than this server/ })
})

t.test('a migration that takes something away raises the floor', async (t) => {
  for (const name of names) {
    const sql = await readFile(new URL(`${name}/migration.sql`, MIGRATIONS), 'utf8')
    if (/\bDROP (TABLE|COLUMN|VIEW|TYPE)\b|\bRENAME\b|\bSET NOT NULL\b/i.test(sql)) t.match(sql, /'floor: \w+'/, name)
  }
})

t.test('what is asked before a migration sees the schema as it was, and may keep it so', async (t) => {
  const { url, client } = await open(t)
  const before = async () => {
    throw new Error('not so')
  }
  await t.rejects(migrate(url, { log: quiet, before }), { message: 'not so' })
  t.same((await client.query(`SELECT to_regclass('apps') AS apps`)).rows, [{ apps: null }])
})

t.test('a migration that was edited after it was applied is refused', async (t) => {
  const { url } = await open(t)
  await migrate(url, { log: quiet })
  const folder = await copyHistory(t)
  await appendFile(join(folder, names[0] ?? '', 'migration.sql'), '-- edited\n')
  await t.rejects(migrate(url, { log: quiet, folder }), { name: 'MigrationError', message: /was changed after/ })
})

t.test('a migration that fails leaves nothing of itself, and those before it stay', async (t) => {
  const { url, client } = await open(t)
  const folder = await copyHistory(t)
  await addMigration(folder, '29990101000000_bad', 'CREATE TABLE half (id int); SELECT 1/0;')
  await t.rejects(migrate(url, { log: quiet, folder }), {
    name: 'MigrationError',
    message: /29990101000000_bad.*division by zero/,
  })
  const { rows } = await client.query(`SELECT to_regclass('half') AS half, to_regclass('apps') IS NOT NULL AS apps`)
  t.same(rows, [{ half: null, apps: true }])
  t.same(await migrate(url, { log: quiet }), { applied: [] }, 'and a server without it starts')
})

t.test("a migration that Prisma's own tool left half-way is refused until a person has mended it", async (t) => {
  const { url, client } = await open(t)
  await migrate(url, { log: quiet })
  await client.query(`UPDATE _prisma_migrations SET finished_at = NULL`)
  await t.rejects(migrate(url, { log: quiet }), { name: 'MigrationError', message: /half-way/ })
  const rolledBack = `UPDATE _prisma_migrations SET rolled_back_at = now();
    INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
    SELECT gen_random_uuid(), checksum, migration_name, now() FROM _prisma_migrations`
  await client.query(rolledBack)
  t.same(await migrate(url, { log: quiet }), { applied: [] }, 'prisma migrate resolve')
})

t.test('a database that is still starting is waited for, one that never comes is unavailable', async (t) => {
  const postgres = await ownPostgres(t)
  await postgres.kill()
  const { promise, resolve } = Promise.withResolvers<void>()
  const migrating = migrate(postgres.url, { log: { ...quiet, warn: () => resolve() } })
  await promise
  await postgres.start()
  t.same(await migrating, { applied: names })
  await postgres.stop()
  await t.rejects(migrate(postgres.url, { log: quiet, waitMs: 0 }), { code: 'unavailable' })
  const signal = AbortSignal.abort(new Error('stop'))
  await t.rejects(migrate(postgres.url, { log: quiet, signal }), { message: 'stop' })
})
