import type { Cursor } from './cursor.ts'

export const SECOND_NS = 1_000_000_000
const DAY_NS = 86_400 * SECOND_NS

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1000,
  µs: 1000,
  μs: 1000,
  ms: 1_000_000,
  s: SECOND_NS,
  m: 60 * SECOND_NS,
  h: 3600 * SECOND_NS,
  d: DAY_NS,
  w: 7 * DAY_NS,
}

/** `1m30s`, `500ms`, `1.5h` as nanoseconds; null where it is no duration. */
export function parseDuration(text: string): number | null {
  if (text.length > 64) return null
  if (text === '0') return 0
  const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)/y
  let total = 0
  while (part.lastIndex < text.length) {
    const found = part.exec(text)
    if (!found) return null
    total += Number(found[1]) * (DURATION_UNITS[found[2] ?? ''] ?? Number.NaN)
  }
  return text === '' ? null : Math.round(total)
}

/** `128M`, `1gb`, `512` as bytes: units are binary, as Compose reads them; null where it is no size. */
export function parseBytes(text: string): number | null {
  const found = text.length > 32 ? null : /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text)
  if (!found) return null
  const power = 'kmgtp'.indexOf((found[2] ?? '').toLowerCase() || ' ') + 1
  return Math.round(Number(found[1]) * 1024 ** power)
}

/** A decimal number (`0.5`, `.5`, `2`); null where it is none. */
export function parseDecimal(text: string): number | null {
  return text.length <= 32 && /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : null
}

interface Range {
  readonly min: number
  readonly max: number
}

/** A text; a number or a boolean as it is written. null where nothing is given. */
export function readText(cursor: Cursor): string | null {
  const { value } = cursor
  if (value === undefined) return null
  if (typeof value === 'object') {
    cursor.invalid('must be a string')
    return null
  }
  return String(value)
}

/** As Compose reads it, whether written as a boolean or as the text of one. */
export function readBool(cursor: Cursor, otherwise: boolean): boolean {
  if (!cursor.given) return otherwise
  const text = String(cursor.value).toLowerCase()
  if (['true', 'yes', 'on', 'y'].includes(text)) return true
  if (['false', 'no', 'off', 'n'].includes(text)) return false
  cursor.invalid('must be true or false')
  return otherwise
}

export function readInteger(cursor: Cursor, { min, max }: Range): number | null {
  const text = readText(cursor)
  if (text === null) return null
  const number = parseDecimal(text)
  if (number !== null && Number.isInteger(number) && number >= min && number <= max) return number === 0 ? 0 : number
  cursor.invalid(`must be a whole number from ${min} to ${max}`)
  return null
}

/** Nanoseconds; at most a day, unless told otherwise. */
export function readDuration(cursor: Cursor, { min = 0, max = DAY_NS }: Partial<Range> = {}): number | null {
  const text = readText(cursor)
  if (text === null) return null
  const duration = parseDuration(text)
  if (duration !== null && duration >= min && duration <= max) return duration
  cursor.invalid(`must be a duration like 1m30s, from ${min / SECOND_NS} s to ${max / SECOND_NS} s`)
  return null
}

export function readBytes(cursor: Cursor, { min = 0, max = 2 ** 50 }: Partial<Range> = {}): number | null {
  const text = readText(cursor)
  if (text === null) return null
  const bytes = parseBytes(text)
  if (bytes !== null && bytes >= min && bytes <= max) return bytes
  cursor.invalid(`must be a size like 128M, from ${min} to ${max} bytes`)
  return null
}

/** Fractions of a CPU, exact to a billionth. */
export function readCpus(cursor: Cursor): number | null {
  const text = readText(cursor)
  if (text === null) return null
  const cpus = parseDecimal(text)
  if (cpus !== null && (cpus === 0 || (cpus >= 0.001 && cpus <= 1024))) return Math.round(cpus * 1e9) / 1e9
  cursor.invalid('must be a number of CPUs from 0.001 to 1024, or 0 for no limit')
  return null
}

/** One of a few words, of which the capability table lets no other through. */
export function readWord<Word extends string>(cursor: Cursor, words: readonly Word[], otherwise: Word): Word {
  const text = readText(cursor)
  return words.find((known) => known === text) ?? otherwise
}
