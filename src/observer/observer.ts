import type { Logger } from 'pino'
import { beat, BEAT_MS, type KnownHost, letGo, take } from './leases.ts'
import { observationTime, record } from './record.repository.ts'
import { ownerOf } from './rendezvous.ts'
import { Watcher } from './watcher.ts'
import { CHANNELS, type Database } from '../db/index.ts'
import type { CallOptions, Driver } from '../drivers/index.ts'
import { sleep } from '../lib/abort.ts'
import { monotonicMs } from '../lib/clock.ts'

export interface ObserverOptions {
  readonly db: Database
  readonly log: Logger
  /** This worker's id, as in `replicas`: it holds the hosts that it watches. */
  readonly workerId: string
  /** How often a host is listed whose engine tells of changes. */
  readonly intervalMs: number
  readonly driver: (hostId: string) => Promise<Driver>
}

/** Something that is waited for. */
export interface Told extends Disposable {
  /** Resolves after `ms`, or as soon as something was told since it was asked the last time. Rejects when the signal aborts. */
  next(ms: number, signal: AbortSignal): Promise<void>
}

/**
 * The only writer of instances, and of their hosts' status. The hosts are spread over the workers that are alive: each is watched by the
 * one that it falls to. A worker that dies loses its holds within LEASE_MS, and those to whom they fall then take them at their next
 * beat; one that comes is given its share. A host behind a socket is watched by the first worker that sees its marker.
 * Who holds a host is settled in the database: what another one writes there counts no more.
 */
export class Observer {
  readonly #options: ObserverOptions
  readonly #stop = new AbortController()
  readonly #watchers = new Map<string, Watcher>()
  /** Those that were stopped, and may still be at work. */
  readonly #ending = new Set<Promise<void>>()
  #wake: () => void = () => {}
  #loop: Promise<void> = Promise.resolve()
  #listener: { close(): Promise<void> } | null = null

  constructor(options: ObserverOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#listener = await this.#options.db.listen(CHANNELS.host, (hostId) => {
      this.#wake()
      for (const [id, watcher] of this.#watchers) if (hostId === null || hostId === id) watcher.poke()
    })
    this.#loop = this.#run()
  }

  /** Gives its hosts up, so that other workers take them at once. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#wake()
    await this.#loop
    for (const id of this.#watchers.keys()) this.#drop(id)
    // What is under way must not take a host again afterwards.
    await Promise.all(this.#ending)
    await this.#listener?.close()
    const { db, workerId, log } = this.#options
    await letGo(db.prisma, workerId, null).catch((error: unknown) =>
      log.warn({ err: error }, 'hosts could not be given up; they are taken over when the hold runs out'),
    )
  }

  /**
   * Looks at one app on its host now, writes what is there and returns it.
   */
  async look(host: { id: string; name: string }, appId: string, call: CallOptions) {
    const { db } = this.#options
    const startedAt = monotonicMs()
    const [driver, since] = await Promise.all([this.#options.driver(host.id), observationTime(db.prisma)])
    const observation = await driver.observe({ appId }, call)
    const told = this.#watchers.get(host.id)?.toldSince(startedAt)
    await record(db.prisma, { hostId: host.id, appId, since, observation, ...(told && { told }) })
    return observation
  }

  /** What the host's engine tells of this container, or of this app, from now on. Where another worker watches the host that is nothing. */
  listen(hostId: string, key: string): Told {
    let told = false
    let wake = (): void => {}
    const subscribe = () =>
      this.#watchers.get(hostId)?.onTold(key, () => {
        told = true
        wake()
      })
    let forget = subscribe()
    return {
      async next(ms, signal) {
        const woken = new AbortController()
        wake = () => woken.abort()
        // Watching may have begun anew since.
        const before = forget
        forget = subscribe()
        before?.()
        try {
          if (!told) await sleep(ms, AbortSignal.any([signal, woken.signal]))
        } catch (error) {
          if (signal.aborted || !woken.signal.aborted) throw error
        } finally {
          told = false
        }
      },
      [Symbol.dispose]: () => forget?.(),
    }
  }

  async #run(): Promise<void> {
    const { log } = this.#options
    while (!this.#stop.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      try {
        await this.#beat()
      } catch (error) {
        log.warn({ err: error }, 'the hosts could not be read; trying again')
      }
      const tick = new AbortController()
      await Promise.race([woken, sleep(BEAT_MS, AbortSignal.any([tick.signal, this.#stop.signal])).catch(() => {})])
      tick.abort()
    }
  }

  async #beat(): Promise<void> {
    const { db, workerId } = this.#options
    const held = [...this.#watchers].filter(([, watcher]) => watcher.holds)
    const { hosts, workers } = await beat(db.prisma, workerId, {
      held: held.map(([id]) => id),
      answered: held.filter(([, watcher]) => watcher.answers).map(([id]) => id),
    })
    const alive = new Set([...workers, workerId])
    const given: string[] = []
    const wanted: KnownHost[] = []
    for (const host of hosts) {
      const isOthers = host.holder !== null && host.holder !== workerId
      const isSocket = host.transport === 'unix'
      // Reached in another way now, another worker may be the one.
      if (this.#watchers.get(host.id)?.transport !== host.transport) this.#drop(host.id)
      const watched = this.#watchers.has(host.id)
      if (isOthers) this.#drop(host.id)
      else if (isSocket) {
        if (!watched) this.#watch(host)
      } else if (ownerOf(host.id, alive) !== workerId) {
        this.#drop(host.id)
        if (host.holder === workerId) given.push(host.id)
      } else if (!watched) wanted.push(host)
    }
    const known = new Set(hosts.map(({ id }) => id))
    for (const id of this.#watchers.keys()) if (!known.has(id)) this.#drop(id)
    if (given.length > 0) await letGo(db.prisma, workerId, given)
    if (wanted.length === 0) return
    const taken = new Set(
      await take(
        db.prisma,
        workerId,
        wanted.map(({ id }) => id),
      ),
    )
    for (const host of wanted) if (taken.has(host.id)) this.#watch({ ...host, holder: workerId })
  }

  #watch(host: KnownHost): void {
    if (this.#stop.signal.aborted) return
    const { db, workerId } = this.#options
    this.#watchers.set(
      host.id,
      new Watcher({
        ...this.#options,
        host,
        take: async (hostId) => (await take(db.prisma, workerId, [hostId])).length === 1,
      }),
    )
  }

  #drop(hostId: string): void {
    const watcher = this.#watchers.get(hostId)
    if (!watcher) return
    this.#watchers.delete(hostId)
    const ending = watcher.stop().finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }
}
