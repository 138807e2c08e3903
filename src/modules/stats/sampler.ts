import type { Logger } from 'pino'
import { type PackedRing, Ring } from './ring.ts'
import { findKept, type KeptContainer } from './stats.repository.ts'
import { usageOf } from './usage.ts'
import type { Database } from '../../db/types.ts'
import type { Driver, StatsSample } from '../../drivers/index.ts'
import { sleep, withDeadline } from '../../lib/abort.ts'
import { monotonicMs } from '../../lib/clock.ts'
import { Limit } from '../../lib/limit.ts'

export const SAMPLE_INTERVAL_MS = 10_000
const KEPT_MS = 60 * 60 * 1000
/** Instances whose samples are kept: 46 MB of them. Those of apps that were watched last go first. */
const MOST = 4000
/** Of one host at a time: an engine answers up to a second later, with its next sample. */
const CALLS = 64

export interface SamplerOptions {
  readonly db: Database
  readonly log: Logger
  /** This worker's id: it samples what runs on the hosts that it observes. */
  readonly workerId: string
  /** Of apps whose stats somebody looked at within the hour, or of all. */
  readonly keep: 'watched' | 'all'
  /** Checks the engine's marker, as `HostAccess.connect`. */
  readonly connect: (hostId: string, options: { signal: AbortSignal }) => Promise<Driver>
  /** Default 10 s. */
  readonly intervalMs?: number
}

/** The question that a sampler answers: the samples of some instances. */
export const HISTORY = 'stats-history'

export interface HistoryAnswer {
  readonly resolutionSeconds: number
  /** By instance; none for one of which nothing is kept. */
  readonly rings: Readonly<Record<string, PackedRing>>
}

interface Kept {
  readonly ring: Ring
  before: StatsSample | null
}

/** Keeps the last hour of instances' use in memory: of those alone that this worker's hosts run, so that each is kept once. */
export class Sampler {
  readonly #options: SamplerOptions
  readonly #stop = new AbortController()
  readonly #kept = new Map<string, Kept>()
  readonly #busy = new Map<string, Promise<void>>()
  #loop: Promise<void> = Promise.resolve()

  constructor(options: SamplerOptions) {
    this.#options = options
  }

  start(): void {
    this.#loop = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#loop
    await Promise.all(this.#busy.values())
    this.#kept.clear()
  }

  /** Answers `HISTORY`. */
  answer(question: unknown): HistoryAnswer {
    const instances: unknown = typeof question === 'object' && question !== null && Reflect.get(question, 'instances')
    const sinceMs = Date.now() - KEPT_MS
    const rings = (Array.isArray(instances) ? instances : []).flatMap((id: unknown) => {
      const kept = typeof id === 'string' ? this.#kept.get(id) : undefined
      return kept ? [[id, kept.ring.pack(sinceMs)] as const] : []
    })
    return { resolutionSeconds: this.#intervalMs / 1000, rings: Object.fromEntries(rings) }
  }

  get #intervalMs(): number {
    return this.#options.intervalMs ?? SAMPLE_INTERVAL_MS
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const beganAt = monotonicMs()
      try {
        await this.#round()
      } catch (error) {
        if (!signal.aborted) this.#options.log.warn({ err: error }, 'stats could not be sampled; the next round does')
      }
      await sleep(Math.max(0, this.#intervalMs - (monotonicMs() - beganAt)), signal).catch(() => {})
    }
  }

  async #round(): Promise<void> {
    const { db, workerId, keep } = this.#options
    const found = await findKept(db.prisma, workerId, { keep, most: MOST })
    const there = new Set(found.map(({ id }) => id))
    for (const id of this.#kept.keys()) if (!there.has(id)) this.#kept.delete(id)
    for (const [hostId, containers] of Map.groupBy(found, (container) => container.hostId)) {
      // A host that is slow holds up no other, and gets no second round meanwhile.
      if (this.#busy.has(hostId)) continue
      this.#busy.set(
        hostId,
        this.#sampleHost(hostId, containers).finally(() => this.#busy.delete(hostId)),
      )
    }
  }

  async #sampleHost(hostId: string, containers: readonly KeptContainer[]): Promise<void> {
    const { connect, log } = this.#options
    const signal = withDeadline(Math.max(this.#intervalMs, 5000), this.#stop.signal)
    const calls = new Limit(CALLS)
    // Its hour has a gap then.
    const failed = (error: unknown): void => {
      if (!this.#stop.signal.aborted) log.debug({ err: error, host: hostId }, 'it could not be sampled')
    }
    try {
      const driver = await connect(hostId, { signal })
      const sampled = containers
        .filter(({ runs }) => runs)
        .map(async (container) => await calls.run(signal, async () => await this.#sample(driver, container, signal)))
      for (const one of await Promise.allSettled(sampled)) if (one.status === 'rejected') failed(one.reason)
    } catch (error) {
      failed(error)
    }
  }

  async #sample(driver: Driver, { id, nativeId }: KeptContainer, signal: AbortSignal): Promise<void> {
    for await (const sample of driver.stats(nativeId, { follow: false }, { signal })) {
      const kept = this.#kept.get(id) ?? { ring: new Ring(), before: null }
      // When it came: an engine's clock may be wrong, and the hour that is told of is this machine's.
      if (kept.before) kept.ring.push(Date.now(), usageOf(kept.before, sample))
      kept.before = sample
      this.#kept.set(id, kept)
    }
  }
}
