/** Between two looks at the same thing. */
const BETWEEN_MS = 250

/**
 * Carries out what is asked for under a name, at once the first time and then not more often than every quarter of a second, one at a
 * time: a hundred events about one thing cost a request or two, and the last look is always after the last event.
 * @param {AbortSignal} signal
 * @param {(error: unknown) => void} onError
 * @returns {(name: string, work: () => Promise<void>) => void}
 */
export function refresher(signal, onError) {
  /** @type {Map<string, { again: (() => Promise<void>) | null }>} */
  const running = new Map()
  return (name, work) => {
    const current = running.get(name)
    if (current) {
      current.again = work
      return
    }
    /** @type {{ again: (() => Promise<void>) | null }} */
    const state = { again: work }
    running.set(name, state)
    void (async () => {
      while (state.again !== null && !signal.aborted) {
        const next = state.again
        state.again = null
        await next().catch((error) => {
          if (!signal.aborted) onError(error)
        })
        await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS))
      }
      running.delete(name)
    })()
  }
}
