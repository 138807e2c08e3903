import { once } from 'node:events'
import WebSocket from 'ws'

const PROTOCOL = 'v5.channel.k8s.io'

export interface ExecClientOptions {
  /** null: no Authorization header. */
  readonly token: string | null
  /** Default: the one of the commands. */
  readonly protocols?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

/** Kubernetes' channels by hand, byte for byte: the first byte of each message is the channel. */
export class ExecClient {
  readonly socket: WebSocket
  readonly chunks: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] }
  readonly statuses: ExecStatus[] = []
  /** Resolves with how the socket was closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  /** Resolves when the command has begun; rejects with the answer where there was no upgrade. */
  readonly begun: Promise<void>

  constructor(url: string, { token, protocols = [PROTOCOL], headers = {} }: ExecClientOptions) {
    this.socket = new WebSocket(url.replace(/^http/, 'ws'), [...protocols], {
      headers: { ...(token !== null && { authorization: `Bearer ${token}` }), ...headers },
    })
    const begun = Promise.withResolvers<void>()
    this.begun = begun.promise
    this.begun.catch(() => {})
    this.socket.on('error', (error) => begun.reject(error))
    this.socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => begun.reject(new Refused(response.statusCode ?? 0, Buffer.concat(chunks).toString())))
    })
    this.socket.on('message', (message: Buffer) => {
      const data = message.subarray(1)
      if (message[0] === 1 && data.length === 0) begun.resolve()
      else if (message[0] === 1) this.chunks.stdout.push(data)
      else if (message[0] === 2) this.chunks.stderr.push(data)
      else if (message[0] === 3) this.statuses.push(JSON.parse(data.toString()) as ExecStatus)
      else throw new Error(`a message of channel ${message[0]}`)
    })
    this.closed = once(this.socket, 'close').then(([code, reason]) => {
      begun.reject(new Error('closed before it began'))
      return { code: Number(code), reason: String(reason) }
    })
    this.closed.catch(() => {})
  }

  get stdout(): string {
    return Buffer.concat(this.chunks.stdout).toString()
  }

  get stderr(): string {
    return Buffer.concat(this.chunks.stderr).toString()
  }

  type(text: string | Uint8Array): void {
    this.socket.send(Buffer.concat([Buffer.of(0), typeof text === 'string' ? Buffer.from(text) : text]))
  }

  endInput(): void {
    this.socket.send(Buffer.of(255, 0))
  }

  resize(columns: number, rows: number): void {
    this.socket.send(Buffer.concat([Buffer.of(4), Buffer.from(JSON.stringify({ Width: columns, Height: rows }))]))
  }

  /** How it all ended. */
  async end() {
    const { code, reason } = await this.closed
    return { code, reason, status: this.statuses.at(-1), stdout: this.stdout, stderr: this.stderr }
  }
}

export interface ExecStatus {
  readonly status: 'Success' | 'Failure'
  readonly message?: string
  readonly reason?: string
  readonly code?: number
  readonly details?: { readonly causes: readonly { readonly reason: string; readonly message: string }[] }
}

/** The answer that came instead of an upgrade. */
export class Refused extends Error {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- what a stock client gets: whatever the server says
  readonly body: any

  constructor(status: number, text: string) {
    super(`${status} ${text}`)
    this.status = status
    this.body = text.startsWith('{') ? JSON.parse(text) : text
  }
}
