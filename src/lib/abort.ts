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
