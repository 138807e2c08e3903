/**
 * Writes the generated files that are committed; `--check` writes nothing and fails where one of them is not what it
 * would write, so that documents and code never tell two stories.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientSchema } from '../clients/typescript/generate.ts'
import { SETTINGS } from '../src/config.ts'
import { ERROR_CODES } from '../src/errors/codes.ts'
import { EVENT_TYPES } from '../src/events/index.ts'
import { openapiDocument } from '../src/http/index.ts'
import { composeTable } from '../src/spec/compose-table.ts'
import { graphqlSchema, resolverTypes } from './graphql-types.ts'
import { composePage, errorsPage, eventsPage, type Setting, settingsPage } from './generated-pages.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')

const openapi = `${JSON.stringify(await openapiDocument(), null, 2)}\n`

const FILES: Readonly<Record<string, () => string | Promise<string>>> = {
  'openapi/openapi.json': () => openapi,
  'clients/typescript/src/schema.ts': async () => await clientSchema(openapi),
  'openapi/schema.graphql': () => graphqlSchema(),
  'src/modules/resolver-types/index.ts': async () => await resolverTypes(),
  'docs/errors.md': () => errorsPage(ERROR_CODES),
  'docs/events.md': () => eventsPage(EVENT_TYPES),
  'docs/settings.md': () => settingsPage(SETTINGS.properties as Readonly<Record<string, Setting>>),
  'docs/compose.md': () => composePage(composeTable()),
}

const check = process.argv.includes('--check')
for (const [file, make] of Object.entries(FILES)) {
  const wanted = await make()
  if (wanted === read(file)) continue
  if (check) {
    console.log(`${file} is not what the code says: run \`npm run generate\` and commit it`)
    process.exitCode = 1
  } else {
    writeFileSync(join(ROOT, file), wanted)
    console.log(`wrote ${file}`)
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(join(ROOT, file), 'utf8')
  } catch {
    return null
  }
}
