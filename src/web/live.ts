import type { FastifyReply } from 'fastify'
import Negotiator from 'negotiator'
import { once } from 'node:events'
import { AppError } from '../errors/app-error.ts'
import { toProblem } from '../errors/problem.ts'
import { within } from '../lib/abort.ts'

/** A stream that is silent for so long says that it is there. */
const HEARTBEAT_MS = 15_000
/** How long a reader may take none of what is sent, and how long it then has for the last part. */
const SLOW_MS = 10_000
const FAREWELL_MS = 2000

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
}

/**
 * Answers with what a source brings, as it comes, and asks it for no more than the reader takes: a slow one costs no more memory than
 * its socket's buffer. One that takes nothing for 10 s is cut off with `slow_reader`. Every end but the source's own says why, as the format's last part. The source
 * ends when the client goes away.
 */
export async function sendLive(reply: FastifyReply, { format, signal, open }: LiveOptions): Promise<void> {
  const { raw, request } = reply
  const gone = new AbortController()
  raw.once('close', () => gone.abort())
  // Whoever left while it was opened.
  if (raw.destroyed) return
  const parts = await open(AbortSignal.any([signal, gone.signal]))
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
  raw.writeHead(200, {
    'content-type': format.contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // Proxies that gather an answer before they hand it on would make it no live one.
    'x-accel-buffering': 'no',
  })
  raw.flushHeaders()
  const heartbeat = setInterval(() => {
    if (format.heartbeat !== null && !raw.writableNeedDrain) raw.write(format.heartbeat)
  }, HEARTBEAT_MS)
  try {
    for await (const part of parts) {
      if (!raw.write(part)) await drained(raw, gone.signal, signal)
      if (signal.aborted || gone.signal.aborted) break
    }
    signal.throwIfAborted()
  } catch (error) {
    if (!gone.signal.aborted) raw.write(format.last(toAppError(error, request.log)))
  } finally {
    clearInterval(heartbeat)
    raw.end()
    if (!gone.signal.aborted) setTimeout(() => raw.destroy(), FAREWELL_MS).unref()
  }
}

/** Resolves when the socket has taken what was written, or the stream is over. Throws `slow_reader`. */
async function drained(raw: FastifyReply['raw'], gone: AbortSignal, over: AbortSignal): Promise<void> {
  const taken = new AbortController()
  const drain = once(raw, 'drain', { signal: AbortSignal.any([gone, over, taken.signal]) }).catch(() => {})
  const inTime = await within(SLOW_MS, drain)
  taken.abort()
  if (!inTime)
    throw new AppError('slow_reader', {
      detail: 'what was sent was not read for 10 s; go on after the last event that you have',
    })
}

function toAppError(error: unknown, log: { error(fields: object, message: string): void }): AppError {
  if (error instanceof AppError) return error
  log.error({ err: error }, 'a live answer broke off')
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
