import { AppError } from '../../errors/app-error.ts'

/** Of one host at a time: each is a connection for two seconds. */
const READS = 100
/** Who gets no place within this could not be read any more in the time that a read has. */
const PLACE_MS = 5000

interface HostPlaces {
  /** By tenant: how many read. */
  readonly reading: Map<string, number>
  /** By tenant, who got a place last at the end: who wait, in the order of their coming. */
  readonly waiting: Map<string, Set<() => void>>
  taken: number
}

/**
 * Lets so many reads of a host run at once. A place that becomes free is for the tenant with the fewest reads there, however many others wait.
 * Who gets none within 5 s rejects with `unavailable`, which says so.
 */
export class HostReads {
  readonly #hosts = new Map<string, HostPlaces>()

  async run<T>(
    { hostId, tenantId }: { readonly hostId: string; readonly tenantId: string },
    signal: AbortSignal,
    read: () => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted()
    const host = this.#hosts.get(hostId) ?? { reading: new Map(), waiting: new Map(), taken: 0 }
    this.#hosts.set(hostId, host)
    if (host.taken < READS) take(host, tenantId)
    else await turn(host, tenantId, signal)
    try {
      return await read()
    } finally {
      letGo(host, tenantId)
      if (host.taken === 0) this.#hosts.delete(hostId)
    }
  }
}

function take(host: HostPlaces, tenantId: string): void {
  host.taken += 1
  host.reading.set(tenantId, (host.reading.get(tenantId) ?? 0) + 1)
}

function letGo(host: HostPlaces, tenantId: string): void {
  host.taken -= 1
  const left = (host.reading.get(tenantId) ?? 0) - 1
  if (left > 0) host.reading.set(tenantId, left)
  else host.reading.delete(tenantId)
  let next: string | null = null
  for (const one of host.waiting.keys())
    if (next === null || (host.reading.get(one) ?? 0) < (host.reading.get(next) ?? 0)) next = one
  const [enter] = (next !== null && host.waiting.get(next)) || []
  enter?.()
}

/** Takes a place as soon as it is this tenant's turn. */
async function turn(host: HostPlaces, tenantId: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const leave = (): void => {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    const others = host.waiting.get(tenantId)
    others?.delete(enter)
    host.waiting.delete(tenantId)
    if (others && others.size > 0) host.waiting.set(tenantId, others)
  }
  const enter = (): void => {
    leave()
    // At once, so that nobody who comes now can overtake it.
    take(host, tenantId)
    resolve()
  }
  const abort = (): void => {
    leave()
    reject(signal.reason)
  }
  const timer = setTimeout(() => {
    leave()
    reject(new AppError('unavailable', { detail: 'too many reads of its host at once' }))
  }, PLACE_MS)
  signal.addEventListener('abort', abort, { once: true })
  host.waiting.set(tenantId, (host.waiting.get(tenantId) ?? new Set()).add(enter))
  await promise
}
