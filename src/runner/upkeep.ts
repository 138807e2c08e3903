import type { Logger } from 'pino'
import { resync } from './resync.ts'
import { sweepLost } from './sweep.ts'
import type { Config } from '../config.ts'
import type { Database } from '../db/index.ts'
import { prune } from '../db/retention.ts'
import { queryOf, reseal } from '../db/sealed.ts'
import { sleep } from '../lib/abort.ts'
import { monotonicMs } from '../lib/clock.ts'
import type { Sealer } from '../lib/seal.ts'
import { pruneQuestions } from '../modules/questions/index.ts'
import { SEALED } from '../modules/sealing/index.ts'

const SWEEP_MS = 2000
const PRUNE_MS = 60 * 60 * 1000
const LEFT_BEHIND_MS = 60_000
/** Keys change only when a process starts: the first pass is at once, the later ones find what the others still sealed with the old key. */
const RESEAL_MS = 60_000

export interface UpkeepOptions {
  readonly db: Database
  readonly log: Logger
  readonly installation: string
  readonly resyncIntervalMs: number
  readonly retention: Config['retention']
  readonly sealer: Sealer
}

/** The slow loops of a worker: lost leases, resync, retention, what old keys sealed. Each may run on every worker: they meet in the database. */
export class Upkeep {
  readonly #options: UpkeepOptions
  readonly #stop = new AbortController()
  #loops: Promise<void>[] = []
  #unreadable = 0

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  start(): void {
    const { db, log, installation, resyncIntervalMs, retention } = this.#options
    this.#loops = [
      this.#every(SWEEP_MS, 'sweep', async () => await sweepLost(db, log)),
      this.#every(resyncIntervalMs, 'resync', async () => await resync(db, installation, log)),
      this.#every(PRUNE_MS, 'prune', async () => await prune(db, retention)),
      this.#every(LEFT_BEHIND_MS, 'questions', async () => await pruneQuestions(db.prisma)),
      this.#every(RESEAL_MS, 'reseal', async () => await this.#reseal(), { atOnce: true }),
    ]
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#loops)
  }

  async #reseal(): Promise<void> {
    const { db, log, sealer } = this.#options
    const { resealed, unreadable } = await reseal(queryOf(db.prisma), sealer, SEALED, { signal: this.#stop.signal })
    const [first] = sealer.keyIds
    if (resealed > 0) log.info({ resealed, sealedWith: first }, 'sealed anew what another key had sealed')
    // Once, not every minute until they are gone.
    if (unreadable > this.#unreadable)
      log.warn({ unreadable }, 'values are sealed with a key that this process does not have')
    this.#unreadable = unreadable
  }

  async #every(
    intervalMs: number,
    name: string,
    work: () => Promise<unknown>,
    { atOnce = false }: { atOnce?: boolean } = {},
  ): Promise<void> {
    for (let first = true; ; first = false) {
      const startedAt = monotonicMs()
      if (!first || !atOnce) await sleep(intervalMs, this.#stop.signal).catch(() => {})
      if (this.#stop.signal.aborted) return
      try {
        await work()
      } catch (error) {
        if (this.#stop.signal.aborted) return
        this.#options.log.warn(
          { err: error, loop: name, afterMs: Math.round(monotonicMs() - startedAt) },
          'a slow loop failed; it runs again',
        )
      }
    }
  }
}
