import type { Logger } from 'pino'
import { resync } from './resync.ts'
import { sweepLost } from './sweep.ts'
import type { Config } from '../config.ts'
import type { Database } from '../db/index.ts'
import { prune } from '../db/retention.ts'
import { sleep } from '../lib/abort.ts'
import { monotonicMs } from '../lib/clock.ts'

const SWEEP_MS = 2000
const PRUNE_MS = 60 * 60 * 1000

export interface UpkeepOptions {
  readonly db: Database
  readonly log: Logger
  readonly installation: string
  readonly resyncIntervalMs: number
  readonly retention: Config['retention']
}

/** The slow loops of a worker: lost leases, resync, retention. Each may run on every worker: they meet in the database. */
export class Upkeep {
  readonly #options: UpkeepOptions
  readonly #stop = new AbortController()
  #loops: Promise<void>[] = []

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  start(): void {
    const { db, log, installation, resyncIntervalMs, retention } = this.#options
    this.#loops = [
      this.#every(SWEEP_MS, 'sweep', async () => await sweepLost(db, log)),
      this.#every(resyncIntervalMs, 'resync', async () => await resync(db, installation, log)),
      this.#every(PRUNE_MS, 'prune', async () => await prune(db, retention)),
    ]
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#loops)
  }

  async #every(intervalMs: number, name: string, work: () => Promise<unknown>): Promise<void> {
    for (;;) {
      const startedAt = monotonicMs()
      await sleep(intervalMs, this.#stop.signal).catch(() => {})
      if (this.#stop.signal.aborted) return
      try {
        await work()
      } catch (error) {
        this.#options.log.warn(
          { err: error, loop: name, afterMs: Math.round(monotonicMs() - startedAt) },
          'a slow loop failed; it runs again',
        )
      }
    }
  }
}
