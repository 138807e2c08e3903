import { CONNREFUSED, lookup, NODATA, NOTFOUND, REFUSED, Resolver, SERVFAIL } from 'node:dns/promises'
import { Limit } from '../lib/limit.ts'

/** The addresses of a name; none where it has none. Ends when the signal aborts. */
export type Resolve = (hostname: string, signal: AbortSignal) => Promise<readonly string[]>

/** How many names may be asked of the system at once: each holds one of the four threads that files and hashes need too. */
const SYSTEM_LOOKUPS = 2
const QUERY = { timeout: 2000, tries: 2 }

/** What a resolver says of a name that DNS does not have, and where there is no DNS at all. */
const UNKNOWN: ReadonlySet<string> = new Set([NODATA, NOTFOUND, REFUSED, SERVFAIL, CONNREFUSED])

/**
 * Asks DNS, without a thread for each name: whoever chose the name may have chosen a name server that never answers, too. What DNS says it does not
 * know (names of the hosts file, short names of a container network) is asked of the system, two at a time.
 */
export function createResolve(): Resolve {
  const system = new Limit(SYSTEM_LOOKUPS)
  return async (hostname, signal) => {
    // RFC 6761: no question to anybody.
    if (/(^|\.)localhost\.?$/i.test(hostname)) return ['127.0.0.1', '::1']
    const found = hostname.includes('.') ? await query(hostname, signal) : []
    if (found === null || found.length > 0) return found ?? []
    const all = await system
      .run(signal, async () => await lookup(hostname, { all: true, order: 'verbatim' }))
      .catch(() => [])
    return all.map(({ address }) => address)
  }
}

/** The addresses that DNS has; null: it does not answer. */
async function query(hostname: string, signal: AbortSignal): Promise<string[] | null> {
  const resolver = new Resolver(QUERY)
  const cancel = (): void => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    const isSilent = answers.some((answer) => answer.status === 'rejected' && !UNKNOWN.has(codeOf(answer.reason)))
    return found.length === 0 && isSilent ? null : found
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
