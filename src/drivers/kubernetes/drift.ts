import { canonicalJson } from '../../lib/canonical.ts'
import { storable } from '../../lib/storable-text.ts'
import type { Drift } from '../../planning/index.ts'
import { comparable, type Manifest } from './applied.ts'
import { owned, type Owned } from './owned.ts'
import { equalQuantities } from './quantity.ts'

const MOST = 20
const MOST_CHARS = 1024
const HIDDEN = '***'

/** A difference, with the place of what others added among the items of the live object's lists. */
export interface Difference extends Drift {
  /** JSON Pointer into the live object, which names items by their index. */
  readonly place: string
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Where a live object is not what was applied of it: every declared field must be there and equal. What others added is no difference, but
 * where an addition changes what runs (see owned.ts). An item of a list is named by what tells it from the others: `…/containers/web`.
 * Of Secrets and environments it says that they differ, never what they hold. Pure; at most 20.
 */
export function driftOf(applied: Manifest, live: Manifest): Drift[] {
  return compare(applied, live)
    .slice(0, MOST)
    .map(({ path, desired, actual }) => ({ path: storable(path, MOST_CHARS), desired, actual }))
}

/** What others added where that changes what runs; all of it. */
export function additions(applied: Manifest, live: Manifest): Difference[] {
  return compare(applied, live).filter(({ desired, actual }) => desired === null && actual !== null)
}

function compare(applied: Manifest, live: Manifest): Difference[] {
  const comparison = new Comparison(applied.kind === 'Secret')
  const { kind: _, apiVersion: __, status: ___, metadata, ...rest } = applied
  const actual = comparable({ ...live, kind: applied.kind })
  comparison.fields({ metadata: declaredMetadata(metadata), ...rest }, actual, ROOT, owned(String(applied.kind)))
  return comparison.found
}

/** The rest of it is the API server's. */
function declaredMetadata(metadata: unknown): Fields {
  const { labels, annotations } = isFields(metadata) ? metadata : {}
  return { ...(labels !== undefined && { labels }), ...(annotations !== undefined && { annotations }) }
}

interface At {
  /** Names of fields, and of items by their keys. */
  readonly path: readonly string[]
  readonly place: readonly string[]
}

const ROOT: At = { path: [], place: [] }

function under({ path, place }: At, name: string, index: number | string = name): At {
  return { path: [...path, name], place: [...place, String(index)] }
}

class Comparison {
  readonly found: Difference[] = []
  readonly #secret: boolean

  constructor(secret: boolean) {
    this.#secret = secret
  }

  fields(desired: Fields, actual: Fields, at: At, own: Owned): void {
    for (const [name, value] of Object.entries(desired))
      this.#value(value, memberOf(actual, name), under(at, name), own.in(name))
    for (const name of Object.keys(actual)) {
      const mine = own.in(name)
      if (memberOf(desired, name) !== undefined || !mine.whole) continue
      if (mine.key && Array.isArray(actual[name])) this.#items([], actual[name], under(at, name), mine)
      else this.#add(null, actual[name], under(at, name))
    }
  }

  #value(desired: unknown, actual: unknown, at: At, own: Owned): void {
    if (isFields(desired) && isFields(actual)) this.fields(desired, actual, at, own)
    else if (own.key && Array.isArray(desired) && Array.isArray(actual)) this.#items(desired, actual, at, own)
    else if (!isSame(desired, actual) && !(own.quantities && equalQuantities(desired, actual)))
      this.#add(desired, actual ?? null, at)
  }

  #items(desired: readonly unknown[], actual: readonly unknown[], at: At, own: Owned): void {
    const live = new Map(actual.map((item, index) => [own.keyOf(item, index), { item, index }]))
    for (const [nth, item] of desired.entries()) {
      const key = own.keyOf(item, nth)
      const found = live.get(key)
      live.delete(key)
      this.#value(item, found?.item, under(at, key, found?.index ?? '-'), own.item)
    }
    if (own.whole) for (const [key, { item, index }] of live) this.#add(null, item, under(at, key, index))
  }

  #add(desired: unknown, actual: unknown, at: At): void {
    const hide = (value: unknown): unknown => {
      if (value === null || value === undefined) return null
      return this.#isHidden(at.path) ? HIDDEN : cut(withoutEnvironment(value))
    }
    this.found.push({ path: pointer(at.path), place: pointer(at.place), desired: hide(desired), actual: hide(actual) })
  }

  #isHidden(path: readonly string[]): boolean {
    return (this.#secret && ['data', 'stringData'].includes(path[0] ?? '')) || path.includes('env')
  }
}

/** Nothing and an empty list or map are the same to an API server, which leaves them out. */
function isSame(desired: unknown, actual: unknown): boolean {
  if (actual === undefined || actual === null) return isEmpty(desired)
  return canonicalJson(desired) === canonicalJson(actual)
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function withoutEnvironment(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEnvironment)
  if (!isFields(value)) return value
  const shown = Object.entries(value).map(([key, member]) => [key, key === 'env' ? HIDDEN : withoutEnvironment(member)])
  return Object.fromEntries(shown)
}

function cut(value: unknown): unknown {
  if (typeof value === 'string') return storable(value, MOST_CHARS)
  const text = canonicalJson(value)
  return text.length > MOST_CHARS ? storable(text, MOST_CHARS) : value
}

function pointer(parts: readonly string[]): string {
  return parts.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** Not what every object has, like `constructor`. */
function memberOf(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
