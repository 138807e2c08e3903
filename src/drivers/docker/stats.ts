import type { CallOptions, Driver } from '../driver.ts'
import type { StatsSample } from '../streams.ts'
import { AppError } from '../../errors/app-error.ts'
import { monotonicMs } from '../../lib/clock.ts'
import { inspectContainer, part, type Context } from './context.ts'
import { LABELS } from '../labels.ts'
import { mapRefusal, Refusal } from './map-error.ts'
import { type CpuLimit, type EngineStats, toSample } from './stats-sample.ts'

/** A container's CPU limit can be changed by hand alone, and its owner never: they are asked for this seldom. */
const KNOWN_MS = 300_000
const MOST_KNOWN = 10_000
/** The engine's document of one sample has some kilobytes. */
const MOST_LINE = 1024 * 1024
const LINE_FEED = 10

/**
 * Reads samples of containers of the installation. An iteration ends where the container is not ours, gone or does not run (any more), and
 * when the call's signal aborts.
 */
export function statsReader(context: Context): Driver['stats'] {
  const known = new Map<string, CpuLimit & { readonly at: number }>()

  const limitOf = async (ref: string, call: CallOptions): Promise<CpuLimit | null> => {
    const before = known.get(ref)
    if (before && monotonicMs() - before.at < KNOWN_MS) return before
    known.delete(ref)
    const info = await inspectContainer({ ...context, call }, ref)
    if (!info?.State.Running || info.Config.Labels[LABELS.installation] !== context.identity.installation) return null
    const { NanoCpus, CpuQuota, CpuPeriod } = info.HostConfig
    const limit = { NanoCpus, CpuQuota, CpuPeriod, at: monotonicMs() }
    // A name may be another container's the next time.
    if (ref === info.Id) known.set(ref, limit)
    for (const oldest of known.keys()) {
      if (known.size <= MOST_KNOWN) break
      known.delete(oldest)
    }
    return limit
  }

  async function* read(ref: string, follow: boolean, call: CallOptions): AsyncGenerator<StatsSample> {
    const limit = await limitOf(ref, call)
    if (!limit) return
    const path = `/containers/${part(ref)}/stats`
    if (!follow) {
      const query = { stream: false, 'one-shot': true }
      // The engine answers with its next sample: up to a second that no other call has to wait for.
      const stats = await context.engine.find<EngineStats>(call, { method: 'GET', path, query, long: true })
      const sample = stats && toSample(stats, limit)
      if (sample) yield sample
      return
    }
    for await (const line of lines(context.engine.stream(call, { method: 'GET', path, query: { stream: true } }))) {
      const sample = toSample(parse(line), limit)
      // Of a container that has stopped, the engine goes on to send empty ones.
      if (!sample) return
      yield sample
    }
  }

  return async function* stats(ref, { follow }, call) {
    try {
      yield* read(ref, follow, call)
    } catch (error) {
      if (call.signal.aborted) return
      if (!(error instanceof Refusal)) throw error
      known.delete(ref)
      // It went away just now.
      if (error.status !== 404 && error.status !== 409) throw mapRefusal(error, 'read the stats')
    }
  }
}

async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let kept: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk])
    for (let end = kept.indexOf(LINE_FEED); end !== -1; end = kept.indexOf(LINE_FEED)) {
      const line = kept.subarray(0, end).toString()
      kept = kept.subarray(end + 1)
      if (line.trim() !== '') yield line
    }
    if (kept.length > MOST_LINE) throw notStats()
  }
}

function parse(line: string): EngineStats {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw notStats()
}

function notStats(): AppError {
  return new AppError('internal', { detail: "read the stats: the engine's answer is not JSON" })
}
