import type { Logger } from 'pino'
import { observationTime, record } from './record.repository.ts'
import type { Database } from '../db/index.ts'
import type { Driver } from '../drivers/index.ts'
import { sleep, withDeadline } from '../lib/abort.ts'
import { Limit } from '../lib/limit.ts'

/** What is told of one app's objects in so short a time is looked at once: a rollout changes them ten times. */
const COALESCE_MS = 1000
/** Apps of one host that are looked at at once. */
const LOOKS = 2
const DEADLINE_MS = 30_000

export interface AppLooksOptions {
  readonly db: Database
  readonly log: Logger
  readonly driver: Driver
  readonly hostId: string
  readonly workerId: string
  readonly signal: AbortSignal
}

/**
 * Apps of which an engine told that an object changed: each is looked at as a whole a moment later, and written down. An app that an operation
 * is at work on is left to that, which looks by itself. What fails here is seen by the next list.
 */
export class AppLooks {
  readonly #options: AppLooksOptions
  readonly #limit = new Limit(LOOKS)
  readonly #due = new Set<string>()
  readonly #work = new Set<Promise<void>>()

  constructor(options: AppLooksOptions) {
    this.#options = options
  }

  add(appId: string): void {
    if (this.#due.has(appId)) return
    this.#due.add(appId)
    const running = this.#follow(appId)
      .catch((error: unknown) => this.#options.log.debug({ err: error, appId }, 'an app could not be looked at'))
      .finally(() => this.#work.delete(running))
    this.#work.add(running)
  }

  /** Resolves when nothing is under way; once the signal has aborted, that is soon. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work)
  }

  async #follow(appId: string): Promise<void> {
    const { db, driver, hostId, workerId, signal } = this.#options
    await sleep(COALESCE_MS, signal)
    await this.#limit.run(signal, async () => {
      // What is told from now on is in no list that has begun.
      this.#due.delete(appId)
      if (await isAtWork(db, appId)) return
      const since = await observationTime(db.prisma)
      const observation = await driver.observe({ appId }, { signal: withDeadline(DEADLINE_MS, signal) })
      await record(db.prisma, { hostId, holder: workerId, appId, since, observation })
    })
  }
}

async function isAtWork({ prisma }: Database, appId: string): Promise<boolean> {
  const rows = await prisma.$queryRaw<{ busy: boolean }[]>`
    select exists (select from operations where app_id = ${appId}::uuid and lease_owner is not null) as busy`
  return rows[0]?.busy ?? false
}
