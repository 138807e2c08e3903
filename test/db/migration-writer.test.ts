import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { writeMigration } from '../../scripts/migration-writer.ts'
import { openSchemaDiff } from '../../scripts/schema-diff.ts'
import { sqlStatements } from '../../scripts/sql-statements.ts'
import { migrate } from '../../src/db/migrate.ts'
import { emptyDatabase, quiet } from '../lab/database.ts'

const model = (fields: string) =>
  `datasource db {\n provider = "postgresql"\n}\nmodel Boat {\n id Int @id\n ${fields}\n}\n`
const CHECK = `-- Boats float.\nALTER TABLE "Boat" ADD CONSTRAINT "floats" CHECK ("id" > 0);\n`
const PARTIAL = `CREATE UNIQUE INDEX "one_name" ON "Boat" ("name") WHERE "name" <> ';';\n`

const diff = await openSchemaDiff(model(''))
const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, second))
const sqlOf = (folder: string, directory: string | null) =>
  readFile(join(folder, directory ?? '', 'migration.sql'), 'utf8')

t.test('each migration holds what is new since the last one, and all of them apply', async (t) => {
  const folder = t.testdir()
  const first = await writeMigration({ folder, name: 'init', schema: model(''), constraints: CHECK, diff, now: at(1) })
  t.equal(first, '20300101000001_init')
  t.same((await readdir(folder)).toSorted(), ['20300101000001_init', 'migration_lock.toml'])
  t.match(
    await sqlOf(folder, first),
    /CREATE TABLE "Boat"[\s\S]*-- Boats float\.\nALTER TABLE "Boat" ADD CONSTRAINT "floats"/,
  )
  t.notMatch(await sqlOf(folder, first), /CREATE SCHEMA/)

  const named = model('name String?')
  const second = await writeMigration({
    folder,
    name: 'name',
    schema: named,
    constraints: CHECK + PARTIAL,
    diff,
    now: at(2),
  })
  const sql = await sqlOf(folder, second)
  t.match(sql, /ALTER TABLE "Boat" ADD COLUMN {5}"name" TEXT;[\s\S]*CREATE UNIQUE INDEX "one_name"/)
  t.notMatch(sql, /floats|DROP/, 'nothing of what is there already')

  const third = await writeMigration({
    folder,
    name: 'same',
    schema: named,
    constraints: PARTIAL + CHECK,
    diff,
    now: at(3),
  })
  t.equal(third, null, 'another order is no change')
  const { url } = await emptyDatabase(t)
  t.same(await migrate(url, { log: quiet, folder }), { applied: [first, second] })
})

t.test('a statement that is gone makes the migration fail until a person has written its DROP', async (t) => {
  const folder = t.testdir()
  const { url } = await emptyDatabase(t)
  const input = { folder, schema: model(''), diff }
  await writeMigration({ ...input, name: 'init', constraints: CHECK, now: at(1) })
  await migrate(url, { log: quiet, folder })
  const next = await writeMigration({ ...input, name: 'gone', constraints: '', now: at(2) })
  t.match(await sqlOf(folder, next), /-- constraints\.sql no longer has: ALTER TABLE "Boat" ADD CONSTRAINT "floats"/)
  await t.rejects(migrate(url, { log: quiet, folder }), { message: /a DROP is missing/ })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rowCount } = await client.query(`SELECT FROM pg_constraint WHERE conname = 'floats'`)
  t.equal(rowCount, 1)
  await client.end()
})

t.test('a name or a time that Prisma would not sort is refused', async (t) => {
  const input = { folder: t.testdir(), schema: model(''), constraints: '', diff }
  for (const name of ['', 'Add', 'a b', '../x']) await t.rejects(writeMigration({ ...input, name, now: at(1) }))
  await writeMigration({ ...input, name: 'init', now: at(5) })
  await t.rejects(writeMigration({ ...input, schema: model('x Int'), name: 'x', now: at(4) }), {
    message: /would not follow/,
  })
})

t.test('statements are split where they end, not where a text has a semicolon', async (t) => {
  const script = `-- About the file; all of it.\n\n-- One; two.\nSELECT 'a;b', "c;d"; CREATE FUNCTION f() AS $$ x; y; $$; /* ; */ SELECT\n  1;\n`
  t.same(sqlStatements(script), [
    { text: `-- One; two.\nSELECT 'a;b', "c;d";`, meaning: `SELECT 'a;b', "c;d";` },
    { text: 'CREATE FUNCTION f() AS $$ x; y; $$;', meaning: 'CREATE FUNCTION f() AS $$ x; y; $$;' },
    { text: '/* ; */ SELECT\n  1;', meaning: 'SELECT 1;' },
  ])
  t.throws(() => sqlStatements('SELECT 1'), /no semicolon/)
  t.same(sqlStatements('-- nothing\n'), [])
})
