/**
 * The wait before the next attempt: exponential with full jitter over its upper half.
 * attempt 1 waits 0.5 to 1 × `baseMs`, each further one twice that, never more than `maxMs`.
 */
export function backoffMs(attempt: number, { baseMs = 1000, maxMs = 30_000, random = Math.random } = {}): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.max(0, attempt - 1))
  return Math.round(ceiling / 2 + (ceiling / 2) * random())
}
