import type { WebSocket } from 'ws'
import { AppError } from '../errors/app-error.ts'

/** What a socket is closed with beside what graphql-transport-ws has. Clients come back after those that are no fault of theirs. */
export const CLOSE = {
  forbidden: 4403,
  badRequest: 4400,
  tooMany: 4429,
  slowReader: 4503,
  failed: 4500,
  restart: 1012,
  tryLater: 1013,
} as const

export interface SocketTiming {
  /** How often a client is asked for a sign of life; one that gives none until the next time is cut off. Default 15 s. */
  readonly pingMs?: number
  /** A client that takes none of what is sent for so long is cut off. Default 10 s. */
  readonly slowMs?: number
  /** How long a client has to begin. Default 10 s. */
  readonly initMs?: number
}

export const TIMING: Required<SocketTiming> = { pingMs: 15_000, slowMs: 10_000, initMs: 10_000 }

/** More than this is never kept for a client that asks and does not read. */
const MOST_BUFFERED = 4 * 1024 * 1024
/** How long a client has to answer a close. */
const CLOSE_MS = 1000
/** One that was too slow has more: the reason waits behind what it has not read. */
const SLOW_CLOSE_MS = 30_000

export interface SubscriptionSocket {
  /** Aborts when it is closed, or begins to be. */
  readonly gone: AbortSignal
  /** Resolves when the client's side has taken it: who waits sends no faster than it is read. Never rejects. */
  send(text: string): Promise<void>
  /** At most 123 bytes of `reason` are sent. */
  close(code: number, reason: string): void
}

/** A WebSocket with back-pressure, signs of life, and a close that does not wait for the other side for ever. */
export function openSocket(socket: WebSocket, { pingMs, slowMs }: Required<SocketTiming>): SubscriptionSocket {
  let isAlive = true
  const gone = new AbortController()
  const close: SubscriptionSocket['close'] = (code, reason) => {
    if (socket.readyState !== socket.OPEN) return
    socket.close(
      code,
      Buffer.from(reason)
        .subarray(0, 123)
        .toString()
        .replace(/\uFFFD$/, ''),
    )
    // Only now: what ends with this is not told as an end of its own.
    gone.abort()
    const cut = setTimeout(() => socket.terminate(), code === CLOSE.slowReader ? SLOW_CLOSE_MS : CLOSE_MS)
    cut.unref()
    socket.once('close', () => clearTimeout(cut))
  }
  const tooSlow = (): void => {
    const { code, options } = new AppError('slow_reader', {
      detail: 'what was sent was not read in time; go on after the last event that you have',
    })
    close(CLOSE.slowReader, `${code}: ${options.detail}`)
  }
  const pings = setInterval(() => {
    // One that does not read what was sent can't have seen the ping.
    if (!isAlive && socket.bufferedAmount === 0) return socket.terminate()
    isAlive = false
    if (socket.readyState === socket.OPEN) socket.ping()
  }, pingMs)
  pings.unref()
  socket.on('pong', () => {
    isAlive = true
  })
  socket.on('message', () => {
    isAlive = true
  })
  socket.once('close', () => {
    clearInterval(pings)
    gone.abort()
  })
  // 'close' tells of it.
  socket.on('error', () => {})

  return {
    gone: gone.signal,
    close,
    async send(text) {
      if (socket.readyState !== socket.OPEN) return
      if (socket.bufferedAmount > MOST_BUFFERED) {
        socket.terminate()
        return
      }
      await new Promise<void>((resolve) => {
        const late = setTimeout(tooSlow, slowMs)
        socket.send(text, () => {
          clearTimeout(late)
          resolve()
        })
      })
    },
  }
}
