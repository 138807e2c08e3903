import { monotonicMs } from '../lib/clock.ts'
import { FENCE_MS, type Beat, type Claim, type Fence } from './queue.ts'

/** Why a runner lets go of an operation before its end. */
export class LeaseOver extends Error {
  override readonly name = 'LeaseOver'
  readonly why: 'lost' | 'drain'

  constructor(why: 'lost' | 'drain') {
    super(why === 'lost' ? 'the lease is over' : 'the worker is shutting down')
    this.why = why
  }
}

/** The walk of a plan should end at its next boundary: a newer operation waits, or the worker is shutting down. */
export class StopAsked extends Error {
  override readonly name = 'StopAsked'
}

/** Somebody asked for the operation's cancellation. */
export class CancelAsked extends Error {
  override readonly name = 'CancelAsked'
}

/**
 * A runner's hold on one operation. `signal` aborts when the hold is over; `guard` throws as soon as FENCE_MS have passed on the
 * monotonic clock since the last confirmed heartbeat was sent, also in a process that was stopped meanwhile and whose
 * timers have not fired yet.
 */
export class Lease {
  readonly fence: Fence
  readonly tenantId: string | null
  supersededBy: string | null = null
  cancelRequested = false
  readonly #over = new AbortController()
  readonly #cancel = new AbortController()
  readonly #stop = new AbortController()
  #confirmedAt: number
  #timer: NodeJS.Timeout

  constructor(claim: Claim, owner: string, sentAt: number) {
    this.fence = { operationId: claim.id, owner, attempt: claim.attempt }
    this.tenantId = claim.tenantId
    this.#confirmedAt = sentAt
    this.#timer = this.#arm()
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** Aborts with CancelAsked when cancellation is asked for. */
  get cancelSignal(): AbortSignal {
    return this.#cancel.signal
  }

  /** Aborts with StopAsked when the operation is superseded, or the worker drains. */
  get stopSignal(): AbortSignal {
    return this.#stop.signal
  }

  /** Why it is over; null: it is not. */
  get over(): LeaseOver['why'] | null {
    const { aborted, reason } = this.#over.signal
    return aborted && reason instanceof LeaseOver ? reason.why : null
  }

  readonly guard = (): void => {
    if (monotonicMs() - this.#confirmedAt >= FENCE_MS) this.end('lost')
    this.#over.signal.throwIfAborted()
  }

  /** A heartbeat that was sent at `sentAt` (monotonic) came back with this row; null: without it. */
  confirm(beat: Beat | null, sentAt: number): void {
    if (!beat || beat.attempt !== this.fence.attempt) return this.end('lost')
    if (monotonicMs() - this.#confirmedAt >= FENCE_MS) return this.end('lost')
    // Answers may overtake each other.
    this.#confirmedAt = Math.max(this.#confirmedAt, sentAt)
    clearTimeout(this.#timer)
    this.#timer = this.#arm()
    this.supersededBy = beat.supersededBy
    if (beat.supersededBy) this.stop()
    if (beat.cancelRequested && !this.cancelRequested) {
      this.cancelRequested = true
      this.#cancel.abort(new CancelAsked('cancellation was asked for'))
    }
  }

  /** Asks for an end at the next step's boundary. */
  stop(): void {
    if (!this.#stop.signal.aborted) this.#stop.abort(new StopAsked('to end at the next boundary'))
  }

  end(why: 'lost' | 'drain'): void {
    clearTimeout(this.#timer)
    if (!this.#over.signal.aborted) this.#over.abort(new LeaseOver(why))
  }

  /** No more heartbeats are needed. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(() => this.end('lost'), Math.max(0, this.#confirmedAt + FENCE_MS - monotonicMs())).unref()
  }
}
