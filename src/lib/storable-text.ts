/**
 * A text that every column can hold: no NUL, no half of a surrogate pair (Postgres refuses both in `jsonb`, and the row with
 * them), at most `most` UTF-16 units. For what comes from engines and containers: it must never keep a result from being written.
 */
export function storable(text: string, most = 16_384): string {
  const kept = text.length > most ? `${text.slice(0, most - 1)}…` : text
  return kept.replaceAll('\0', '').toWellFormed()
}
