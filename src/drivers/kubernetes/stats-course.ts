/** What a cluster said last of a container's use. It says it every some seconds. */
export interface Figures {
  /** When it was measured, in whatever words: others mean that it was measured anew. */
  readonly at: string
  /** Cores in use. */
  readonly cores: number
  readonly memoryBytes: number
  /** Since the pod began; null: not known (yet). */
  readonly network: { readonly at: string; readonly receivedBytes: number; readonly sentBytes: number } | null
}

/** A container's use at a time. */
export interface Use {
  readonly cpuNs: number
  readonly memoryBytes: number
  readonly receivedBytes: number | null
  readonly sentBytes: number | null
}

/**
 * Makes a course of figures that come every some seconds, which can be asked for at any time: cores are counted on, and a counter goes from one
 * measurement to the next in the time that there was between them, so that it is one measurement behind and no rate has peaks that are not
 * there. What is counted never goes back but with the cluster's own count.
 */
export class UsageCourse {
  #figures: Figures | null = null
  #changedAtMs = 0
  #cpuNs = 0
  #countedMs = 0
  readonly #received = new Walk()
  readonly #sent = new Walk()

  /** When it last said something new, on the clock of those who tell it; null: never. */
  get changedAtMs(): number | null {
    return this.#figures && this.#changedAtMs
  }

  learn(figures: Figures, nowMs: number): void {
    this.#count(nowMs)
    if (figures.at !== this.#figures?.at) this.#changedAtMs = nowMs
    const { network } = figures
    if (network && network.at !== this.#figures?.network?.at) {
      this.#received.learn(network.receivedBytes, nowMs)
      this.#sent.learn(network.sentBytes, nowMs)
    }
    // What was known of the network stays, where this time nothing is said of it.
    this.#figures = { ...figures, network: network ?? this.#figures?.network ?? null }
  }

  /** null: nothing was ever said. */
  at(nowMs: number): Use | null {
    if (!this.#figures) return null
    this.#count(nowMs)
    return {
      cpuNs: Math.round(this.#cpuNs),
      memoryBytes: this.#figures.memoryBytes,
      receivedBytes: this.#received.at(nowMs),
      sentBytes: this.#sent.at(nowMs),
    }
  }

  #count(nowMs: number): void {
    if (this.#figures) this.#cpuNs += this.#figures.cores * Math.max(0, nowMs - this.#countedMs) * 1e6
    this.#countedMs = Math.max(nowMs, this.#countedMs)
  }
}

/** A counter on its way from one measurement to the next. Not known before the second one. */
class Walk {
  #last: { readonly value: number; readonly atMs: number } | null = null
  #from = 0
  #walkMs: number | null = null

  learn(value: number, nowMs: number): void {
    const last = this.#last
    if (last) {
      // One that is less than before was counted from a new begin.
      this.#from = value < last.value ? value : (this.at(nowMs) ?? last.value)
      this.#walkMs = Math.max(1, nowMs - last.atMs)
    }
    this.#last = { value, atMs: nowMs }
  }

  at(nowMs: number): number | null {
    if (!this.#last || this.#walkMs === null) return null
    const { value, atMs } = this.#last
    const part = Math.min(1, Math.max(0, (nowMs - atMs) / this.#walkMs))
    return Math.round(this.#from + (value - this.#from) * part)
  }
}
