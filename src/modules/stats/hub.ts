import {
  type Container,
  ContainerStream,
  type ContainerWatch,
  NOTHING,
  problemOf,
  type Reading,
} from './container-stream.ts'
import { HostReads } from './host-reads.ts'
import { SharedAnswers } from './shared-answers.ts'
import { SharedView, type ViewOptions } from './shared-view.ts'
import { usageOf } from './usage.ts'
import type { DbLogger } from '../../db/types.ts'
import type { Driver, StatsSample } from '../../drivers/index.ts'
import { AppError } from '../../errors/app-error.ts'
import { abortable, withDeadline, within } from '../../lib/abort.ts'
import { monotonicMs } from '../../lib/clock.ts'
import type { HostAccess } from '../hosts/index.ts'

/** A host shows its marker within this, or there is none of its stats. */
const CONNECT_MS = 6000
/** A read: two samples, which engines take a second apart. */
const READ_MS = 8000
/** A reading is given again for so long, and its sample is what the next one counts from for so long. */
const AGAIN_MS = 500
const KEPT_MS = 5000
/** A history is given again for so long. */
const HISTORY_KEPT_MS = 5000
/** Engine streams of a process, and those of one tenant: none shuts the others out. */
const MOST = { tenant: 800, all: 2000 }

const FULL: Reading = { usage: null, problem: 'this server watches as many containers as it can' }
const TENANT_FULL: Reading = { usage: null, problem: 'this server watches as many containers of one tenant as it can' }

export interface StatsHub {
  /** What a container uses now: of its stream where there is one, else of a short one. Throws nothing but the signal's reason. */
  read(container: Container, signal: AbortSignal): Promise<Reading>
  /** One engine stream however many watch it; it ends with the last one's `release`. */
  watch(container: Container): ContainerWatch
  /** Documents of `key`, made once for all who follow it, each the newest when it is asked for. Ends when `signal` aborts, or there is no more. */
  follow<Document>(
    key: string,
    options: ViewOptions<Document>,
    signal: AbortSignal,
  ): AsyncGenerator<Document, void, undefined>
  /** Histories of apps, by the app's id. */
  readonly histories: SharedAnswers
  /** Engine streams that are open. */
  readonly streams: number
  /** Ends all of it. */
  close(): void
}

/** Everything of one process that looks at containers' use. */
export function createStatsHub({
  hosts,
  log,
  most = MOST,
  historyKeptMs = HISTORY_KEPT_MS,
}: {
  readonly hosts: Pick<HostAccess, 'connect'>
  readonly log: DbLogger
  /** Default: 800 of a tenant, 2000 of all. */
  readonly most?: { readonly tenant: number; readonly all: number }
  /** Default 5000. */
  readonly historyKeptMs?: number
}): StatsHub {
  const closing = new AbortController()
  const streams = new Map<string, ContainerStream>()
  const tenants = new Map<string, number>()
  const connecting = new Map<string, Promise<Driver>>()
  const reading = new Map<string, Promise<Reading>>()
  const kept = new Map<string, { readonly sample: StatsSample; readonly reading: Reading; readonly at: number }>()
  const views = new Map<string, SharedView<unknown>>()
  const reads = new HostReads()

  /** Many containers of a host ask for it at once: one of them connects. */
  const connect = async (hostId: string, signal: AbortSignal): Promise<Driver> => {
    const before = connecting.get(hostId)
    const made = before ?? hosts.connect(hostId, { signal: withDeadline(CONNECT_MS, closing.signal) })
    if (!before) {
      connecting.set(hostId, made)
      made.finally(() => connecting.delete(hostId)).catch(() => {})
    }
    return await abortable(made, signal)
  }

  const take = async ({ id, hostId, nativeId }: Container, before: StatsSample | null, signal: AbortSignal) => {
    const driver = await connect(hostId, signal)
    let last = before
    for await (const sample of driver.stats(nativeId, { follow: true }, { signal })) {
      if (last) {
        const made: Reading = { usage: usageOf(last, sample), problem: null }
        kept.delete(id)
        kept.set(id, { sample, reading: made, at: monotonicMs() })
        return made
      }
      last = sample
    }
    signal.throwIfAborted()
    return NOTHING
  }

  const measure = async (container: Container): Promise<Reading> => {
    const signal = withDeadline(READ_MS, closing.signal)
    const now = monotonicMs()
    // In the order of their writing: the oldest come first.
    for (const [id, { at }] of kept) {
      if (now - at < KEPT_MS) break
      kept.delete(id)
    }
    try {
      const last = kept.get(container.id)
      if (last && now - last.at < AGAIN_MS) return last.reading
      return await reads.run(container, signal, async () => await take(container, last?.sample ?? null, signal))
    } catch (error) {
      log.debug({ err: error, host: container.hostId }, 'the stats of a container could not be read')
      return { usage: null, problem: problemOf(error) }
    }
  }

  const watch: StatsHub['watch'] = (container) => {
    const { id, tenantId } = container
    const known = streams.get(id)
    if (!known && (streams.size >= most.all || closing.signal.aborted)) return refused(FULL)
    if (!known && (tenants.get(tenantId) ?? 0) >= most.tenant) return refused(TENANT_FULL)
    const stream = known ?? new ContainerStream({ container, connect })
    if (!known) {
      streams.set(id, stream)
      tenants.set(tenantId, (tenants.get(tenantId) ?? 0) + 1)
    }
    stream.watchers += 1
    let held = true
    return {
      isRefused: false,
      get reading() {
        return stream.reading
      },
      get isSettled() {
        return stream.isSettled
      },
      release() {
        if (!held) return
        held = false
        stream.watchers -= 1
        if (stream.watchers > 0) return
        streams.delete(id)
        const left = (tenants.get(tenantId) ?? 0) - 1
        if (left > 0) tenants.set(tenantId, left)
        else tenants.delete(tenantId)
        stream.close()
      },
    }
  }

  return {
    histories: new SharedAnswers({ keptMs: historyKeptMs, signal: closing.signal }),
    get streams() {
      return streams.size
    },
    watch,
    async read(container, signal) {
      const stream = streams.get(container.id)
      if (stream) {
        const isSettled = await abortable(within(READ_MS, stream.settled), signal)
        return isSettled ? stream.reading : { usage: null, problem: 'its host did not answer in time' }
      }
      const before = reading.get(container.id)
      const made = before ?? measure(container).finally(() => reading.delete(container.id))
      if (!before) reading.set(container.id, made)
      return await abortable(made, signal)
    },
    async *follow<Document>(key: string, options: ViewOptions<Document>, signal: AbortSignal) {
      const known = views.get(key) as SharedView<Document> | undefined
      const view = known ?? new SharedView({ ...options, watch, log, ended: () => views.delete(key) })
      views.set(key, view)
      yield* view.read(AbortSignal.any([signal, closing.signal]))
    },
    close() {
      closing.abort(new AppError('unavailable', { detail: 'this server is stopping' }))
      for (const stream of streams.values()) stream.close()
      streams.clear()
    },
  }
}

function refused(reading: Reading): ContainerWatch {
  return { reading, isSettled: true, isRefused: true, release() {} }
}
