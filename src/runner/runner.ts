import type { Logger } from 'pino'
import {
  attempt,
  type AttemptDeps,
  type AttemptEnd,
  loadOperation,
  type OperationRow,
  overdueError,
} from './attempt.ts'
import { endOperation } from './end.ts'
import { toOperationError } from './failure.ts'
import { CancelAsked, Lease, LeaseOver } from './lease.ts'
import { claim, type Claim, finish, heartbeat, HEARTBEAT_MS, park, turnRound } from './queue.ts'
import { CHANNELS } from '../db/index.ts'
import { isAppError } from '../errors/app-error.ts'
import { sleep } from '../lib/abort.ts'
import { backoffMs } from '../lib/backoff.ts'
import { monotonicMs } from '../lib/clock.ts'
import { goodOf } from '../modules/apps/index.ts'

/** NOTIFY wakes a worker; where one was lost, this poll finds the work. */
const POLL_MS = 1000
const DRAIN_MS = 8000

export interface RunnerOptions extends AttemptDeps {
  readonly workerId: string
  readonly slots: number
}

/** Claims operations and carries them out, up to `slots` at once. */
export class Runner {
  readonly #options: RunnerOptions
  readonly #leases = new Map<string, { lease: Lease; done: Promise<void> }>()
  readonly #stopping = new AbortController()
  #listeners: { close(): Promise<void> }[] = []
  #wake: () => void = () => {}
  #loops: Promise<void>[] = []

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { db } = this.#options
    this.#listeners = [
      await db.listen(CHANNELS.work, () => this.#wake()),
      await db.listen(CHANNELS.operation, (id) => {
        if (id === null || this.#leases.has(id)) void this.#beat()
      }),
    ]
    this.#loops = [this.#claimLoop(), this.#beatLoop()]
  }

  /** Takes no new work, lets running steps finish or hands their operations over; 10 s at most. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    for (const { lease } of this.#leases.values()) lease.stop()
    const running = [...this.#leases.values()].map(({ done }) => done)
    await Promise.race([Promise.all(running), sleep(DRAIN_MS)])
    for (const { lease } of this.#leases.values()) lease.end('drain')
    await Promise.all([...running, ...this.#loops])
    await Promise.all(this.#listeners.map(async (listener) => await listener.close()))
  }

  async #claimLoop(): Promise<void> {
    const { db, workerId, slots, log } = this.#options
    while (!this.#stopping.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      try {
        while (this.#leases.size < slots && !this.#stopping.signal.aborted) {
          const sentAt = monotonicMs()
          const claimed = await claim(db.prisma, workerId, this.#sated())
          if (!claimed) break
          this.#hold(claimed, sentAt)
        }
      } catch (error) {
        log.warn({ err: error }, 'no operation could be claimed; trying again')
      }
      const tick = new AbortController()
      await Promise.race([woken, sleep(POLL_MS, AbortSignal.any([tick.signal, this.#stopping.signal])).catch(() => {})])
      tick.abort()
    }
  }

  /**
   * Tenants that get no further slot here: each may have half of what the others leave of the slots, at most. So there is a slot
   * free for whoever comes next, also while one tenant's queue is long and nobody else waits.
   */
  #sated(): string[] {
    const counts = new Map<string, number>()
    for (const { lease } of this.#leases.values())
      if (lease.tenantId) counts.set(lease.tenantId, (counts.get(lease.tenantId) ?? 0) + 1)
    const left = (count: number): number => this.#options.slots - (this.#leases.size - count)
    return [...counts].filter(([, count]) => count >= left(count) / 2).map(([tenantId]) => tenantId)
  }

  #hold(claimed: Claim, sentAt: number): void {
    const lease = new Lease(claimed, this.#options.workerId, sentAt)
    const done = this.#run(lease).finally(() => {
      lease[Symbol.dispose]()
      this.#leases.delete(claimed.id)
      this.#wake()
    })
    this.#leases.set(claimed.id, { lease, done })
  }

  async #beatLoop(): Promise<void> {
    // Leases are kept until the last operation has been handed over.
    while (!this.#stopping.signal.aborted || this.#leases.size > 0) {
      await this.#beat()
      await sleep(
        this.#stopping.signal.aborted ? HEARTBEAT_MS / 10 : HEARTBEAT_MS,
        this.#stopping.signal.aborted ? undefined : this.#stopping.signal,
      ).catch(() => {})
    }
  }

  async #beat(): Promise<void> {
    const held = new Map([...this.#leases].map(([id, { lease }]) => [id, lease]))
    if (held.size === 0) return
    const sentAt = monotonicMs()
    try {
      const beats = new Map(
        (await heartbeat(this.#options.db.prisma, this.#options.workerId, [...held.keys()])).map((beat) => [
          beat.id,
          beat,
        ]),
      )
      for (const [id, lease] of held)
        if (this.#leases.get(id)?.lease === lease) lease.confirm(beats.get(id) ?? null, sentAt)
    } catch (error) {
      this.#options.log.warn({ err: error }, 'a heartbeat failed; trying again')
    }
  }

  async #run(lease: Lease): Promise<void> {
    const { operationId } = lease.fence
    const log = this.#options.log.child({ operationId, attempt: lease.fence.attempt })
    try {
      // An attempt that turns round goes on under the same lease.
      while (await this.#attempt(lease, log));
    } catch (error) {
      if (error instanceof LeaseOver) log.warn(`${error.message}: another attempt takes over`)
      else
        log.error(
          { err: error },
          'the result of an attempt could not be written; the lease runs out and another attempt follows',
        )
    }
  }

  /** True: go on at once. */
  async #attempt(lease: Lease, log: Logger): Promise<boolean> {
    const { db } = this.#options
    const operation = await loadOperation(db, lease.fence.operationId)
    if (!operation) return false
    await this.#beat()
    if (lease.cancelRequested && operation.revertTo === null) {
      return await this.#turn(lease, 'cancelled', { code: 'cancelled', message: 'it was cancelled on request' })
    }
    const result = lease.supersededBy
      ? ({ end: 'stopped' } as const)
      : await attempt({ ...this.#options, log }, lease, operation)
    lease.guard()
    return await this.#conclude(lease, log, operation, result)
  }

  async #conclude(lease: Lease, log: Logger, operation: OperationRow, result: AttemptEnd): Promise<boolean> {
    if (result.end === 'reached') {
      const status = operation.revertTo ?? 'succeeded'
      await this.#end(lease, log, operation, status, operation.revertTo ? operation.error : null)
      return false
    }
    if (result.end === 'again') return await this.#park(lease, { delayMs: POLL_MS, reason: null, error: null })
    if (result.end === 'stopped') {
      if (!lease.supersededBy) return await this.#park(lease, { delayMs: 0, reason: null, error: null })
      await this.#end(lease, log, operation, 'cancelled', {
        code: 'superseded',
        message: `operation ${lease.supersededBy} took its place`,
      })
      return false
    }
    return await this.#failed(lease, log, operation, result)
  }

  async #failed(
    lease: Lease,
    log: Logger,
    operation: OperationRow,
    { error, goBack, overdue }: AttemptEnd & { end: 'error' },
  ): Promise<boolean> {
    if (error instanceof LeaseOver) {
      if (error.why === 'drain') return await this.#park(lease, { delayMs: 0, reason: null, error: null })
      throw error
    }
    if (error instanceof CancelAsked)
      return await this.#turn(lease, 'cancelled', { code: 'cancelled', message: 'it was cancelled on request' })
    if (!isAppError(error)) log.error({ err: error }, 'an attempt broke')
    const retryable = !isAppError(error) || error.retryable
    if (retryable && !overdue) {
      const told = toOperationError(error)
      log.info({ code: told.code, detail: told.message }, 'the attempt failed; it is tried again')
      return await this.#park(lease, {
        delayMs: backoffMs(lease.fence.attempt, { baseMs: 1000, maxMs: 15_000 }),
        reason: 'backoff',
        error: told,
      })
    }
    const told = retryable ? overdueError(error) : toOperationError(error)
    if (operation.revertTo !== null) {
      const first = operation.error as { message?: string } | null
      await this.#end(lease, log, operation, 'failed', {
        ...told,
        code: 'rollback_failed',
        message: `${first?.message ?? 'it failed'}; and going back failed with ${told.code}: ${told.message}`,
      })
      return false
    }
    // What can not be reached can not be put back either; the resync does it once the host is there again.
    if (retryable || !goBack) {
      await this.#end(lease, log, operation, 'failed', told)
      return false
    }
    const hadGood = operation.app ? goodOf(operation.app).release !== null : false
    return await this.#turn(lease, hadGood ? 'rolled_back' : 'failed', told)
  }

  /** From here on the operation goes back to the good state; the next attempt, under the same lease, begins with it. */
  async #turn(lease: Lease, revertTo: string, error: object): Promise<true> {
    if (!(await turnRound(this.#options.db.prisma, lease.fence, revertTo, error))) throw new LeaseOver('lost')
    return true
  }

  async #park(lease: Lease, wait: { delayMs: number; reason: string | null; error: object | null }): Promise<false> {
    if (!(await park(this.#options.db.prisma, lease.fence, wait))) throw new LeaseOver('lost')
    return false
  }

  /** Writes the end of an operation and of what it wanted, in one transaction. */
  async #end(lease: Lease, log: Logger, operation: OperationRow, status: string, error: unknown): Promise<void> {
    await this.#options.db.transaction(async (tx) => {
      await endOperation(
        tx,
        operation,
        { status, error },
        async () => await finish(tx, lease.fence, status, error as object | null),
      )
    })
    log.info({ status, error }, 'the operation ended')
  }
}
