import type { CallOptions } from '../driver.ts'
import { monotonicMs } from '../../lib/clock.ts'
import type { ClusterClient } from './client.ts'
import { Refusal } from './refusal.ts'

/** For so long a measured difference holds. */
const KEPT_MS = 60_000
/** The API server tells whole seconds: less than that is no difference. */
const TELLABLE_MS = 2000

/** The API server's clock: how long something has been there is no business of ours. */
export class ServerClock {
  readonly #client: ClusterClient
  #aheadMs = 0
  #measuredAt = Number.NEGATIVE_INFINITY

  constructor(client: ClusterClient) {
    this.#client = client
  }

  /** Milliseconds since 1970 there, to two seconds. Asked for once a minute at most. */
  async nowMs(call: CallOptions): Promise<number> {
    if (monotonicMs() - this.#measuredAt > KEPT_MS) {
      const aheadMs = await this.#measure(call)
      this.#aheadMs = Math.abs(aheadMs) > TELLABLE_MS ? aheadMs : 0
      this.#measuredAt = monotonicMs()
    }
    return Date.now() + this.#aheadMs
  }

  async #measure(call: CallOptions): Promise<number> {
    try {
      const answer = await this.#client.stream(call, { path: '/version' })
      answer.destroy()
      return Date.parse(answer.headers.date ?? '') - Date.now() || 0
    } catch (error) {
      // Who may not ask for it has to believe that the clocks agree.
      if (error instanceof Refusal) return 0
      throw error
    }
  }
}
