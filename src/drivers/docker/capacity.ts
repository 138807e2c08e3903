import type { CallOptions, Probe } from '../driver.ts'
import { sleep } from '../../lib/abort.ts'
import type { Engine } from './engine.ts'

/** How long an engine may take to tell what it has, where that is not known, and where it is. */
const FIRST_MS = 3000
const AGAIN_MS = 1000

/**
 * What the engine has, as it said last; null where it never said. An engine's `/info` waits while the name of a registry is looked
 * up for a pull (measured on 20.10: 9 s where no name server answers), so nothing but this asks for it, and not for long: whoever
 * pulls from such a name would make the whole host unreachable.
 */
export function capacityReader(engine: Engine): (call: CallOptions) => Promise<Probe['capacity']> {
  let known: Probe['capacity'] = null
  return async ({ signal, guard }) => {
    const over = new AbortController()
    const call = { signal: AbortSignal.any([signal, over.signal]), guard }
    try {
      const info = await Promise.race([
        engine.request<{ NCPU: number; MemTotal: number }>(call, { method: 'GET', path: '/info', long: true }),
        sleep(known ? AGAIN_MS : FIRST_MS, call.signal).then(() => null),
      ])
      if (info) known = { cpus: info.NCPU, memory: info.MemTotal }
      return known
    } finally {
      over.abort()
    }
  }
}
