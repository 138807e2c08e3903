/** So long a tab stays connected that nobody looks at. */
const HIDDEN_MS = 10_000
/** Over HTTP/1.1 a browser has six connections to a server, for all of its tabs together: one must stay free for requests. */
const STREAMS = 5

/**
 * Runs a stream when there is a connection for it, and gives up its place with its end. False: all places are taken, by this tab or
 * others. Over HTTP/2 there is no such limit; on pages without TLS from elsewhere browsers do not let tabs agree.
 * @param {() => Promise<void>} stream
 * @returns {Promise<boolean>}
 */
export async function withConnection(stream) {
  if (sharesConnection() || !isSecureContext) {
    await stream()
    return true
  }
  for (let place = 0; place < STREAMS; place++) {
    const got = await navigator.locks.request(`moorage.stream.${place}`, { ifAvailable: true }, async (lock) => {
      if (lock === null) return false
      await stream()
      return true
    })
    if (got) return true
  }
  return false
}

/** Whether requests to this server share one connection: HTTP/2 and 3. What came from the cache does not say. */
function sharesConnection() {
  return performance
    .getEntriesByType('resource')
    .some((entry) => entry instanceof PerformanceResourceTiming && /^h[23]/.test(entry.nextHopProtocol))
}

/** Resolves once the tab can be seen. @param {AbortSignal} signal */
export async function shown(signal) {
  if (!document.hidden) return
  await new Promise((resolve) => {
    document.addEventListener('visibilitychange', resolve, { once: true, signal })
    signal.addEventListener('abort', resolve, { once: true })
  })
}

/** Calls once the tab was hidden for a while; gives what ends the watch. @param {() => void} call @returns {() => void} */
export function onHidden(call) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const look = () => {
    clearTimeout(timer)
    if (document.hidden) timer = setTimeout(call, HIDDEN_MS)
  }
  document.addEventListener('visibilitychange', look)
  look()
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', look)
  }
}
