/** What is wrong with a text that no schema says: null, or the end of a sentence about it. Postgres can store neither. */
export function badText(text: string): string | null {
  if (text.includes('\u0000')) return 'holds a NUL character'
  return text.isWellFormed() ? null : 'holds half of a surrogate pair'
}

/** A reference token of a JSON Pointer (RFC 6901, section 4). */
export function pointerToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
