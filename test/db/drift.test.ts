import { readFile } from 'node:fs/promises'
import pg from 'pg'
import t from 'tap'
import { openSchemaDiff } from '../../scripts/schema-diff.ts'
import { emptyDatabase, labDatabase, type Teardown } from '../lab/database.ts'

const read = (file: string) => readFile(new URL(`../../prisma/${file}`, import.meta.url), 'utf8')

/** All that a schema is, in the catalogs' own words, sorted. */
const CATALOGS = {
  columns: `SELECT table_name, column_name, data_type, udt_name, datetime_precision, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public'`,
  indexes: `SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'`,
  constraints: `SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), condeferrable, condeferred, convalidated
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace`,
  triggers: `SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal`,
  functions: `SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
}

async function catalogsOf(t: Teardown, url: string, script = '') {
  const client = new pg.Client({ connectionString: url })
  // Dropping the database ends the connection.
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.end())
  await client.query(script)
  const lines: Record<string, string[]> = {}
  for (const [name, sql] of Object.entries(CATALOGS)) {
    const { rows } = await client.query({ text: sql, rowMode: 'array' })
    lines[name] = rows
      .map((row) => JSON.stringify(row))
      .filter((line) => !line.includes('_prisma_migrations'))
      .toSorted()
  }
  return lines
}

const schema = await read('schema.prisma')
const constraints = await read('constraints.sql')
const diff = await openSchemaDiff(schema)
const wanted = await catalogsOf(t, (await emptyDatabase(t)).url, `${await diff(null, schema)}\n${constraints}`)

t.test('the migrations build what schema.prisma and constraints.sql say', async (t) => {
  const built = await catalogsOf(t, (await labDatabase(t)).url)
  t.same(built, wanted, 'where they differ, `npm run db:migration -- <name>` writes the missing migration')
})

t.test('each kind of difference is seen', async (t) => {
  for (const [kind, change] of Object.entries({
    columns: 'ALTER TABLE tenants ALTER COLUMN display_name SET NOT NULL',
    indexes: 'DROP INDEX operations_queued_idx',
    constraints: 'ALTER TABLE tokens DROP CONSTRAINT tokens_role_check',
    triggers: 'DROP TRIGGER operations_forward_only ON operations',
    functions: `CREATE OR REPLACE FUNCTION operations_forward_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
  })) {
    const changed = await catalogsOf(t, (await labDatabase(t)).url, change)
    t.notSame(changed[kind], wanted[kind], kind)
  }
})
