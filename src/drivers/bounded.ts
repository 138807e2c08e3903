/**
 * Runs one exchange; rejects at once when `outer` aborts (with its reason) or `ms` have passed (with what `late` makes), whatever becomes of
 * the work, whose signal aborts then.
 */
export async function bounded<T>(
  outer: AbortSignal,
  ms: number,
  late: () => unknown,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted()
  const inner = new AbortController()
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const settle = (): void => {
    clearTimeout(timer)
    outer.removeEventListener('abort', onAbort)
  }
  const end = (error: unknown): void => {
    settle()
    reject(error)
    inner.abort(error)
  }
  const onAbort = (): void => end(outer.reason)
  const timer = setTimeout(() => end(late()), ms)
  outer.addEventListener('abort', onAbort, { once: true })
  void work(inner.signal)
    .then(resolve, (error: unknown) => {
      reject(error)
      inner.abort(error)
    })
    .finally(settle)
  return await promise
}
