import type { Logger } from 'pino'
import { attempt, type AttemptDeps, type AttemptEnd, overdueError } from './attempt.ts'
import { loadOperation, type OperationRow } from './operation.repository.ts'
import { endOperation, type OperationEnd } from './end.ts'
import { toOperationError } from './failure.ts'
import { CancelAsked, Lease, LeaseOver } from './lease.ts'
import { claim, type Claim, finish, heartbeat, HEARTBEAT_MS, heartbeatUnlocked, park, turnRound } from './queue.ts'
import { CHANNELS, isUnavailable, mapDbError, notify } from '../db/index.ts'
import { isAppError } from '../errors/app-error.ts'
import { sleep, within } from '../lib/abort.ts'
import { backoffMs } from '../lib/backoff.ts'
import { monotonicMs } from '../lib/clock.ts'
import { goodOf } from '../modules/apps/index.ts'

/** NOTIFY wakes a worker; where one was lost, this poll finds the work. */
const POLL_MS = 1000
/** How long running steps may go on once the worker is asked to end, and how long handing over may take after that. */
const DRAIN_MS = 7000
const HAND_OVER_MS = 2500
/** A heartbeat that hangs does not keep the next one from being sent: two fit into the time that a lease is believed. */
const BEAT_PATIENCE_MS = HEARTBEAT_MS / 2
const WRITE_AGAIN_MS = 250

export interface RunnerOptions extends AttemptDeps {
  readonly workerId: string
  readonly slots: number
}

/** Claims operations and carries them out, up to `slots` at once. */
export class Runner {
  readonly #options: RunnerOptions
  /** By lease, not by operation: an operation may come back here while its last attempt still winds down. */
  readonly #held = new Set<Lease>()
  readonly #stopping = new AbortController()
  #listeners: { close(): Promise<void> }[] = []
  #wake: () => void = () => {}
  #loops: Promise<void>[] = []

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  /** How many operations it runs now. */
  get running(): number {
    return this.#held.size
  }

  async start(): Promise<void> {
    const { db } = this.#options
    this.#listeners = [
      await db.listen(CHANNELS.work, () => this.#wake()),
      await db.listen(CHANNELS.operation, (id) => {
        if (id === null || [...this.#held].some(({ fence }) => fence.operationId === id)) void this.#beat()
      }),
    ]
    this.#loops = [this.#claimLoop(), this.#beatLoop()]
  }

  /** Takes no new work, lets running steps finish or hands their operations over; 10 s at most. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    for (const lease of this.#held) lease.stop()
    const ended = Promise.all(this.#loops)
    await within(DRAIN_MS, ended)
    for (const lease of this.#held) lease.end('drain')
    // A database that does not answer takes nothing over from here: the leases run out then.
    await within(HAND_OVER_MS, ended)
    await Promise.all(this.#listeners.map(async (listener) => await listener.close()))
  }

  async #claimLoop(): Promise<void> {
    const { db, workerId, slots, log } = this.#options
    while (!this.#stopping.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      try {
        while (this.#held.size < slots && !this.#stopping.signal.aborted) {
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
    for (const lease of this.#held)
      if (lease.tenantId) counts.set(lease.tenantId, (counts.get(lease.tenantId) ?? 0) + 1)
    const left = (count: number): number => this.#options.slots - (this.#held.size - count)
    return [...counts].filter(([, count]) => count >= left(count) / 2).map(([tenantId]) => tenantId)
  }

  #hold(claimed: Claim, sentAt: number): void {
    const lease = new Lease(claimed, this.#options.workerId, sentAt)
    // A claim that was under way when the stop came is handed on untouched.
    if (this.#stopping.signal.aborted) lease.end('drain')
    const run = async (): Promise<void> => {
      await this.#run(lease)
      lease[Symbol.dispose]()
      this.#held.delete(lease)
      this.#wake()
    }
    this.#held.add(lease)
    void run()
  }

  async #beatLoop(): Promise<void> {
    // Leases are kept until the last operation has been handed over.
    while (!this.#stopping.signal.aborted || this.#held.size > 0) {
      await within(BEAT_PATIENCE_MS, this.#beat())
      await sleep(
        this.#stopping.signal.aborted ? HEARTBEAT_MS / 10 : HEARTBEAT_MS,
        this.#stopping.signal.aborted ? undefined : this.#stopping.signal,
      ).catch(() => {})
    }
  }

  async #beat(): Promise<void> {
    // Of what was given up here nothing is renewed: another attempt may have it as soon as it runs out.
    const held = [...this.#held].filter(({ over }) => over !== 'lost')
    if (held.length === 0) return
    const { db, workerId, log } = this.#options
    const sentAt = monotonicMs()
    try {
      const ids = held.map(({ fence }) => fence.operationId)
      const beats = new Map((await heartbeatUnlocked(db.prisma, workerId, ids)).map((beat) => [beat.id, beat]))
      const missing = held.filter((lease) => {
        const beat = beats.get(lease.fence.operationId)
        if (beat) lease.confirm(beat, sentAt)
        return !beat
      })
      // Lost, or locked for a moment: each by itself is waited for.
      await Promise.all(
        missing.map(async (lease) => {
          const [beat] = await heartbeat(db.prisma, workerId, [lease.fence.operationId])
          lease.confirm(beat ?? null, sentAt)
        }),
      )
    } catch (error) {
      log.warn({ err: error }, 'a heartbeat failed; trying again')
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
    // Both after the operation is known to be held here: whatever is asked of it from now on is heard.
    const [operation] = await Promise.all([
      this.#write(lease, async () => await loadOperation(db, lease.fence.operationId)),
      this.#beat(),
    ])
    if (!operation) return false
    if ((lease.cancelRequested || operation.cancelRequested) && operation.revertTo === null) {
      return await this.#turn(lease, 'cancelled', { code: 'cancelled', message: 'it was cancelled on request' })
    }
    const result = lease.supersededBy
      ? ({ end: 'stopped' } as const)
      : await attempt({ ...this.#options, log }, lease, operation)
    // An attempt that the drain cut short still has its lease, and hands the operation over.
    if (lease.over !== 'drain') lease.guard()
    return await this.#conclude(lease, log, operation, result)
  }

  async #conclude(lease: Lease, log: Logger, operation: OperationRow, result: AttemptEnd): Promise<boolean> {
    if (result.end === 'reached') {
      const status = (operation.revertTo ?? 'succeeded') as OperationEnd
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
    return await this.#failed(lease, log, operation, {
      ...result,
      error: isUnavailable(result.error) ? mapDbError(result.error) : result.error,
    })
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
    if (retryable || !goBack || isAppError(error, 'host_identity_mismatch')) {
      await this.#end(lease, log, operation, 'failed', told)
      return false
    }
    const hadGood = operation.app ? goodOf(operation.app).release !== null : false
    return await this.#turn(lease, hadGood ? 'rolled_back' : 'failed', told)
  }

  /** From here on the operation goes back to the good state; the next attempt, under the same lease, begins with it. */
  async #turn(lease: Lease, revertTo: OperationEnd, error: object): Promise<true> {
    const { db } = this.#options
    const turned = await this.#write(lease, async () => await turnRound(db.prisma, lease.fence, revertTo, error))
    if (!turned) throw new LeaseOver('lost')
    return true
  }

  async #park(lease: Lease, wait: { delayMs: number; reason: string | null; error: object | null }): Promise<false> {
    const { db } = this.#options
    const parked = await this.#write(lease, async () => await park(db.prisma, lease.fence, wait))
    if (!parked) throw new LeaseOver('lost')
    // Another worker goes on at once; where this gets lost, its poll finds it.
    if (wait.delayMs === 0) await notify(db.prisma, CHANNELS.work).catch(() => {})
    return false
  }

  /** Writes the end of an operation and of what it wanted, in one transaction. */
  async #end(lease: Lease, log: Logger, operation: OperationRow, status: OperationEnd, error: unknown): Promise<void> {
    const write = async (): Promise<void> =>
      await this.#options.db.transaction(async (tx) => {
        await endOperation(
          tx,
          operation,
          { status, error },
          async () => await finish(tx, lease.fence, status, error as object | null),
        )
      })
    await this.#write(lease, write)
    log.info({ status, error }, 'the operation ended')
  }

  /** Tries again for as long as the lease lasts, while the database is away. */
  async #write<T>(lease: Lease, write: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await write()
      } catch (error) {
        if (!isUnavailable(error) || lease.over !== null) throw error
        await sleep(WRITE_AGAIN_MS, lease.signal)
      }
    }
  }
}
