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

/** `size` pieces of work (default 1) at a time for each key; the keys don't wait for each other. */
export class KeyedLock {
  readonly #size: number
  readonly #locks = new Map<string, Limit>()

  constructor(size = 1) {
    this.#size = size
  }

  async run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const lock = this.#locks.get(key) ?? new Limit(this.#size)
    this.#locks.set(key, lock)
    try {
      return await lock.run(signal, work)
    } finally {
      if (lock.idle && this.#locks.get(key) === lock) this.#locks.delete(key)
    }
  }
}
