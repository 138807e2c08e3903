import { CHANNELS, type Database, type DbLogger, isUnavailable } from '../../db/index.ts'
import { emit, type Event, eventsOf } from '../../events/index.ts'
import { sleep, within } from '../../lib/abort.ts'
import { backoffMs } from '../../lib/backoff.ts'
import { monotonicMs } from '../../lib/clock.ts'
import { SealError, type Sealer } from '../../lib/seal.ts'
import { VERSION } from '../../lib/version.ts'
import type { Outbound } from '../../outbound/index.ts'
import { attemptDelivery, type AttemptResult } from './attempt.ts'
import {
  claimDeliveries,
  type ClaimedDelivery,
  endDisabled,
  noteFailing,
  releaseDelivery,
  writeFailure,
  writeSuccess,
} from './deliveries.repository.ts'
import { secretContext } from './signature.ts'
import { updateWebhook } from './webhooks.repository.ts'

export interface DelivererOptions {
  readonly db: Database
  readonly sealer: Sealer
  readonly log: DbLogger
  readonly outbound: Outbound
  readonly limits?: Partial<typeof LIMITS>
  readonly timing?: Partial<typeof TIMING>
}

/** How many deliveries are under way in a process: of all, of a tenant, of a webhook. One that is failing gets one at a time. */
const LIMITS = { all: 64, ofTenant: 16, ofWebhook: 4 }

const TIMING = {
  /** For an attempt, from the look for its address to the end of the answer. */
  attemptMs: 15_000,
  /** An attempt whose process was killed is made anew after this. */
  leaseMs: 30_000,
  /** Between attempts: 5 to 10 s after the first, each time twice that, at most 2 to 4 h. */
  baseMs: 10_000,
  maxMs: 4 * 3_600_000,
  /** A delivery is tried for so long, and a webhook that has failed for so long is disabled. */
  windowMs: 24 * 3_600_000,
  /** How often what is due is looked for where nobody tells. */
  pollMs: 1000,
  /** How long attempts may go on once the process is asked to end. */
  graceMs: 1500,
}
/** A delivery's last attempt comes a day after its making, and then its webhook has failed for some moments less than that. */
const ALMOST = 0.99
/** What wakes comes in crowds: they are answered by one statement. */
const GATHER_MS = 10
/** A worker that lacks the key leaves it to others, and to a start with the key. */
const SEALED_MS = 60_000
const SWEEP_BATCH = 500

/**
 * Sends what is in the outbox, with as many others on the same database as there are: each delivery is under way once at a time, and is sent at
 * least once (a process that is killed between the answer and its writing sends it again). In no order: a receiver that is slow or gone holds
 * up neither other webhooks nor, by more than its own limit, its tenant.
 */
export class Deliverer {
  readonly #options: DelivererOptions
  readonly #limits: typeof LIMITS
  readonly #timing: typeof TIMING
  readonly #closed = new AbortController()
  readonly #cut = new AbortController()
  readonly #sending = new Map<string, { readonly delivery: ClaimedDelivery; readonly done: Promise<void> }>()
  #wake = Promise.withResolvers<void>()
  #listener: { close(): Promise<void> } | null = null
  #loop: Promise<void> = Promise.resolve()

  constructor(options: DelivererOptions) {
    this.#options = options
    this.#limits = { ...LIMITS, ...options.limits }
    this.#timing = { ...TIMING, ...options.timing }
  }

  /** How many deliveries are under way. */
  get sending(): number {
    return this.#sending.size
  }

  async start(): Promise<void> {
    this.#listener = await this.#options.db.listen(CHANNELS.delivery, () => this.#wake.resolve())
    this.#loop = this.#run()
  }

  /** Takes no more, lets what is under way end for a moment, and gives the rest back. */
  async stop(): Promise<void> {
    this.#closed.abort()
    this.#wake.resolve()
    await this.#listener?.close()
    await this.#loop
    const done = Promise.all([...this.#sending.values()].map(async (one) => await one.done))
    if (!(await within(this.#timing.graceMs, done))) this.#cut.abort(new Error('the worker is stopping'))
    await done
  }

  async #run(): Promise<void> {
    const { db, log } = this.#options
    for (let sweepAt = 0; !this.#closed.signal.aborted;) {
      this.#wake = Promise.withResolvers()
      try {
        if (monotonicMs() >= sweepAt) {
          await endDisabled(db.prisma, SWEEP_BATCH)
          sweepAt = monotonicMs() + this.#timing.pollMs
        }
        // Others of the same webhooks may be due as well: room is made by those that end, which wake this.
        for (const delivery of await this.#claim()) this.#send(delivery.claimed, delivery.event)
      } catch (error) {
        log.debug({ err: error }, 'what is due could not be looked for; trying again')
      }
      const isWoken = await within(this.#timing.pollMs, this.#wake.promise)
      if (isWoken) await sleep(GATHER_MS, this.#closed.signal).catch(() => {})
    }
  }

  async #claim(): Promise<{ readonly claimed: ClaimedDelivery; readonly event: Event }[]> {
    const { db } = this.#options
    const { all, ofTenant, ofWebhook } = this.#limits
    const busy = [...this.#sending.values()].map(({ delivery }) => delivery)
    if (busy.length >= all) return []
    const claimed = await claimDeliveries(db.prisma, {
      room: all - busy.length,
      ofTenant,
      ofWebhook,
      leaseMs: this.#timing.leaseMs,
      busyTenants: countBy(busy, ({ tenantId }) => tenantId),
      busyWebhooks: countBy(busy, ({ webhookId }) => webhookId),
    })
    if (claimed.length === 0) return []
    const events = new Map(
      (
        await eventsOf(
          db.prisma,
          claimed.map(({ eventId }) => eventId),
        )
      ).map((event) => [event.id, event]),
    )
    return claimed.flatMap((delivery) => {
      const event = events.get(delivery.eventId)
      // One that was pruned in between took the delivery with it.
      return event ? [{ claimed: delivery, event }] : []
    })
  }

  #send(delivery: ClaimedDelivery, event: Event): void {
    const done = this.#attempt(delivery, event)
      .catch((error: unknown) => {
        this.#options.log.warn(
          { err: error, delivery: delivery.id },
          'what came of a delivery could not be written; it is sent again',
        )
      })
      .finally(() => {
        this.#sending.delete(delivery.id)
        this.#wake.resolve()
      })
    this.#sending.set(delivery.id, { delivery, done })
  }

  async #attempt(delivery: ClaimedDelivery, event: Event): Promise<void> {
    const { db, sealer, outbound } = this.#options
    let secret: string
    try {
      secret = sealer.open(delivery.secret, secretContext(delivery.webhookId))
    } catch (error) {
      if (!(error instanceof SealError)) throw error
      const told = { delayMs: SEALED_MS, error: 'its secret can not be unsealed: the platform lacks the key' }
      return await this.#written(async () => await releaseDelivery(db.prisma, delivery, told))
    }
    const signal = AbortSignal.any([AbortSignal.timeout(this.#timing.attemptMs), this.#cut.signal])
    const message = { url: delivery.url, secret, id: `msg_${delivery.message.replaceAll('-', '')}`, event }
    const terms = { signal, userAgent: `Moorage/${VERSION}`, now: () => new Date() }
    const result = await attemptDelivery(outbound, message, terms)
    // Cut off by us: the receiver may have it or not, and somebody else asks.
    if (result.responseStatus === null && this.#cut.signal.aborted)
      return await this.#written(async () => await releaseDelivery(db.prisma, delivery, { delayMs: 0, error: null }))
    await this.#written(async () => await this.#write(delivery, result))
  }

  async #write(delivery: ClaimedDelivery, result: AttemptResult): Promise<void> {
    const { db, log } = this.#options
    const { baseMs, maxMs, windowMs } = this.#timing
    const { id, webhookId, tenantId, attempts } = delivery
    if (result.kind === 'succeeded') return await db.transaction(async (tx) => await writeSuccess(tx, delivery, result))
    const asked = Math.min(result.retryAfterMs ?? 0, maxMs)
    const delayMs = Math.max(asked, backoffMs(attempts, { baseMs, maxMs }))
    log.debug({ delivery: id, webhook: webhookId, attempts, status: result.responseStatus }, 'a delivery failed')
    await db.transaction(async (tx) => {
      const isGone = result.kind === 'gone'
      if (!(await writeFailure(tx, delivery, result, { delayMs, windowMs, isFinal: isGone }))) return
      const failing = await noteFailing(tx, webhookId, windowMs * ALMOST)
      if (!failing?.enabled || !(isGone || failing.isLong)) return
      const reason = isGone ? 'the receiver answered 410 Gone' : 'no delivery has succeeded for a day'
      await updateWebhook(tx, tenantId, webhookId, { enabled: false, disabledReason: reason })
      // To its tenant's others alone: this one is disabled by now.
      emit(tx, { tenantId, type: 'webhook.disabled', actor: 'system:webhooks', data: { id: webhookId, reason } })
    })
  }

  /** Tries for as long as the lease is ours: what is not written is sent again. */
  async #written(write: () => Promise<void>): Promise<void> {
    const deadline = performance.now() + this.#timing.leaseMs - this.#timing.attemptMs
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await write()
      } catch (error) {
        if (!isUnavailable(error) || this.#closed.signal.aborted || performance.now() > deadline) throw error
        await sleep(backoffMs(attempt, { baseMs: 100, maxMs: 2000 }), this.#closed.signal).catch(() => {})
      }
    }
  }
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1
  return counts
}
