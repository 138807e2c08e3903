import { createHash } from 'node:crypto'
import { v5, v7 } from 'uuid'

/** A new UUIDv7 (RFC 9562): unique, and growing with the time of its making. */
export function newId(): string {
  return v7()
}

/** The id of a name within a namespace, which is an id itself: always the same (UUIDv5, RFC 9562). */
export function nameId(namespace: string, name: string): string {
  return v5(name, namespace)
}

/** The lower-case hex SHA-256 of a text (UTF-8) or of bytes. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

/** The first `length` hex digits of an id without its dashes: for names that people read. */
export function shortId(id: string, length = 8): string {
  return id.replaceAll('-', '').slice(0, length)
}
