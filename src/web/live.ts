import type { FastifyReply } from 'fastify'
import Negotiator from 'negotiator'
import { AppError } from '../errors/app-error.ts'
import { toProblem } from '../errors/problem.ts'
import { abortable } from '../lib/abort.ts'

export interface LiveTiming {
  /** A stream that is silent for so long says that it is there. Default 15 s. */
  readonly heartbeatMs?: number
  /** A reader that takes none of what is sent for so long is cut off. Default 10 s. */
  readonly slowMs?: number
}

const HEARTBEAT_MS = 15_000
const PIECE = 65_536
const SLOW_MS = 10_000
/** How long a reader has for the last part: one that was too slow until now gets more. */
const FAREWELL_MS = 2000
const SLOW_FAREWELL_MS = 30_000

declare module 'fastify' {
  interface FastifyRequest {
    /** Its answer stays open. */
    isLive: boolean
  }
}

/** How the parts of a live answer are written. */
export interface LiveFormat {
  readonly contentType: string
  /** What says that the stream is there; null: nothing can. */
  readonly heartbeat: string | null
  /** The last part of a stream that ends before its time. */
  last(error: AppError): string
}

export interface LiveOptions {
  readonly format: LiveFormat
  /** Ends the stream with its reason, an AppError: of an `Admission`. */
  readonly signal: AbortSignal
  /**
   * Opens the source: parts as they are written, which end when `signal` aborts. What it throws before the first part is awaited
   * is an ordinary error answer.
   */
  readonly open: (signal: AbortSignal) => Promise<AsyncIterable<string>>
  readonly timing?: LiveTiming
}

/**
 * Answers with what a source brings, as it comes, and asks it for no more than the reader takes: a slow one costs no more memory than
 * its socket's buffer. One that takes nothing for 10 s is cut off with `slow_reader`. Every end but the source's own says why, as the
 * format's last part, and none waits for the source, which ends when the client goes away.
 */
export async function sendLive(reply: FastifyReply, { format, signal, open, timing = {} }: LiveOptions): Promise<void> {
  const { heartbeatMs = HEARTBEAT_MS, slowMs = SLOW_MS } = timing
  const { raw, request } = reply
  const gone = new AbortController()
  raw.once('close', () => gone.abort())
  if (raw.destroyed) gone.abort()
  // What is written to a socket that has just died; 'close' tells of it.
  raw.on('error', () => {})
  const over = AbortSignal.any([signal, gone.signal])
  const parts = await opened(open, over, gone.signal)
  reply.hijack()
  request.isLive = true
  if (!parts) return
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
  raw.writeHead(200, {
    'content-type': format.contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // Proxies that gather an answer before they hand it on would make it no live one.
    'x-accel-buffering': 'no',
  })
  if (request.method === 'HEAD') return void raw.end(() => gone.abort())
  raw.flushHeaders()
  const heartbeat = setInterval(() => {
    if (format.heartbeat !== null && !raw.writableNeedDrain) raw.write(format.heartbeat)
  }, heartbeatMs)
  let farewellMs = FAREWELL_MS
  const iterator = parts[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await abortable(iterator.next(), over)
      if (next.done) break
      for (const piece of piecesOf(next.value)) if (!raw.write(piece)) await drained(raw, over, slowMs)
    }
    signal.throwIfAborted()
  } catch (error) {
    const reason = toAppError(signal.aborted ? signal.reason : error, gone.signal.aborted ? null : request.log)
    if (reason.code === 'slow_reader') farewellMs = SLOW_FAREWELL_MS
    if (!gone.signal.aborted) raw.write(format.last(reason))
  } finally {
    clearInterval(heartbeat)
    raw.end()
    if (!gone.signal.aborted) {
      const cut = setTimeout(() => raw.destroy(), farewellMs).unref()
      raw.once('close', () => clearTimeout(cut))
    }
    iterator.return?.().catch(() => {})
  }
}

/** A long part in pieces that a slow link can take in time. */
function piecesOf(part: string): (string | Buffer)[] {
  if (part.length <= PIECE) return [part]
  const bytes = Buffer.from(part)
  return Array.from({ length: Math.ceil(bytes.length / PIECE) }, (_, nth) =>
    bytes.subarray(nth * PIECE, (nth + 1) * PIECE),
  )
}

/** null: the client left meanwhile. */
async function opened(
  open: LiveOptions['open'],
  over: AbortSignal,
  gone: AbortSignal,
): Promise<AsyncIterable<string> | null> {
  try {
    return await abortable(open(over), over)
  } catch (error) {
    if (gone.aborted) return null
    throw error
  }
}

/** Resolves when the socket has taken what was written, or the stream is over. Throws `slow_reader`. */
async function drained(raw: FastifyReply['raw'], over: AbortSignal, slowMs: number): Promise<void> {
  // Written out: fast streams come here hundreds of times a second, and what is made of abort signals costs more than the write.
  const inTime = await new Promise<boolean>((resolve) => {
    const settle = (result: boolean): void => {
      clearTimeout(timer)
      raw.off('drain', onDrain)
      over.removeEventListener('abort', onDrain)
      resolve(result)
    }
    const onDrain = (): void => settle(true)
    const timer = setTimeout(() => settle(false), slowMs)
    raw.once('drain', onDrain)
    over.addEventListener('abort', onDrain, { once: true })
    if (over.aborted) onDrain()
  })
  if (!inTime)
    throw new AppError('slow_reader', {
      detail: `what was sent was not read for ${slowMs / 1000} s; go on after the last event that you have`,
    })
}

function toAppError(error: unknown, log: { error(fields: object, message: string): void } | null): AppError {
  if (error instanceof AppError) return error
  log?.error({ err: error }, 'a live answer broke off')
  return new AppError('internal', { detail: 'the stream broke off', cause: error })
}

/** Server-sent events (WHATWG HTML, 9.2); the last one of a stream that ends before its time is `error`, with the problem document. */
export function eventStream(requestId: string): LiveFormat {
  return {
    contentType: 'text/event-stream',
    heartbeat: ': still here\n\n',
    last: (error) => sse({ event: 'error', data: JSON.stringify(toProblem(error, requestId)) }),
  }
}

/** One JSON document a line; the last one of a stream that ends before its time is `{"error": …}` with the problem document. */
export function jsonLines(requestId: string): LiveFormat {
  return {
    contentType: 'application/x-ndjson',
    // Readers of NDJSON pass over empty lines.
    heartbeat: '\n',
    last: (error) => `${JSON.stringify({ error: toProblem(error, requestId) })}\n`,
  }
}

/** One event of a stream, in its own format. `data` has no line breaks but `\n`. */
export function sse({ id, event, data }: { id?: string; event?: string; data: string }): string {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...data.split('\n').map((line) => `data: ${line}`),
  ]
  return `${lines.join('\n')}\n\n`
}

/** Which of these media types the client would rather have (RFC 9110, 12.5.1); the first where it says nothing or takes none of them. */
export function preferredType<const Types extends readonly [string, ...string[]]>(
  headers: { readonly accept?: string | undefined },
  types: Types,
): Types[number] {
  return new Negotiator({ headers: { ...headers } }).mediaType([...types]) ?? types[0]
}
