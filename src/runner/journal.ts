import { setImmediate as turn } from 'node:timers/promises'
import { LeaseOver } from './lease.ts'
import { type Fence, type StepEnd, type StepRecord, writeSteps } from './queue.ts'
import type { Database } from '../db/index.ts'

/**
 * Writes down when the steps of one walk begin and end: one statement at a time, with all that has come since the one before. Each
 * promise resolves once that is committed, and rejects with LeaseOver where the lease was lost: then nothing of it was written.
 */
export class Journal {
  readonly #db: Database
  readonly #fence: Fence
  #begun: StepRecord[] = []
  #ended: StepEnd[] = []
  #next: Promise<void> | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(db: Database, fence: Fence) {
    this.#db = db
    this.#fence = fence
  }

  async begin(step: StepRecord): Promise<void> {
    this.#begun.push(step)
    await this.#written()
  }

  async end(step: StepEnd): Promise<void> {
    this.#ended.push(step)
    await this.#written()
  }

  async #written(): Promise<void> {
    if (!this.#next) {
      this.#next = this.#write(this.#last)
      this.#last = this.#next.catch(() => {})
    }
    await this.#next
  }

  async #write(before: Promise<unknown>): Promise<void> {
    await before
    // What ends now lets others begin in this very turn.
    await turn()
    const records = { ended: this.#ended, begun: this.#begun }
    this.#ended = []
    this.#begun = []
    this.#next = null
    if (!(await writeSteps(this.#db.prisma, this.#fence, records))) throw new LeaseOver('lost')
  }
}
