/** Milliseconds on the monotonic clock: goes on while the process is stopped, never jumps back. */
export function monotonicMs(): number {
  return performance.now()
}
