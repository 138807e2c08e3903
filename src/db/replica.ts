import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Database, DbLogger } from './types.ts'
import { sleep } from '../lib/abort.ts'

const BEAT_MS = 5000
const LAG_PAUSE_MS = 20
/** A row that is so old belongs to a process that was killed. */
const FORGET_S = 600
/** A process whose row is older than this is taken for gone. */
export const GONE_S = 20

export interface ReplicaOptions {
  /** Of a worker: the one that it holds hosts and operations by. */
  readonly id: string
  readonly db: Database
  readonly log: DbLogger
  readonly roles: readonly string[]
  readonly version: string
  readonly keyIds: readonly string[]
  /** What else it measures of itself, by name. */
  readonly measures: () => Readonly<Record<string, number>>
}

/** This process's row in `replicas`: that it is up, what it runs, and how it is. What only a worker knows has no other way to /metrics. */
export class Replica {
  readonly id: string
  readonly #options: ReplicaOptions
  readonly #stop = new AbortController()
  readonly #lag = monitorEventLoopDelay({ resolution: LAG_PAUSE_MS })
  #loop: Promise<void> = Promise.resolve()

  constructor(options: ReplicaOptions) {
    this.id = options.id
    this.#options = options
  }

  async start(): Promise<void> {
    this.#lag.enable()
    await this.#beat()
    this.#loop = this.#beats()
  }

  /** Takes its row away, where the database answers. */
  async stop(): Promise<void> {
    const { db, log } = this.#options
    this.#stop.abort()
    await this.#loop
    this.#lag.disable()
    await db.prisma.$executeRaw`DELETE FROM replicas WHERE id = ${this.id}::uuid`.catch((error: unknown) =>
      log.debug({ err: error }, "this process's row could not be taken away; it is forgotten by its age"),
    )
  }

  async #beats(): Promise<void> {
    const { log } = this.#options
    for (;;) {
      await sleep(BEAT_MS, this.#stop.signal).catch(() => {})
      if (this.#stop.signal.aborted) return
      await this.#beat().catch((error: unknown) => log.debug({ err: error }, "this process's row could not be written"))
    }
  }

  async #beat(): Promise<void> {
    const { db, roles, version, keyIds, measures } = this.#options
    const measured = JSON.stringify({
      // Each sample holds the pause between two of them.
      event_loop_lag_seconds: Math.max(0, this.#lag.max / 1e9 - LAG_PAUSE_MS / 1000),
      resident_memory_bytes: process.memoryUsage.rss(),
      database_connections_busy: db.connections().busy,
      database_connections_waiting: db.connections().waiting,
      ...measures(),
    })
    this.#lag.reset()
    await db.prisma.$executeRaw`
      INSERT INTO replicas (id, roles, version, keys, measures)
      VALUES (${this.id}::uuid, ${roles.join(',')}, ${version}, ${keyIds.join(',')}, ${measured}::jsonb)
      ON CONFLICT (id) DO UPDATE SET seen_at = now(), measures = excluded.measures`
    await db.prisma.$executeRaw`DELETE FROM replicas WHERE seen_at < now() - ${FORGET_S} * interval '1 second'`
  }
}
