import type { RawData, WebSocket } from 'ws'
import { abortable } from '../../lib/abort.ts'
import { tellable } from '../connection-errors.ts'
import { mapConnectionError } from './map-error.ts'

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const
/** What waits for a slow reader before the connection is not read any more, and then until it is read again. */
const MOST_HELD = 256 * 1024
const STATUS_BYTES = 64 * 1024
/** The status is the last message; a server that does not close after it is not waited for. */
const CLOSE_MS = 1000
/** The close code of a connection that nobody closed. */
const BROKEN = 1006

type Output = { readonly stream: 'stdout' | 'stderr'; readonly data: Buffer }

/** How a command ended; null: that is not known. What the runtime says of one that could not begin. */
interface Ending {
  readonly exitCode: number | null
  readonly words: string
}

/** A command behind a WebSocket of `…/exec`: its outputs, input, size and end, each on its channel. Holds 256 KiB for a slow reader, and some. */
export class ExecChannels {
  readonly #socket: WebSocket
  readonly #tty: boolean
  readonly #held: Output[] = []
  #heldBytes = 0
  #status: Buffer = Buffer.alloc(0)
  #hasEnded = false
  #isBroken = false
  readonly #ended = Promise.withResolvers<void>()
  #wake: () => void = () => {}

  constructor(socket: WebSocket, tty: boolean) {
    this.#socket = socket
    this.#tty = tty
    socket.on('message', (data) => this.#take(toBuffer(data)))
    socket.on('close', (code) => {
      this.#isBroken = code === BROKEN
      this.#end()
    })
    if (socket.readyState === socket.CLOSED) this.#end()
  }

  /** Resolves once nothing comes any more. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  /** The same; rejects with the signal's reason where that aborts first. */
  async endedOr(signal: AbortSignal): Promise<void> {
    await abortable(this.#ended.promise, signal)
  }

  /** In the order of their coming. Ends with the command, or with the signal; throws `host_unreachable` where the connection broke. */
  async *output(signal: AbortSignal): AsyncGenerator<Output> {
    const wake = (): void => this.#wake()
    signal.addEventListener('abort', wake, { once: true })
    try {
      while (!signal.aborted) {
        const next = this.#held.shift()
        if (next) {
          this.#heldBytes -= next.data.length
          if (this.#heldBytes < MOST_HELD / 2) this.#socket.resume()
          yield next
        } else if (this.#hasEnded) break
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
      }
      if (signal.aborted) return
      const { words } = this.#ending()
      if (words !== '') yield { stream: this.#tty ? 'stdout' : 'stderr', data: Buffer.from(`${words}\n`) }
      if (this.#isBroken && this.#status.length === 0)
        throw mapConnectionError(new Error('the connection broke'), 'running a command')
    } finally {
      signal.removeEventListener('abort', wake)
      // Also one that nobody reads comes to its end.
      this.#heldBytes = Number.NEGATIVE_INFINITY
      this.#socket.resume()
      if (!signal.aborted) this.#socket.close()
    }
  }

  async write(data: Buffer): Promise<void> {
    if (data.length > 0) await this.#send(CHANNEL.stdin, data)
  }

  /** Only the newer protocol can: with the older one, what reads to the end of its input goes on. */
  endInput(): void {
    if (this.#socket.protocol.startsWith('v5.')) void this.#send(CHANNEL.close, Buffer.of(CHANNEL.stdin))
  }

  async resize({ columns, rows }: { readonly columns: number; readonly rows: number }): Promise<void> {
    await this.#send(CHANNEL.resize, Buffer.from(JSON.stringify({ Width: columns, Height: rows })))
  }

  /** null: nobody knows. Once it has ended. */
  async exitCode(): Promise<number | null> {
    await this.#ended.promise
    return this.#ending().exitCode
  }

  /** The connection is over, whatever becomes of the command. */
  letGo(): void {
    this.#socket.terminate()
  }

  /** Resolves when it is on its way: the server takes no more than the command does. */
  async #send(channel: number, data: Buffer): Promise<void> {
    const socket = this.#socket
    if (this.#hasEnded || socket.readyState !== socket.OPEN) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off('close', done)
        resolve()
      }
      socket.once('close', done)
      socket.send(Buffer.concat([Buffer.of(channel), data]), done)
    })
  }

  #take(message: Buffer): void {
    const channel = message[0]
    const data = message.subarray(1)
    if (data.length === 0) return
    if (channel === CHANNEL.status) {
      if (this.#status.length < STATUS_BYTES) this.#status = Buffer.concat([this.#status, data])
      setTimeout(() => this.#end(), CLOSE_MS).unref()
      return
    }
    if (channel !== CHANNEL.stdout && channel !== CHANNEL.stderr) return
    this.#held.push({ stream: channel === CHANNEL.stdout ? 'stdout' : 'stderr', data })
    this.#heldBytes += data.length
    if (this.#heldBytes > MOST_HELD) this.#socket.pause()
    this.#wake()
  }

  #end(): void {
    this.#hasEnded = true
    this.#ended.resolve()
    this.#wake()
  }

  #ending(): Ending {
    return endingOf(this.#status.toString())
  }
}

/** Out of a `metav1.Status`; pure. A runtime that can't find the program, or may not run it, exits as a shell would. */
export function endingOf(text: string): Ending {
  const { status, message, details } = readStatus(text)
  if (status === 'Success') return { exitCode: 0, words: '' }
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message
  if (code !== undefined && /^\d{1,3}$/.test(code)) return { exitCode: Number(code), words: '' }
  if (typeof message !== 'string') return { exitCode: null, words: '' }
  const words = tellable(message)
  if (/permission denied|is a directory|exec format error/i.test(message)) return { exitCode: 126, words }
  const isMissing = /executable file .*not found|no such file or directory/i.test(message)
  return { exitCode: isMissing ? 127 : null, words }
}

interface Status {
  readonly status?: unknown
  readonly message?: unknown
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] }
}

function readStatus(text: string): Status {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}
