import { setTimeout as delay } from 'node:timers/promises'

/** Waits `ms`, or rejects with the signal's reason as soon as it aborts. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) throw signal.reason
  try {
    await delay(ms, undefined, { signal })
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  }
}

/**
 * What `work` comes to, or the signal's reason as soon as it aborts: `work` goes on then, and nobody minds how it ends. Leaves nothing at the
 * signal, as racing with a promise that lives long would.
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = Promise.withResolvers<never>()
  const abort = (): void => over.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await Promise.race([work, over.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/**
 * A signal of its own that aborts with the first of `signals`, until it is let go of: one that is looked at for each of many events is dear where it
 * is made of others (`AbortSignal.any`).
 */
export function linked(...signals: readonly AbortSignal[]): { readonly signal: AbortSignal; letGo(): void } {
  const own = new AbortController()
  const links = signals.map((signal) => {
    const abort = (): void => own.abort(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    return () => signal.removeEventListener('abort', abort)
  })
  return {
    signal: own.signal,
    letGo() {
      for (const unlink of links) unlink()
    },
  }
}

/** A signal that aborts with the first of `signals`, or after `ms` with a TimeoutError. */
export function withDeadline(ms: number, ...signals: (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(ms), ...signals.filter((signal) => signal !== undefined)])
}

/** Waits for `work`, but no longer than `ms`; false: it is still under way. Rejects as it does. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const done = new AbortController()
  const late = sleep(ms, done.signal).then(
    () => false,
    () => true,
  )
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    done.abort()
  }
}
