import type { Logger } from 'pino'
import { hostAnswered, hostFailed, observationTime, record } from './record.ts'
import { CHANNELS, type Database, type Tx } from '../db/index.ts'
import type { CallOptions, Driver } from '../drivers/index.ts'
import { isAppError } from '../errors/app-error.ts'
import { sleep, withDeadline } from '../lib/abort.ts'
import { requireMarker } from '../modules/hosts/index.ts'

/** A list of a host takes no longer than this. */
const LIST_DEADLINE_MS = 30_000
/** So many failures one after the other make a suspect host unreachable. */
const FAILURES_TO_UNREACHABLE = 2

export interface ObserverOptions {
  readonly db: Database
  readonly log: Logger
  /** This worker's id: it owns the hosts that it observes. */
  readonly workerId: string
  readonly intervalMs: number
  readonly driver: (hostId: string) => Promise<Driver>
}

interface OwnedHost {
  readonly id: string
  readonly name: string
  readonly transport: { readonly type: string }
  readonly mine: boolean
  readonly abandoned: boolean
}

/**
 * Looks at hosts and is the only writer of instances and of their hosts' status. Each host is listed every `intervalMs` by one
 * worker, which holds it for three intervals; and after a step by the worker that made it (`look`).
 * A host behind a socket is held only by workers that have seen its marker.
 */
export class Observer {
  readonly #options: ObserverOptions
  readonly #stop = new AbortController()
  readonly #failures = new Map<string, number>()
  readonly #running = new Map<string, Promise<void>>()
  #wake: () => void = () => {}
  #loop: Promise<void> = Promise.resolve()
  #listener: { close(): Promise<void> } | null = null

  constructor(options: ObserverOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#listener = await this.#options.db.listen(CHANNELS.host, () => this.#wake())
    this.#loop = this.#run()
  }

  /** Gives its hosts up, so that another worker takes them at once. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#wake()
    await this.#loop
    // One that is under way must not take its host again afterwards.
    await Promise.all(this.#running.values())
    await this.#listener?.close()
    const { db, workerId, log } = this.#options
    await db.prisma.host
      .updateMany({ where: { observerId: workerId }, data: { observerId: null, observerUntil: null } })
      .catch((error: unknown) =>
        log.warn({ err: error }, 'hosts could not be given up; they are taken over when the hold runs out'),
      )
  }

  /**
   * Looks at one app on its host now, writes what is there and returns it.
   */
  async look(host: { id: string; name: string }, appId: string, call: CallOptions) {
    const { db } = this.#options
    const [driver, since] = await Promise.all([this.#options.driver(host.id), observationTime(db.prisma)])
    const observation = await driver.observe({ appId }, call)
    await db.transaction(async (tx) => await record(tx, { hostId: host.id, appId, since, observation }))
    return observation
  }

  async #run(): Promise<void> {
    const { intervalMs, log } = this.#options
    while (!this.#stop.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      try {
        for (const host of await this.#hosts()) this.#look(host)
      } catch (error) {
        log.warn({ err: error }, 'the hosts could not be read; trying again')
      }
      const tick = new AbortController()
      await Promise.race([woken, sleep(intervalMs, AbortSignal.any([tick.signal, this.#stop.signal])).catch(() => {})])
      tick.abort()
    }
  }

  /** Hosts that nobody else holds. */
  async #hosts(): Promise<OwnedHost[]> {
    const { db, workerId, intervalMs } = this.#options
    return await db.prisma.$queryRaw<OwnedHost[]>`
      select id, name, transport, coalesce(observer_id = ${workerId}::uuid, false) as mine,
        coalesce(observer_until, created_at + ${3 * intervalMs} * interval '1 millisecond') < now() as abandoned
      from hosts where observer_id is null or observer_id = ${workerId}::uuid or observer_until < now()`
  }

  #look(host: OwnedHost): void {
    if (this.#running.has(host.id) || this.#stop.signal.aborted) return
    this.#running.set(
      host.id,
      this.#list(host).finally(() => this.#running.delete(host.id)),
    )
  }

  async #list(host: OwnedHost): Promise<void> {
    const { db, log } = this.#options
    const call = { signal: withDeadline(LIST_DEADLINE_MS, this.#stop.signal) }
    try {
      const held = host.transport.type !== 'unix' && (await this.#hold(db.prisma, host.id))
      if (host.transport.type !== 'unix' && !held) return
      const driver = await this.#options.driver(host.id)
      const probe = await driver.probe(call)
      requireMarker(host.id, probe.markerHostId)
      if (!held && !(await this.#hold(db.prisma, host.id))) return
      const since = await observationTime(db.prisma)
      const observation = await driver.observe({}, call)
      await db.transaction(async (tx) => {
        await record(tx, { hostId: host.id, since, observation })
        await hostAnswered(tx, host.id, probe)
      })
      this.#failures.delete(host.id)
    } catch (error) {
      if (this.#stop.signal.aborted) return
      await this.#failed(host, error).catch((inner: unknown) =>
        log.warn({ err: inner, host: host.name }, 'the status of a host could not be written'),
      )
    }
  }

  async #failed(host: OwnedHost, error: unknown): Promise<void> {
    const { db, log } = this.#options
    if (!isAppError(error) || error.code === 'unavailable') {
      // The database or this program, not the host.
      log.warn({ err: error, host: host.name }, 'a host could not be listed')
      return
    }
    // A socket that this machine does not have may be another worker's.
    if (host.transport.type === 'unix' && !host.mine && !host.abandoned) return
    const count = (this.#failures.get(host.id) ?? 0) + 1
    this.#failures.set(host.id, count)
    const wrongEngine = isAppError(error, 'host_identity_mismatch') || isAppError(error, 'host_marker_missing')
    const status = wrongEngine
      ? 'unknown'
      : count < FAILURES_TO_UNREACHABLE && !host.abandoned
        ? 'suspect'
        : 'unreachable'
    await db.transaction(async (tx) => await hostFailed(tx, host.id, status, error.options.detail))
  }

  async #hold(tx: Tx, hostId: string): Promise<boolean> {
    const { workerId, intervalMs } = this.#options
    const held = await tx.$executeRaw`
      update hosts set observer_id = ${workerId}::uuid, observer_until = now() + ${3 * intervalMs} * interval '1 millisecond'
      where id = ${hostId}::uuid and (observer_id is null or observer_id = ${workerId}::uuid or observer_until < now())`
    return held === 1
  }
}
