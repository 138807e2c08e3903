// npm run db:migration -- <name>: writes the next migration from what has changed in prisma/schema.prisma and
// prisma/constraints.sql since the last one. Needs no database and no network.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { writeMigration } from './migration-writer.ts'
import { openSchemaDiff } from './schema-diff.ts'

const prisma = fileURLToPath(new URL('../prisma/', import.meta.url))
const schema = await readFile(`${prisma}schema.prisma`, 'utf8')
const constraints = await readFile(`${prisma}constraints.sql`, 'utf8')
const name = process.argv[2]
if (name === undefined) {
  console.error('usage: npm run db:migration -- <name>, for example add_registries')
  process.exitCode = 2
} else {
  const diff = await openSchemaDiff(schema)
  const folder = `${prisma}migrations`
  const directory = await writeMigration({ folder, name, schema, constraints, diff, now: new Date() })
  if (directory) console.log(`wrote prisma/migrations/${directory}; read it before you commit it`)
  else console.log('nothing has changed since the last migration')
}
