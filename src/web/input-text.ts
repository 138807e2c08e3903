import type { InputError } from '../errors/app-error.ts'

const MAX_DEPTH = 64

/** What is wrong with a text that no schema says: null, or the end of a sentence about it. Postgres can store neither. */
export function badText(text: string): string | null {
  if (text.includes('\u0000')) return 'holds a NUL character'
  return text.isWellFormed() ? null : 'holds half of a surrogate pair'
}

/** A reference token of a JSON Pointer (RFC 6901, section 4). */
export function pointerToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

/**
 * The first place of an input that no schema says and nothing behind could hold: texts that Postgres can't store, numbers beyond
 * a double's range, and nesting deeper than 64.
 */
export function findBadInput(value: unknown, path: string, depth = 0): InputError | null {
  if (typeof value === 'string') return badAt(value, path)
  if (typeof value === 'number')
    return Number.isFinite(value) ? null : { path, message: 'is beyond the range of numbers' }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null
  if (depth >= MAX_DEPTH) return { path, message: `is nested deeper than ${MAX_DEPTH} levels` }
  for (const [key, member] of Object.entries(value)) {
    const error = badAt(key, path) ?? findBadInput(member, `${path}/${pointerToken(key)}`, depth + 1)
    if (error) return error
  }
  return null
}

function badAt(text: string, path: string): InputError | null {
  const message = badText(text)
  return message === null ? null : { path, message }
}
