import { Duplex } from 'node:stream'
import type { ClientChannel } from 'ssh2'

/**
 * A socket forwarded over SSH, as Node's HTTP client wants one. ssh2's channel is no stream that it could take: `destroy` there passes
 * no error on and closes nothing by itself, and a write that comes too late is never called back.
 */
export class ForwardedSocket extends Duplex {
  /** Milliseconds of silence until `timeout` is emitted; 0: never. The agent ends idle connections by it. */
  timeout = 0
  readonly #channel: ClientChannel
  #idle: NodeJS.Timeout | null = null

  constructor(channel: ClientChannel) {
    super({ allowHalfOpen: false })
    this.#channel = channel
    channel.on('data', (chunk: Buffer) => {
      this.#idle?.refresh()
      if (!this.push(chunk)) channel.pause()
    })
    channel.once('end', () => this.push(null))
    channel.once('close', () => this.push(null))
    channel.on('error', (error: Error) => this.destroy(error))
    // Whoever uses it hears of its end; between two requests nobody does.
    this.on('error', () => {})
  }

  override _read(): void {
    this.#channel.resume()
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#idle?.refresh()
    this.#channel.write(chunk, encoding, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#channel.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#idle) clearTimeout(this.#idle)
    this.#channel.resume()
    this.#channel.destroy()
    done(error)
  }

  setTimeout(ms: number): this {
    if (this.#idle) clearTimeout(this.#idle)
    this.timeout = ms
    this.#idle = ms > 0 ? setTimeout(() => this.emit('timeout'), ms).unref() : null
    return this
  }

  // What the agent asks of a socket that it keeps: the SSH connection has all of this for all of them.
  setKeepAlive(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}
