import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Json } from '../../../src/lib/canonical.ts'
import { ENGINES } from '../../../src/spec/capabilities.ts'
import { CAPABILITIES } from '../../../src/spec/compose-keys.ts'
import { composeTable } from '../../../src/spec/compose-table.ts'

type Dict = { [key: string]: Json }
const isDict = (value: Json | undefined): value is Dict =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const schema = JSON.parse(
  readFileSync(new URL('../../../src/spec/compose-spec.schema.json', import.meta.url), 'utf8'),
) as Dict

/** The pattern of every key that the schema names. */
function patterns(node: Json | undefined, at: string, found: Set<string>): Set<string> {
  if (!isDict(node)) return found
  const { $ref: ref } = node
  if (typeof ref === 'string') {
    const target = ref
      .slice(2)
      .split('/')
      .reduce<Json | undefined>((value, key) => (isDict(value) ? value[key] : undefined), schema)
    if (!target) throw new Error(`the schema has no ${ref}`)
    return patterns(target, at, found)
  }
  for (const choice of ['oneOf', 'anyOf', 'allOf'])
    for (const branch of (node[choice] as Json[] | undefined) ?? []) patterns(branch, at, found)
  for (const [key, member] of Object.entries((node['properties'] as Dict | undefined) ?? {})) {
    const pattern = at === '' ? key : `${at}.${key}`
    found.add(pattern)
    patterns(member, pattern, found)
  }
  for (const [key, member] of Object.entries((node['patternProperties'] as Dict | undefined) ?? {})) {
    if (key !== '^x-') patterns(member, `${at}.*`, found)
  }
  return patterns(node['items'], `${at}[]`, found)
}

const known = patterns(schema, '', new Set())

/** What is above a pattern. */
function above(pattern: string): string[] {
  const keys = pattern.split('.')
  return keys.slice(1).flatMap((_, index) => {
    const parent = keys.slice(0, index + 1).join('.')
    return [parent, parent.replace(/(\[\])+$/, '')]
  })
}

for (const engine of ENGINES) {
  t.test(`every key of the Compose schema must have a row for ${engine}`, async (t) => {
    t.ok(known.size > 250, `the walk finds keys (${known.size})`)
    for (const pattern of known) {
      const refusedAbove = above(pattern).some((parent) => CAPABILITIES[parent]?.[engine].level === 'refused')
      if (!CAPABILITIES[pattern]?.[engine] && !refusedAbove) t.fail(`no row for ${pattern}`)
    }
  })
}

t.test('every row must be a key of the Compose schema, or of x-moorage', async (t) => {
  for (const pattern of Object.keys(CAPABILITIES)) {
    if (pattern !== 'x-moorage' && !pattern.startsWith('x-moorage.') && !known.has(pattern))
      t.fail(`the schema has no ${pattern}`)
  }
})

t.test('what is not simply supported says why, or what happens instead', async (t) => {
  for (const { path, note, on } of composeTable()) {
    for (const engine of ENGINES)
      if (on[engine].level !== 'supported') t.not(`${note}${on[engine].note}`, '', `${path} ${engine}`)
  }
})

t.test('what is below a refused key is refused with it', async (t) => {
  const route = composeTable().find(({ path }) => path === 'x-moorage.routes[].host')
  t.match(route?.on, {
    docker: { level: 'refused', note: 'with `x-moorage.routes`' },
    kubernetes: { level: 'supported' },
  })
})

t.test('docs/compose.md has every row', async (t) => {
  const page = readFileSync(new URL('../../../docs/compose.md', import.meta.url), 'utf8')
  for (const { path, on } of composeTable()) {
    const levels = ENGINES.map((engine) => on[engine].level).join(' | ')
    t.ok(page.includes(`| \`${path}\` | ${levels} |`), path)
  }
})
