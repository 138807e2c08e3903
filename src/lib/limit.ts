/**
 * Lets at most `size` pieces of work run at once; the others wait in order of their coming.
 * One that still waits when its signal aborts rejects with the signal's reason and never runs.
 */
export class Limit {
  readonly #size: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(size: number) {
    this.#size = size
  }

  /** Nothing runs and nothing waits. */
  get idle(): boolean {
    return this.#running === 0
  }

  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    if (this.#running >= this.#size) await this.#turn(signal)
    else this.#running++
    try {
      return await work()
    } finally {
      // The place is handed on, so that nobody who comes now can overtake the first who waits.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const enter = (): void => {
      signal.removeEventListener('abort', leave)
      resolve()
    }
    const leave = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(enter), 1)
      reject(signal.reason)
    }
    signal.addEventListener('abort', leave, { once: true })
    this.#waiting.push(enter)
    await promise
  }
}

/** One piece of work at a time for each key. */
export class KeyedLock {
  readonly #locks = new Map<string, Limit>()

  async run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const lock = this.#locks.get(key) ?? new Limit(1)
    this.#locks.set(key, lock)
    try {
      return await lock.run(signal, work)
    } finally {
      if (lock.idle && this.#locks.get(key) === lock) this.#locks.delete(key)
    }
  }
}
