import type { Static, TSchema } from 'typebox'
import Value from 'typebox/value'
import { AppError } from '../errors/app-error.ts'
import { canonicalJson } from '../lib/canonical.ts'

/** An opaque cursor: base64url of canonical JSON. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(canonicalJson(position), 'utf8').toString('base64url')
}

/**
 * The position that a cursor holds; undefined where there is no cursor. Throws `bad_request` for one that this API did not
 * make: it must match `schema`, which so guards the query behind it.
 */
export function decodeCursor<T extends TSchema>(schema: T, cursor: string | undefined): Static<T> | undefined {
  if (cursor === undefined) return undefined
  let position: unknown
  try {
    position = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    throw badCursor()
  }
  if (!Value.Check(schema, position)) throw badCursor()
  return position
}

function badCursor(): AppError {
  const message = 'is not a cursor of this list; send `nextCursor` as it was answered'
  return new AppError('bad_request', { detail: `cursor ${message}`, errors: [{ path: '/query/cursor', message }] })
}

/** One page of a list. */
export interface Page<Item> {
  readonly items: Item[]
  readonly nextCursor: string | null
  /** The cursor of the item at this place: a page after it begins with the next. */
  cursorAt(index: number): string
}

/** One page of a list, out of `limit + 1` rows (the one too many says that there is a next page). */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  positionOf: (row: Row, index: number) => unknown,
): Page<Item> {
  const kept = rows.slice(0, limit)
  const cursorAt = (index: number): string => {
    const row = kept[index]
    if (row === undefined) throw new RangeError(`a page of ${kept.length} has no item ${index}`)
    return encodeCursor(positionOf(row, index))
  }
  return {
    items: kept.map((row) => toItem(row)),
    nextCursor: rows.length > limit && kept.length > 0 ? cursorAt(kept.length - 1) : null,
    cursorAt,
  }
}
