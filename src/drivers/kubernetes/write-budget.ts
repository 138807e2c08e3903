import { setTimeout as delay } from 'node:timers/promises'
import { monotonicMs } from '../../lib/clock.ts'

/**
 * How often a cluster may be written to: a bucket of `burst` turns, that fills by `perSecond`. Turns are given in order of their asking;
 * who gives up waiting takes none.
 */
export class WriteBudget {
  readonly #perSecond: number
  readonly #burst: number
  readonly #now: () => number
  readonly #waiting = new Set<() => void>()
  #turns: number
  #filledAt: number
  #serving = false

  constructor(options: { readonly perSecond: number; readonly burst: number; readonly now?: () => number }) {
    this.#perSecond = options.perSecond
    this.#burst = options.burst
    this.#now = options.now ?? monotonicMs
    this.#turns = options.burst
    this.#filledAt = this.#now()
  }

  /** Resolves when it is the caller's turn; rejects with the signal's reason as soon as that aborts. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#fill()
    if (this.#waiting.size === 0 && this.#turns >= 1) {
      this.#turns--
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const enter = (): void => {
      signal.removeEventListener('abort', leave)
      resolve()
    }
    const leave = (): void => {
      this.#waiting.delete(enter)
      reject(signal.reason)
    }
    signal.addEventListener('abort', leave, { once: true })
    this.#waiting.add(enter)
    void this.#serve()
    await promise
  }

  async #serve(): Promise<void> {
    if (this.#serving) return
    this.#serving = true
    try {
      while (this.#waiting.size > 0) {
        this.#fill()
        for (const enter of this.#waiting) {
          if (this.#turns < 1) break
          this.#turns--
          this.#waiting.delete(enter)
          enter()
        }
        if (this.#waiting.size > 0) await delay(Math.max(1, ((1 - this.#turns) / this.#perSecond) * 1000))
      }
    } finally {
      this.#serving = false
    }
  }

  #fill(): void {
    const now = this.#now()
    this.#turns = Math.min(this.#burst, this.#turns + ((now - this.#filledAt) / 1000) * this.#perSecond)
    this.#filledAt = now
  }
}
