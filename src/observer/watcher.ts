import type { Logger } from 'pino'
import { AppLooks } from './app-looks.ts'
import { Changes, RoundOver } from './changes.ts'
import { hostAnswered, hostFailed } from './host-status.repository.ts'
import type { KnownHost } from './leases.ts'
import { observationTime, record } from './record.repository.ts'
import type { Database } from '../db/index.ts'
import type { CallOptions, Driver, EngineChange } from '../drivers/index.ts'
import { isAppError } from '../errors/app-error.ts'
import { sleep, withDeadline } from '../lib/abort.ts'
import { backoffMs } from '../lib/backoff.ts'
import { monotonicMs } from '../lib/clock.ts'
import { requireMarker } from '../modules/hosts/index.ts'

/** A list of a host takes no longer than this. */
const LIST_DEADLINE_MS = 30_000
/** So many failures one after the other make a suspect host unreachable. */
const FAILURES_TO_UNREACHABLE = 2
const AGAIN_MS = { baseMs: 1000, maxMs: 10_000 }
/** An engine that will not tell of changes is listed at least so often. */
const UNTOLD_LIST_MS = 10_000
/** A stream that ends sooner than this after it began was of no use. */
const BRIEF_MS = 10_000
/** A host behind a socket that no worker has held for so long is nobody's: then even one that does not see it says that it is away. */
const ABANDONED_MS = 15_000

export interface WatcherOptions {
  readonly db: Database
  readonly log: Logger
  readonly workerId: string
  readonly host: KnownHost
  readonly intervalMs: number
  readonly driver: (hostId: string) => Promise<Driver>
  /** Takes the hold of a host whose marker was seen. */
  readonly take: (hostId: string) => Promise<boolean>
}

/**
 * Watches one host: follows what its engine tells, lists it, looks at what it tells of, and lists it again every `intervalMs` (with jitter)
 * and whenever it has to follow anew. What can't be reached is tried again and again, and its instances are not known meanwhile.
 * A host behind a socket is held once its marker was seen here, and for as long as it answers.
 */
export class Watcher {
  /** Whether this worker has, or wants, the hold. */
  holds: boolean
  readonly #options: WatcherOptions
  readonly #stop = new AbortController()
  readonly #since = monotonicMs()
  readonly #ended: Promise<void>
  #changes: Changes | null = null
  #looks: AppLooks | null = null
  /** It had the hold since it began, and nobody else took it. */
  #held: boolean
  #failures = 0
  #brief = 0
  #answers = false
  #listing: Promise<void> = Promise.resolve()
  #poked = new AbortController()

  constructor(options: WatcherOptions) {
    this.#options = options
    this.#held = options.host.holder === options.workerId
    this.holds = this.#held && !this.#isSocket
    this.#ended = this.#run()
  }

  /** Its engine answers: it tells of changes just now, or answered the last list. */
  get answers(): boolean {
    return this.#answers
  }

  /** How it is reached. */
  get transport(): string {
    return this.#options.host.transport
  }

  /** Looks at the host now: it may be another, or reached in another way. */
  poke(): void {
    this.#poked.abort()
    this.#poked = new AbortController()
  }

  /** Of what it follows now; nothing where it follows nothing. */
  onTold(key: string, wake: () => void): () => void {
    return this.#changes?.onTold(key, wake) ?? (() => {})
  }

  toldSince(ms: number): string[] {
    return this.#changes?.toldSince(ms) ?? []
  }

  /** Ends all that it does at once; resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.holds = false
    this.#stop.abort(new RoundOver('the watcher is stopped'))
    await this.#ended
  }

  get #isSocket(): boolean {
    return this.#options.host.transport === 'unix'
  }

  async #run(): Promise<void> {
    const { host, log } = this.#options
    while (!this.#stop.signal.aborted) {
      const startedAt = monotonicMs()
      const round = new AbortController()
      let pauseMs = 0
      try {
        await this.#round(AbortSignal.any([round.signal, this.#stop.signal]))
        this.#brief = monotonicMs() - startedAt < BRIEF_MS ? this.#brief + 1 : 0
        if (this.#brief > 1) pauseMs = backoffMs(this.#brief - 1, AGAIN_MS)
      } catch (error) {
        if (this.#stop.signal.aborted) break
        await this.#failed(error).catch((inner: unknown) =>
          log.warn({ err: inner, host: host.name }, 'the status of a host could not be written'),
        )
        pauseMs = backoffMs(Math.max(1, this.#failures), AGAIN_MS)
      } finally {
        this.#answers = false
        round.abort(new RoundOver('the round is over'))
        await Promise.allSettled([this.#listing, this.#changes?.idle(), this.#looks?.idle()])
        this.#changes = null
        this.#looks = null
      }
      if (pauseMs > 0) await this.#pause(Math.min(pauseMs, this.#options.intervalMs))
    }
  }

  /** Follows and lists, until the engine tells no more (by its return), or something fails. */
  async #round(signal: AbortSignal): Promise<void> {
    const { db, driver: driverOf, host, workerId, take } = this.#options
    const driver = await driverOf(host.id)
    const probe = await driver.probe({ signal })
    requireMarker(host.id, probe.markerHostId)
    if (!this.holds && !(await take(host.id))) throw new RoundOver('another one has it')
    signal.throwIfAborted()
    this.holds = this.#held = true
    const parts = { db, driver, hostId: host.id, workerId, signal }
    const changes = new Changes(parts)
    const looks = new AppLooks({ ...parts, log: this.#options.log })
    const told = await this.#follow(driver, signal)
    this.#changes = changes
    this.#looks = looks
    this.#listing = this.#lists({ driver, changes, signal, probe, untold: told === null })
    await Promise.race([this.#listing, changes.failed, ...(told ? [this.#take(told, changes, looks)] : [])])
  }

  /** null: the engine, or what stands before it, will not tell. */
  async #follow(driver: Driver, signal: AbortSignal): Promise<AsyncIterable<EngineChange> | null> {
    try {
      return await driver.follow({ signal })
    } catch (error) {
      if (signal.aborted || !isAppError(error) || error.code === 'host_unreachable') throw error
      this.#options.log.warn({ err: error, host: this.#options.host.name }, 'the engine tells no changes; it is listed')
      return null
    }
  }

  /** Until the engine tells no more, for whatever reason: the next round finds out. */
  async #take(told: AsyncIterable<EngineChange>, changes: Changes, looks: AppLooks): Promise<void> {
    const { host, log } = this.#options
    try {
      for await (const { nativeId, appId } of told) {
        if (nativeId === null) looks.add(appId)
        else changes.add(nativeId)
        changes.wake(appId)
      }
    } catch (error) {
      log.debug({ err: error, host: host.name }, 'the engine tells no more of changes')
    }
  }

  async #lists({
    driver,
    changes,
    signal,
    probe: first,
    untold,
  }: {
    driver: Driver
    changes: Changes
    signal: AbortSignal
    probe: Awaited<ReturnType<Driver['probe']>>
    untold: boolean
  }): Promise<void> {
    const { db, driver: driverOf, host, workerId, intervalMs } = this.#options
    const everyMs = untold ? Math.min(intervalMs, UNTOLD_LIST_MS) : intervalMs
    for (let probe = first; ;) {
      const call: CallOptions = { signal: withDeadline(LIST_DEADLINE_MS, signal) }
      const startedAt = monotonicMs()
      const since = await observationTime(db.prisma)
      const observation = await driver.observe({}, call)
      const observed = { hostId: host.id, holder: workerId, since, observation, told: changes.toldSince(startedAt) }
      if (!(await record(db.prisma, observed))) throw new RoundOver('another one has it')
      await hostAnswered(db.prisma, { hostId: host.id, workerId }, probe)
      this.#failures = 0
      this.#answers = true
      await this.#pause(everyMs * (0.9 + 0.2 * Math.random()), signal)
      signal.throwIfAborted()
      // Reached in another way now: everything begins anew.
      if ((await driverOf(host.id)) !== driver) return
      probe = await driver.probe({ signal })
      requireMarker(host.id, probe.markerHostId)
    }
  }

  async #failed(error: unknown): Promise<void> {
    const { db, log, host, workerId, intervalMs } = this.#options
    if (error instanceof RoundOver) {
      log.debug({ err: error, host: host.name }, 'a host is watched anew')
      return
    }
    this.#failures += 1
    if (!isAppError(error) || error.code === 'unavailable' || error.code === 'not_found') {
      // The database or this program, not the host; or there is no such host any more.
      log.warn({ err: error, host: host.name }, 'a host could not be listed')
      return
    }
    const abandoned = monotonicMs() - this.#since > Math.min(ABANDONED_MS, 3 * intervalMs)
    if (this.#isSocket) {
      this.holds = false
      // One that this machine does not have may be another worker's.
      if (!this.#held && !abandoned) return
    }
    const wrongEngine = isAppError(error, 'host_identity_mismatch') || isAppError(error, 'host_marker_missing')
    const isSure = this.#failures >= FAILURES_TO_UNREACHABLE
    const status = wrongEngine ? 'unknown' : isSure ? 'unreachable' : 'suspect'
    await hostFailed(db.prisma, { hostId: host.id, workerId }, status, error.options.detail)
  }

  /** Until the time is over, somebody pokes, or the signal aborts. */
  async #pause(ms: number, signal: AbortSignal = this.#stop.signal): Promise<void> {
    await sleep(ms, AbortSignal.any([signal, this.#stop.signal, this.#poked.signal])).catch(() => {})
  }
}
