import type { Json } from '../lib/canonical.ts'
import { Cursor, isDict } from './cursor.ts'

/** The name that `extends` gives, in both of its forms; null where it gives none. */
export function extendsOf(service: Cursor): string | null {
  const { value } = service.get('extends')
  const name = isDict(value) ? value['service'] : value
  return typeof name === 'string' ? name : null
}

/**
 * The services with `extends` carried out, by Compose's own merge rules: maps merge, the later scalar wins, lists are
 * joined (by key, or by mount target, where they stand for maps), `command`, `entrypoint` and a health check's `test`
 * are replaced. An unknown base, another file and a circle are problems; such a service stays as it is written.
 */
export function extendServices(services: Cursor): Map<string, Cursor> {
  const own = new Map(services.entries())
  const done = new Map<string, Cursor>()
  for (const name of own.keys()) {
    const chain: string[] = []
    let at: string | null = name
    while (at !== null && !done.has(at) && !chain.includes(at)) {
      chain.push(at)
      const service: Cursor | undefined = own.get(at)
      const base: string | null = service ? extendsOf(service) : null
      const place: Cursor | undefined = service?.get('extends')
      if (base !== null && !own.has(base)) place?.invalid('names a service that the document does not have')
      else if (base !== null && chain.includes(base)) place?.invalid('services extend each other in a circle')
      else {
        at = base
        continue
      }
      at = null
    }
    for (const link of chain.toReversed()) {
      const service = own.get(link)
      const base = service ? done.get(extendsOf(service) ?? '') : undefined
      if (service) done.set(link, base ? mergeService(base, service) : service)
    }
  }
  return new Map([...own.keys()].map((name) => [name, done.get(name) ?? services.get(name)]))
}

type Merge = (base: Cursor, own: Cursor) => Json

/** Where a member was written, beside its value. */
interface Member {
  readonly value: Json
  readonly path: string
}

const members = (cursor: Cursor): [string, Member][] =>
  cursor.entries().map(([key, member]) => [key, { value: member.value ?? null, path: member.path }])

function build(list: readonly Member[], cursor: Cursor): Json[] {
  const result = list.map(({ value }) => value)
  cursor.context.origins.set(result, new Map(list.map(({ path }, index) => [String(index), path])))
  return result
}

function buildMap(map: ReadonlyMap<string, Member>, cursor: Cursor): Json {
  const result = Object.fromEntries([...map].map(([key, { value }]) => [key, value]))
  cursor.context.origins.set(result, new Map([...map].map(([key, { path }]) => [key, path])))
  return result
}

const items = (cursor: Cursor): Member[] => cursor.items().map(({ value, path }) => ({ value: value ?? null, path }))

const replace: Merge = (_, own) => own.value ?? null
const join: Merge = (base, own) => build([...items(base), ...items(own)], own)

/** Joins two lists; an item of the same key takes the place of the one before it. */
const joinBy =
  (keyOf: (value: Json) => string): Merge =>
  (base, own) => {
    const joined = new Map<string, Member>()
    for (const item of [...items(base), ...items(own)]) joined.set(keyOf(item.value), item)
    return build([...joined.values()], own)
  }

/** Merges two maps that may be written as lists of `KEY=value` (or of names, for which `filler` stands). */
const mergeKeyed =
  (separator: RegExp | null, filler: Json = null): Merge =>
  (base, own) => {
    const merged = new Map<string, Member>()
    for (const cursor of [base, own]) {
      for (const [key, member] of keyed(cursor, separator, filler)) {
        const before = merged.get(key)
        merged.set(key, before ? mergeMember(before, member, own, key) : member)
      }
    }
    return buildMap(merged, own)
  }

function keyed(cursor: Cursor, separator: RegExp | null, filler: Json): [string, Member][] {
  if (isDict(cursor.value)) return members(cursor)
  return items(cursor).map((item) => {
    const text = String(item.value)
    const at = separator ? text.search(separator) : -1
    return at === -1 ? [text, { ...item, value: filler }] : [text.slice(0, at), { ...item, value: text.slice(at + 1) }]
  })
}

function mergeMember(before: Member, member: Member, cursor: Cursor, key: string): Member {
  if (!isDict(before.value) || !isDict(member.value)) return member
  const merged = mergeMaps(
    new Cursor(before.value, before.path, cursor.context),
    new Cursor(member.value, member.path, cursor.context),
    key,
  )
  return { value: merged, path: member.path }
}

const environment = mergeKeyed(/=/)
const hostsOf = (cursor: Cursor): Member[] =>
  isDict(cursor.value)
    ? members(cursor).flatMap(([host, { value, path }]) =>
        (Array.isArray(value) ? value : [value]).map((ip) => ({ value: `${host}=${String(ip)}`, path })),
      )
    : items(cursor)

/** Rules for the keys of a service, by their path below it. */
const RULES: Readonly<Record<string, Merge>> = {
  extends: (base) => base.value ?? null,
  command: replace,
  entrypoint: replace,
  'healthcheck.test': replace,
  environment,
  labels: environment,
  'deploy.labels': environment,
  extra_hosts: (base, own) => build([...hostsOf(base), ...hostsOf(own)], own),
  depends_on: mergeKeyed(null, { condition: 'service_started' }),
  networks: mergeKeyed(null),
  logging: (base, own) => {
    const drivers = [base.get('driver').value, own.get('driver').value]
    return drivers[0] === drivers[1] || drivers.includes(undefined)
      ? mergeMaps(base, own, 'logging')
      : (own.value ?? null)
  },
  ports: join,
  volumes: joinBy((value) =>
    isDict(value) ? String(value['target']) : (String(value).split(':')[1] ?? String(value)),
  ),
  tmpfs: joinBy((value) => String(value).split(':')[0] ?? ''),
}

/** Lists in which an item stands once. */
const SETS: ReadonlySet<string> = new Set([
  'cap_add',
  'cap_drop',
  'dns',
  'dns_opt',
  'dns_search',
  'expose',
  'group_add',
  'profiles',
])

function merge(base: Cursor, own: Cursor, rule: string): Json {
  if (!own.given) return base.value ?? null
  if (!base.given) return own.value ?? null
  const special = Object.hasOwn(RULES, rule) ? RULES[rule] : undefined
  if (special) return special(base, own)
  if (SETS.has(rule)) return joinBy(String)(base, own)
  if (isDict(base.value) && isDict(own.value)) return mergeMaps(base, own, rule)
  if (Array.isArray(base.value) && Array.isArray(own.value)) return join(base, own)
  return own.value ?? null
}

function mergeMaps(base: Cursor, own: Cursor, rule: string): Json {
  const merged = new Map<string, Member>(members(base))
  for (const [key, member] of own.entries()) {
    const before = base.get(key)
    const value = merge(before, member, rule === '' ? key : `${rule}.${key}`)
    merged.set(key, { value, path: member.given || !before.given ? member.path : before.path })
  }
  return buildMap(merged, own)
}

function mergeService(base: Cursor, own: Cursor): Cursor {
  const merged = mergeMaps(base, own, '')
  if (isDict(merged)) delete merged['extends']
  return new Cursor(merged, own.path, own.context)
}
