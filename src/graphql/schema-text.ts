import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('..', import.meta.url))

/** The schema as its parts say it: `base.graphql`, and the file beside each module. */
export function schemaText(): string {
  const files = ['graphql/base.graphql', ...globSync('modules/*/*.graphql', { cwd: SRC }).toSorted()]
  return files.map((file) => readFileSync(`${SRC}${file}`, 'utf8')).join('\n')
}
