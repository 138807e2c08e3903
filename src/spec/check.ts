import type { Json } from '../lib/canonical.ts'
import { type Capability, type Engine, ENGINES, type Row } from './capabilities.ts'
import { CAPABILITIES } from './compose-keys.ts'
import { isDict, type Cursor } from './cursor.ts'
import type { Notes } from './notes.ts'
import { parseDecimal } from './units.ts'

/** Which shape the table gives to what is below a pattern: named keys, any name, or free. */
interface Allowed {
  readonly named: ReadonlySet<string>
  readonly any: ReadonlySet<string>
}

/** Reads the shape out of the table's patterns. */
function shapeOf(table: Readonly<Record<string, Row>>): Allowed {
  const named = new Set<string>([''])
  const any = new Set<string>()
  for (const pattern of Object.keys(table)) {
    const keys = pattern.split('.')
    for (let i = 1; i < keys.length; i++) {
      const parent = keys.slice(0, i).join('.')
      if (keys[i] === '*') any.add(parent)
      else named.add(parent)
    }
  }
  return { named, any }
}

/** Of what is supported. Made once: it costs a sixth of reading a document. */
const SHAPE: Allowed = shapeOf(CAPABILITIES)

/**
 * Holds a place of the document against the table: what no engine takes is a problem, what some don't, or what is approximated, a note.
 * `engines` are those that have not refused what is above.
 */
export function check(cursor: Cursor, pattern: string, notes: Notes, engines: readonly Engine[] = ENGINES): void {
  if (Array.isArray(cursor.value)) {
    if (SHAPE.named.has(`${pattern}[]`)) for (const item of cursor.items()) check(item, `${pattern}[]`, notes, engines)
    return
  }
  if (!isDict(cursor.value)) return
  const named = SHAPE.named.has(pattern)
  for (const [key, member] of cursor.entries()) {
    if (named) checkKey(key, member, pattern, notes, engines)
    else if (SHAPE.any.has(pattern)) check(member, `${pattern}.*`, notes, engines)
  }
}

function checkKey(key: string, member: Cursor, parent: string, notes: Notes, engines: readonly Engine[]): void {
  const pattern = parent === '' ? key : `${parent}.${key}`
  const plain = /^[A-Za-z0-9_-]+$/.test(key)
  const row = plain && Object.hasOwn(CAPABILITIES, pattern) ? CAPABILITIES[pattern] : undefined
  if (!row) {
    if (key === 'x-moorage') member.refuse('x-moorage stands at the top of the document alone')
    else if (parent.startsWith('x-moorage')) member.refuse('not supported yet')
    else if (!key.startsWith('x-')) member.refuse('this key is not supported')
    return
  }
  const open = engines.filter((engine) => row[engine].level !== 'refused')
  const refusing = engines.filter((engine) => row[engine].level === 'refused' && !isHarmless(row[engine], member))
  const [first] = refusing
  if (first && refusing.length === engines.length) member.refuse(row[first].note)
  if (open.length === 0) return
  if (asks(member)) {
    for (const engine of refusing)
      notes.add({ path: member.path, level: 'refused', message: row[engine].note }, [engine])
    for (const engine of open) {
      const { level, note, byValue } = row[engine]
      if (level === 'approximated' && !byValue)
        notes.add({ path: member.path, level: 'approximated', message: note }, [engine])
    }
  }
  checkValues(member, row, open, notes)
  check(member, pattern, notes, open)
}

function isHarmless({ harmless }: Capability, member: Cursor): boolean {
  return harmless !== undefined && (!member.given || harmless.some((value) => isValue(member.value, value)))
}

function isValue(value: Json | undefined, wanted: boolean | number): boolean {
  return value === wanted || (typeof value === 'string' && value.toLowerCase() === String(wanted))
}

/** False for what is written and empty. */
function asks({ value }: Cursor): boolean {
  return value !== undefined && value !== '' && (typeof value !== 'object' || Object.keys(value as object).length > 0)
}

function checkValues(member: Cursor, row: Row, engines: readonly Engine[], notes: Notes): void {
  if (engines.every((engine) => row[engine].values === undefined)) return
  for (const item of member.items()) {
    const refusing = engines.filter((engine) => !isAmong(row[engine].values, String(item.value)))
    const [first] = refusing
    if (first && refusing.length === engines.length) item.refuse(onlyThese(row[first].values))
    else
      for (const engine of refusing)
        notes.add({ path: item.path, level: 'refused', message: onlyThese(row[engine].values) }, [engine])
  }
}

function isAmong(values: readonly string[] | undefined, text: string): boolean {
  return values === undefined || values.includes(text) || (values.includes('0') && parseDecimal(text) === 0)
}

function onlyThese(values: readonly string[] = []): string {
  return `only ${values.map((value) => `\`${value}\``).join(', ')} ${values.length === 1 ? 'is' : 'are'} supported here`
}
