import { sha256 } from './ids.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/**
 * The one JSON text of a value: object keys sorted by code unit, no white space, members that are
 * `undefined` left out (after RFC 8785, whose number form is JavaScript's own).
 * Equal meaning gives equal text. Throws a TypeError on what JSON has no word for.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('canonical JSON has no word for NaN or Infinity')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`
  if (typeof value === 'object') {
    // Every request's body and every release go through here: one pass, in the order of code units that sorting texts has.
    let text = ''
    for (const key of Object.keys(value).toSorted()) {
      const member: unknown = Reflect.get(value, key)
      if (member !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`
    }
    return `{${text}}`
  }
  throw new TypeError(`canonical JSON has no word for a ${typeof value}`)
}

/** The SHA-256 (hex) of a value's canonical JSON. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value))
}
