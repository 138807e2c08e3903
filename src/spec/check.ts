import type { Json } from '../lib/canonical.ts'
import { CAPABILITIES, type Capability } from './capabilities.ts'
import { isDict, type Cursor } from './cursor.ts'
import type { CapabilityNote } from './types.ts'
import { parseDecimal } from './units.ts'

/** Which shape the table gives to what is below a pattern: named keys, any name, or free. */
interface Allowed {
  readonly named: ReadonlySet<string>
  readonly any: ReadonlySet<string>
}

/** Reads the shape out of the table's patterns. */
function shapeOf(table: Readonly<Record<string, Capability>>): Allowed {
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

/** Holds a place of the document against the table: what is refused is a problem, what is approximated a note. */
export function check(cursor: Cursor, pattern: string, notes: CapabilityNote[]): void {
  if (Array.isArray(cursor.value)) {
    if (SHAPE.named.has(`${pattern}[]`)) for (const item of cursor.items()) check(item, `${pattern}[]`, notes)
    return
  }
  if (!isDict(cursor.value)) return
  const named = SHAPE.named.has(pattern)
  for (const [key, member] of cursor.entries()) {
    if (named) checkKey(key, member, pattern, notes)
    else if (SHAPE.any.has(pattern)) check(member, `${pattern}.*`, notes)
  }
}

function checkKey(key: string, member: Cursor, parent: string, notes: CapabilityNote[]): void {
  const pattern = parent === '' ? key : `${parent}.${key}`
  const plain = /^[A-Za-z0-9_-]+$/.test(key)
  const row = plain && Object.hasOwn(CAPABILITIES, pattern) ? CAPABILITIES[pattern] : undefined
  if (!row) {
    if (key === 'x-moorage') member.refuse('x-moorage stands at the top of the document alone')
    else if (parent.startsWith('x-moorage')) member.refuse('not supported yet')
    else if (!key.startsWith('x-')) member.refuse('this key is not supported')
    return
  }
  if (row.level === 'refused') {
    if (!row.harmless || (member.given && !row.harmless.some((value) => isValue(member.value, value))))
      member.refuse(row.note)
    return
  }
  if (row.values) checkValues(member, row.values)
  if (row.level === 'approximated') notes.push({ path: member.path, level: 'approximated', message: row.note })
  check(member, pattern, notes)
}

function isValue(value: Json | undefined, wanted: boolean): boolean {
  return value === wanted || (typeof value === 'string' && value.toLowerCase() === String(wanted))
}

function checkValues(member: Cursor, values: readonly string[]): void {
  const items = member.items()
  for (const item of items) {
    const text = String(item.value)
    const known = values.includes(text) || (values.includes('0') && parseDecimal(text) === 0)
    if (!known)
      item.refuse(
        `only ${values.map((value) => `\`${value}\``).join(', ')} ${values.length === 1 ? 'is' : 'are'} supported here`,
      )
  }
}
