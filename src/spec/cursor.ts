import type { Json } from '../lib/canonical.ts'
import { pointer, type Problems } from './problems.ts'

type Dict = { readonly [key: string]: Json }

/** Where the members of a merged map or list were written: `extends` moves them, their paths stay true. */
export type Origins = WeakMap<object, Map<string, string>>

export interface CursorContext {
  readonly problems: Problems
  readonly origins: Origins
  readonly variables: ReadonlyMap<string, string>
}

export function isDict(value: Json | undefined): value is { [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** A place in the document: its value, and the path that a problem there is told with. A null is as good as nothing. */
export class Cursor {
  readonly value: Json | undefined
  readonly path: string
  readonly context: CursorContext

  constructor(value: Json | undefined, path: string, context: CursorContext) {
    this.value = value === null ? undefined : value
    this.path = path
    this.context = context
  }

  get given(): boolean {
    return this.value !== undefined
  }

  get dict(): Dict {
    return isDict(this.value) ? this.value : {}
  }

  has(key: string): boolean {
    return Object.hasOwn(this.dict, key)
  }

  get(key: string): Cursor {
    return this.#member(key, this.has(key) ? this.dict[key] : undefined)
  }

  /** The members of a map; none where it is none. */
  entries(): [string, Cursor][] {
    return Object.entries(this.dict).map(([key, value]) => [key, this.#member(key, value)])
  }

  /** The items of a list; a single value that is no list counts as one. */
  items(): Cursor[] {
    if (Array.isArray(this.value)) return this.value.map((item, index) => this.#member(String(index), item))
    return this.given && !isDict(this.value) ? [this] : []
  }

  #member(key: string, value: Json | undefined): Cursor {
    const origin = typeof this.value === 'object' ? this.context.origins.get(this.value as object)?.get(key) : undefined
    return new Cursor(value, origin ?? pointer(this.path, key), this.context)
  }

  invalid(message: string): void {
    this.context.problems.invalid(this.path, message)
  }

  refuse(message: string): void {
    this.context.problems.refuse(this.path, message)
  }
}
