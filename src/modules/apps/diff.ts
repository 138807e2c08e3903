import { canonicalJson } from '../../lib/canonical.ts'

export interface SpecChange {
  /** JSON Pointer (RFC 6901). */
  readonly path: string
  /** null where it is not there. */
  readonly from: unknown
  readonly to: unknown
}

const MASK = '***'

/**
 * What differs between two specs, in the order of paths: objects member by member, all else (lists too) as a whole.
 * Values of environment variables are never shown, only that they differ.
 */
export function diffSpecs(from: unknown, to: unknown): SpecChange[] {
  return [...differences([], from, to)].map(({ keys, before, after }) => ({
    path: keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    from: mask(keys, before),
    to: mask(keys, after),
  }))
}

/** A spec with the values of all environment variables hidden. */
export function maskSpec(spec: unknown): unknown {
  return mask([], spec)
}

interface Difference {
  readonly keys: readonly string[]
  readonly before: unknown
  readonly after: unknown
}

function* differences(keys: readonly string[], before: unknown, after: unknown): Generator<Difference> {
  if (!isObject(before) || !isObject(after)) {
    if (canonicalJson(before) !== canonicalJson(after)) yield { keys, before, after }
    return
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)].toSorted())) {
    yield* differences([...keys, key], own(before, key), own(after, key))
  }
}

/** `value`, found at `keys` of a spec, with what is at /services/<name>/environment/<key> in or around it hidden. */
function mask(keys: readonly string[], value: unknown): unknown {
  if (value === null) return null
  if (keys[0] === 'services' && keys[2] === 'environment' && keys.length > 3) return MASK
  const mayHold = [undefined, 'services'].includes(keys[0]) && [undefined, 'environment'].includes(keys[2])
  if (!mayHold || !isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mask([...keys, key], member)]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member, null where there is none. */
function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : null
}
