import { Agent } from 'node:http'
import type { Duplex } from 'node:stream'
import { inspect } from 'node:util'
import type { SshEndpoint } from '../driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { backoffMs } from '../../lib/backoff.ts'
import { monotonicMs } from '../../lib/clock.ts'
import { SshLink } from './ssh-link.ts'

const RETRY_MS = { baseMs: 500, maxMs: 15_000 }
/** A connection that lived so long (longer than any login may take) was a good one: the next attempt after its end does not wait. */
const STEADY_MS = 10_000

/**
 * The agent of an engine behind an SSH server. All requests and streams share one SSH connection, made at the first of them and again
 * when it broke: forwarded sockets do not count against sshd's MaxSessions. After a failure calls fail with its reason, at once, until
 * the next attempt is due.
 */
export class SshAgent extends Agent {
  readonly #endpoint: SshEndpoint
  #link: SshLink | null = null
  #failure: { readonly reason: AppError; readonly nth: number; readonly retryAt: number } | null = null
  #closed = false

  constructor(endpoint: SshEndpoint, options: { readonly timeout: number }) {
    super({ keepAlive: true, ...options })
    this.#endpoint = endpoint
  }

  /** As the other agents: the client would write it all down before each request. */
  [inspect.custom](): string {
    return 'agent'
  }

  override createConnection(_options: object, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    // The type wants a stream beside an error too; Node's own agent passes none.
    if (callback) void this.#answer(callback as (error: Error | null, stream?: Duplex) => void)
  }

  override destroy(): void {
    this.#closed = true
    this.#link?.close()
    super.destroy()
  }

  async #answer(callback: (error: Error | null, stream?: Duplex) => void): Promise<void> {
    const opened = await this.#forward().catch((error: Error) => error)
    if (opened instanceof Error) callback(opened)
    else callback(null, opened)
  }

  async #forward(): Promise<Duplex> {
    return await this.#connected().forward()
  }

  #connected(): SshLink {
    if (this.#closed) throw new AppError('host_unreachable', { detail: 'the connection to the host was closed' })
    if (this.#link) return this.#link
    if (this.#failure && monotonicMs() < this.#failure.retryAt) throw this.#failure.reason
    const link = new SshLink(this.#endpoint)
    const begun = monotonicMs()
    this.#link = link
    void link.ended.then((reason) => {
      if (this.#link === link) this.#link = null
      const now = monotonicMs()
      const nth = now - begun > STEADY_MS ? 0 : (this.#failure?.nth ?? 0) + 1
      this.#failure = { reason, nth, retryAt: nth === 0 ? now : now + backoffMs(nth, RETRY_MS) }
    })
    return link
  }
}
