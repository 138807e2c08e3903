import type { Usage } from './stats.schemas.ts'
import { usageOf } from './usage.ts'
import type { Driver, StatsSample } from '../../drivers/index.ts'
import { isAppError } from '../../errors/app-error.ts'
import { sleep } from '../../lib/abort.ts'
import { backoffMs } from '../../lib/backoff.ts'
import { monotonicMs } from '../../lib/clock.ts'

/** Engines send a sample a second: after so long without one, the last is no news. */
const STALE_MS = 5000
/** A container that ended may be started again. */
const AGAIN_MS = 1000

/** Where a container's stats are had. */
export interface Container {
  readonly id: string
  readonly nativeId: string
  readonly hostId: string
  /** Places at its host are shared by this. */
  readonly tenantId: string
}

/** What is known of a container's use now. Neither a usage nor a problem: it does not run, or told nothing yet. */
export interface Reading {
  readonly usage: Usage | null
  /** Why there is none, for a person. */
  readonly problem: string | null
}

export const NOTHING: Reading = { usage: null, problem: null }

/** What looks at a container until it is let go of. */
export interface ContainerWatch {
  readonly reading: Reading
  readonly isSettled: boolean
  /** There was no room for it: ask again later. */
  readonly isRefused: boolean
  release(): void
}

export interface StreamOptions {
  readonly container: Container
  readonly connect: (hostId: string, signal: AbortSignal) => Promise<Driver>
}

/** The one engine stream of a container, for all who look at it: opened again for as long as somebody does. */
export class ContainerStream {
  /** How many look. */
  watchers = 0
  readonly #options: StreamOptions
  readonly #stop = new AbortController()
  readonly #first = Promise.withResolvers<void>()
  #last: Reading = NOTHING
  #isSettled = false
  #arrivedAt = 0

  constructor(options: StreamOptions) {
    this.#options = options
    void this.#run()
  }

  get reading(): Reading {
    const isOld = this.#last.usage !== null && monotonicMs() - this.#arrivedAt > STALE_MS
    return isOld ? { usage: null, problem: 'its host sends no samples any more' } : this.#last
  }

  /** It has said something: a usage, a problem, or that the container does not run. */
  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Resolves once it is settled, or closed. */
  get settled(): Promise<void> {
    return this.#first.promise
  }

  close(): void {
    this.#stop.abort()
    this.#first.resolve()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let failures = 0
    while (!signal.aborted) {
      try {
        if (await this.#read(signal)) failures = 0
        this.#settle(NOTHING)
      } catch (error) {
        failures += 1
        this.#settle({ usage: null, problem: problemOf(error) })
      }
      const pauseMs = failures === 0 ? AGAIN_MS : backoffMs(failures, { baseMs: AGAIN_MS, maxMs: 10_000 })
      await sleep(pauseMs, signal).catch(() => {})
    }
  }

  /** Whether anything came. */
  async #read(signal: AbortSignal): Promise<boolean> {
    const { container, connect } = this.#options
    const driver = await connect(container.hostId, signal)
    let before: StatsSample | null = null
    for await (const sample of driver.stats(container.nativeId, { follow: true }, { signal })) {
      if (before) this.#settle({ usage: usageOf(before, sample), problem: null })
      before = sample
    }
    return before !== null
  }

  #settle(reading: Reading): void {
    if (this.#stop.signal.aborted) return
    this.#last = reading
    this.#arrivedAt = monotonicMs()
    this.#isSettled = true
    this.#first.resolve()
  }
}

/** What may be told of a failure to whoever may see the container. */
export function problemOf(error: unknown): string {
  if (isAppError(error)) return error.options.detail
  return error instanceof DOMException && error.name === 'TimeoutError'
    ? 'its host did not answer in time'
    : 'it could not be read'
}
