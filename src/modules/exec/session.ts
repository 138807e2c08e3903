import type { WebSocket } from '@fastify/websocket'
import { mapDbError } from '../../db/index.ts'
import type { ExecSession } from '../../drivers/streams.ts'
import { AppError, isAppError } from '../../errors/app-error.ts'
import { sleep } from '../../lib/abort.ts'
import { monotonicMs } from '../../lib/clock.ts'
import {
  CHANNEL,
  exitStatus,
  failureStatus,
  type Input,
  readMessage,
  type Size,
  type Status,
  toMessage,
} from './channels.ts'

/**
 * A client that neither answers a ping nor sends for so long is gone. One that is not read (the command takes no input) is pinged more often: nothing but
 * a write says then that it went away.
 */
const PING_MS = 20_000
const UNREAD_PING_MS = 2000
/** How long a client has to take the last of what was sent: after an ordinary end, and where it must go at once. */
const FAREWELL_MS = 10_000
const PROMPT_MS = 500
/** A command that was killed: with its instance? The engine says so a moment later. */
const KILLED = 128
const LOOKS_MS = [0, 100, 300]

/** Of WebSockets (RFC 6455, 7.4), and our own from 4000 on. */
const CLOSE = {
  ended: 1000,
  badMessage: 1008,
  broken: 1011,
  stopping: 1012,
  later: 1013,
  revoked: 4403,
  limit: 4408,
  gone: 4410,
}

export type EndReason =
  | 'exited'
  | 'instance_ended'
  | 'client_gone'
  | 'bad_message'
  | 'idle_limit'
  | 'time_limit'
  | 'token_ended'
  | 'server_stopped'
  | 'failed'

export interface SessionEnd {
  readonly reason: EndReason
  /** null: it is not known, or the command was ended. */
  readonly exitCode: number | null
}

interface Verdict extends SessionEnd {
  /** Of the socket; null: it is closed already. */
  readonly close: number | null
  readonly status: Status
}

export interface SessionOptions {
  readonly socket: WebSocket
  /** Ends the session with its reason, an AppError: of an `Admission`. */
  readonly signal: AbortSignal
  readonly idleMs: number
  readonly totalMs: number
  /** Begins the command, which ends when `signal` aborts. */
  readonly open: (signal: AbortSignal) => Promise<ExecSession>
  /** Whether the instance still runs. */
  readonly alive: (signal: AbortSignal) => Promise<boolean>
  readonly log: { debug(fields: object, message: string): void; error(fields: object, message: string): void }
}

/**
 * One command of one client, from its begin to its end: resolves when the command is over (or let go of) and the client has been told;
 * never rejects. Neither side is read faster than the other takes: there is no more than a message of the client and a piece of output in memory.
 */
export async function runSession(options: SessionOptions): Promise<SessionEnd> {
  const { socket, signal, log } = options
  const over = new AbortController()
  let end: Verdict | null = null
  /** Messages that the engine has not taken yet (the command's begin is one), and output that the client has not. */
  let taking = 1
  let sending = false
  let heard = true
  let inputEnded = false
  /** One is asked for at a time, and only the newest of those that came meanwhile. */
  let resizing = false
  let nextSize: Size | null = null
  let stopWaiting = (): void => {}

  const finish = (verdict: Verdict): void => {
    if (end) return
    end = verdict
    if (verdict.close !== null) bye(socket, verdict.close, verdict.status)
    letGo(verdict.close === CLOSE.revoked || verdict.close === CLOSE.stopping ? PROMPT_MS : FAREWELL_MS)
    stopWaiting()
    over.abort(new AppError('cancelled', { detail: `the session is over: ${verdict.reason}` }))
  }
  const letGo = (ms: number): void => void setTimeout(() => socket.terminate(), ms).unref()
  const fail = (error: unknown): void => {
    if (!end) finish(verdictOf(error, log))
  }

  const idle = setTimeout(
    () => finish(limitReached('idle_limit', 'no byte went either way for', options.idleMs)),
    options.idleMs,
  )
  const total = setTimeout(() => finish(limitReached('time_limit', 'it has lasted', options.totalMs)), options.totalMs)
  let pingedAt = monotonicMs()
  const pings = setInterval(() => {
    const due = monotonicMs() - pingedAt >= PING_MS
    if (!due && taking === 0) return
    // Whoever has to take what was sent before, or is not read, can't answer: the idle limit is for those.
    if (due && !heard && !sending && taking === 0) {
      finish(GONE)
      socket.terminate()
    }
    if (due) {
      heard = false
      pingedAt = monotonicMs()
    }
    socket.ping()
  }, UNREAD_PING_MS)
  const onAbort = (): void => {
    finish(verdictOfGate(signal.reason))
    letGo(PROMPT_MS)
  }
  signal.addEventListener('abort', onAbort)
  socket.once('close', () => signal.removeEventListener('abort', onAbort))
  socket.once('close', () => finish(GONE))
  // It has told the client itself: a message that is too long, or no frame at all.
  socket.on('error', () => finish({ ...GONE, reason: 'bad_message' }))
  socket.on('pong', () => (heard = true))
  if (signal.aborted) onAbort()

  const send = async (message: Buffer): Promise<void> => {
    sending = true
    await new Promise<void>((resolve) => {
      stopWaiting = resolve
      socket.send(message, () => resolve())
    })
    sending = false
  }
  const take = (session: ExecSession, input: Input): void => {
    if (input.kind === 'resize') {
      nextSize = input.size
      if (!resizing) void resize(session)
    }
    if (inputEnded || (input.kind !== 'stdin' && input.kind !== 'end_of_stdin')) return
    if (input.kind === 'end_of_stdin') {
      inputEnded = true
      return session.endInput()
    }
    taking++
    socket.pause()
    void session.write(input.data).finally(taken)
  }
  const resize = async (session: ExecSession): Promise<void> => {
    resizing = true
    for (let size = nextSize; size && !end; size = nextSize) {
      nextSize = null
      await session.resize(size).catch((error: unknown) => log.debug({ err: error }, 'a terminal got no new size'))
    }
    resizing = false
  }
  const taken = (): void => {
    idle.refresh()
    if (--taking === 0) socket.resume()
  }

  // What comes before the command has begun waits in the socket.
  socket.pause()
  try {
    const session = await options.open(over.signal)
    socket.on('message', (data, isBinary) => {
      heard = true
      if (end) return
      try {
        take(session, readMessage(toBuffer(data), isBinary))
      } catch (error) {
        fail(error)
      }
    })
    // As Kubernetes does: an empty piece of output says that the command has begun.
    await send(toMessage(CHANNEL.stdout))
    taken()
    for await (const { stream, data } of session.output) {
      await send(toMessage(CHANNEL[stream], data))
      idle.refresh()
    }
    const exitCode = await session.exitCode()
    finish(await exited(exitCode, async () => await options.alive(over.signal)))
  } catch (error) {
    fail(error)
  } finally {
    clearTimeout(idle)
    clearTimeout(total)
    clearInterval(pings)
  }
  return end ?? GONE
}

/** Tells a client that was let in why there is no command for it. */
export function refuse(socket: WebSocket, error: unknown, log: SessionOptions['log']): void {
  const { close, status } = verdictOf(error, log)
  socket.on('error', () => {})
  bye(socket, close ?? CLOSE.broken, status)
  setTimeout(() => socket.terminate(), FAREWELL_MS).unref()
}

function bye(socket: WebSocket, close: number, status: Status): void {
  socket.send(toMessage(CHANNEL.error, JSON.stringify(status)), () => {})
  socket.close(close, shortened(status.message ?? ''))
  // It takes the client's answer to the close: it may have been paused.
  socket.resume()
}

const GONE: Verdict = {
  reason: 'client_gone',
  exitCode: null,
  close: null,
  status: failureStatus(410, 'client_gone', 'the client went away'),
}

function limitReached(reason: 'idle_limit' | 'time_limit', words: string, ms: number): Verdict {
  const status = failureStatus(504, reason, `the session ends: ${words} ${ms / 1000} s`)
  return { reason, exitCode: null, close: CLOSE.limit, status }
}

async function exited(exitCode: number | null, alive: () => Promise<boolean>): Promise<Verdict> {
  if (exitCode !== null && (exitCode < KILLED || (await isStillAlive(alive))))
    return { reason: 'exited', exitCode, close: CLOSE.ended, status: exitStatus(exitCode) }
  const message = 'the instance ended, and the command with it'
  const status = exitCode === null ? failureStatus(410, 'instance_ended', message) : exitStatus(exitCode, message)
  return { reason: 'instance_ended', exitCode, close: CLOSE.gone, status }
}

async function isStillAlive(alive: () => Promise<boolean>): Promise<boolean> {
  for (const ms of LOOKS_MS) {
    await sleep(ms)
    // An engine that does not say it now has said the exit code.
    if (!(await alive().catch(() => true))) return false
  }
  return true
}

/** What a session that could not go on ends with. */
function verdictOf(thrown: unknown, log: SessionOptions['log']): Verdict {
  const error = mapDbError(thrown)
  const known = isAppError(error)
    ? error
    : new AppError('internal', { detail: 'something broke inside the server', cause: error })
  if (known.status === 500) log.error({ err: error }, 'a command could not be run')
  const status = failureStatus(known.status, known.code, known.options.detail)
  if (known.code === 'bad_request') return { reason: 'bad_message', exitCode: null, close: CLOSE.badMessage, status }
  const later = known.status === 429 || known.status === 503
  return { reason: 'failed', exitCode: null, close: later ? CLOSE.later : CLOSE.broken, status }
}

/** The token ended, or the server stops. */
function verdictOfGate(error: unknown): Verdict {
  const detail = isAppError(error) ? error.options.detail : 'the session was ended'
  return isAppError(error, 'unauthorized')
    ? { reason: 'token_ended', exitCode: null, close: CLOSE.revoked, status: failureStatus(401, error.code, detail) }
    : {
        reason: 'server_stopped',
        exitCode: null,
        close: CLOSE.stopping,
        status: failureStatus(503, 'unavailable', detail),
      }
}

/** A close frame's reason has room for 123 bytes. */
function shortened(text: string): string {
  let short = text
  while (Buffer.byteLength(short) > 123) short = short.slice(0, -1)
  return short.toWellFormed()
}

function toBuffer(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}
