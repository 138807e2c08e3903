import { LIMITS } from './limits.ts'
import { pointer, type Problems } from './problems.ts'

/** Counts what a document holds while it is read, and ends the reading where that is too much. */
export class Budget {
  readonly problems: Problems
  nodes = 0
  characters = 0

  constructor(problems: Problems) {
    this.problems = problems
  }

  spend(path: string, nodes: number, characters: number): void {
    this.nodes += nodes
    this.characters += characters
    if (this.nodes > LIMITS.nodes)
      this.problems.fail(
        path,
        `the document has more than ${LIMITS.nodes} values (aliases count as what they stand for)`,
      )
    if (this.characters > LIMITS.characters)
      this.problems.fail(
        path,
        `the document's strings have more than ${LIMITS.characters} characters (aliases count as what they stand for)`,
      )
  }

  depth(path: string, depth: number): void {
    if (depth > LIMITS.depth) this.problems.fail(path, `maps and lists are nested deeper than ${LIMITS.depth}`)
  }

  list(path: string, length: number): void {
    if (length > LIMITS.listItems)
      this.problems.fail(path, `the list has ${length} items; at most ${LIMITS.listItems} are allowed`)
  }

  map(path: string, size: number): void {
    if (path === '/services' && size > LIMITS.services)
      this.problems.fail(path, `there are ${size} services; at most ${LIMITS.services} are allowed`)
    if (size > LIMITS.mapKeys)
      this.problems.fail(path, `the map has ${size} keys; at most ${LIMITS.mapKeys} are allowed`)
  }

  /** False where the key may not be used; the problem is recorded. */
  key(path: string, key: string): boolean {
    this.characters += key.length
    if (key.length > LIMITS.keyLength) this.problems.fail(path, `a key is longer than ${LIMITS.keyLength} characters`)
    if (hasControls(key) || !key.isWellFormed())
      this.problems.fail(path, 'a key holds a control character, or half of a surrogate pair')
    if (key === '__proto__') this.problems.invalid(pointer(path, key), 'this key is not allowed')
    return key !== '__proto__'
  }

  string(path: string, value: string): string {
    if (!isStorable(value)) this.problems.fail(path, NOT_STORABLE)
    if (value.length > LIMITS.stringLength)
      this.problems.fail(path, `a string is longer than ${LIMITS.stringLength} characters`)
    this.spend(path, 1, value.length)
    return value
  }

  number(path: string, value: number): number {
    this.spend(path, 1, 0)
    if (!Number.isFinite(value)) this.problems.fail(path, 'the number is not finite; put it in quotes if it is a text')
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      this.problems.fail(path, 'the number is too large to be kept exactly; put it in quotes if it is a text')
    }
    return value === 0 ? 0 : value
  }
}

export const NOT_STORABLE = 'the value holds a NUL character, or half of a surrogate pair'

/** True for a text that an engine and a database can hold. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20 || text.charCodeAt(i) === 0x7f) return true
  return false
}
