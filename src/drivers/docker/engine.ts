import { IncomingMessage } from 'node:http'
import { addAbortSignal, Duplex, Readable } from 'node:stream'
import type { CallOptions, Endpoint } from '../driver.ts'
import { AppError, isAppError } from '../../errors/app-error.ts'
import { sleep } from '../../lib/abort.ts'
import { Limit } from '../../lib/limit.ts'
import { type Negotiated, NO_ENGINE, toNegotiated } from './api-version.ts'
import { bounded } from '../bounded.ts'
import { createClient } from './client.ts'
import { gathered } from './gathered.ts'
import { mapConnectionError, mapTimeout, Refusal, refused } from './map-error.ts'

const READ_MS = 15_000
const CHANGE_MS = 60_000
const PULSE_MS = 3000
const NO_UPGRADE = 'what stands before the engine does not hand the connection over (it takes no Upgrade: tcp)'
const PING: EngineRequest = { method: 'GET', path: '/_ping' }
/** How long an engine may be silent. */
export interface EngineTiming {
  /** In an answer that has an end. */
  readonly idleMs: number
  /** In one that has none, before it is asked whether it is there; and how long it may take to say so. */
  readonly quietMs: number
  readonly pulseDeadlineMs: number
}

const TIMING: EngineTiming = { idleMs: 60_000, quietMs: 5000, pulseDeadlineMs: 5000 }
/** Calls under way at one engine. Those that wait there for long by their nature (a stop's grace) are counted by who asks for them. */
const CALLS = 8
/** Looks at single containers beside them: a container that is being started answers only then. */
const LOOKS = 16

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With its variable parts already escaped, without the version. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | object>>
  readonly body?: object
  /** How long the engine may take. Default: 15 s for GET, 60 s for others. */
  readonly timeoutMs?: number
  /** It takes long by its nature: it holds up no others, and the caller sees to it that these are not too many. */
  readonly long?: boolean
  /** It looks at one container: it waits for none of those that change or list many. */
  readonly look?: boolean
}

export interface Engine {
  /** The JSON of a 2xx or 304 answer. Throws a Refusal (any other answer), `host_unreachable`, or the abort's reason. */
  request<T>(call: CallOptions, request: EngineRequest): Promise<T>
  /** The same, with null where the engine answers 404. */
  find<T>(call: CallOptions, request: EngineRequest): Promise<T | null>
  /** The bytes of an answer as they come; `host_unreachable` where none come for 60 s. End the iteration, or abort, to drop it. */
  stream(call: CallOptions, request: EngineRequest): AsyncGenerator<Buffer>
  /**
   * The same for what may be silent for ever: resolves once the answer has begun, and ends with `host_unreachable` when the engine
   * does not answer a ping beside it (within 10 s). Nothing of it is left at the engine once the iteration ends, or `call.signal` aborts.
   */
  subscribe(call: CallOptions, request: EngineRequest): Promise<AsyncGenerator<Buffer>>
  /**
   * The connection itself, once the engine has given it up for raw bytes both ways: its end of writing is the end of the input. It breaks
   * with `host_unreachable` when the engine answers no ping beside it (within 10 s). It is the caller's from then on: who does not read and
   * destroy it leaks it.
   */
  hijack(call: CallOptions, request: EngineRequest): Promise<Duplex>
  /** The engine's own clock, in whole seconds rounded down: how long something has run there is no business of ours. */
  clockMs(call: CallOptions, of?: Pick<EngineRequest, 'look'>): Promise<number>
  /** The minor number of the API version that requests use, asked for anew with `fresh`. Throws `unsupported` where there is none in common. */
  negotiate(call: CallOptions, fresh?: boolean): Promise<Negotiated>
  close(): void
}

/** An engine at an endpoint: the one way by which requests leave this driver. Connects at the first request. */
export function connectEngine(endpoint: Endpoint, timing: EngineTiming = TIMING): Engine {
  const { idleMs, quietMs, pulseDeadlineMs } = timing
  const { client, agent, explain } = createClient(endpoint)
  const calls = new Limit(CALLS)
  const looks = new Limit(LOOKS)
  let negotiated: Negotiated | null = null

  /**
   * The answer's body, once its status is known to be good. Always as a stream: the client waits for ever for the end of
   * a body that breaks off, and takes a log that looks like JSON for an object.
   */
  const dial = async (path: string, request: EngineRequest, signal: AbortSignal): Promise<Readable> =>
    await new Promise((resolve, reject) => {
      const { method, query = {}, body = {} } = request
      const statusCodes = { 200: true, 201: true, 204: true, 304: true }
      // With `_query` and `_body` nothing of the body (secrets among it) gets into the address.
      const options = { _query: query, _body: body }
      const asked = Object.keys(query).length > 0 ? `${path}?` : path
      client.modem.dial(
        { path: asked, method, options, statusCodes, isStream: true, abortSignal: signal },
        (error, data) => {
          if (error) reject(toRefusal(error) ?? mapConnectionError(error, words(request), explain(error)))
          else if (data instanceof Readable) resolve(data)
          else reject(mapConnectionError(new Error('no body'), words(request)))
        },
      )
    })

  /** The same, but for the connection. An abort before it is handed on destroys it. */
  const upgrade = async (path: string, request: EngineRequest, signal: AbortSignal): Promise<Duplex> =>
    await new Promise((resolve, reject) => {
      const { method, body = {} } = request
      const options = { path, method, options: { _query: {}, _body: body }, statusCodes: { 101: true, 200: true } }
      client.modem.dial({ ...options, isStream: true, hijack: true, abortSignal: signal }, (error, data) => {
        if (error) return reject(toRefusal(error) ?? mapConnectionError(error, words(request), explain(error)))
        if (data instanceof IncomingMessage || !(data instanceof Duplex)) {
          if (data instanceof Readable) data.destroy()
          return reject(new AppError('unsupported', { detail: `${words(request)}: ${NO_UPGRADE}` }))
        }
        // The agent gave it the time that an idle connection has.
        if ('setTimeout' in data && typeof data.setTimeout === 'function') data.setTimeout(0)
        resolve(addAbortSignal(signal, data))
      })
    })

  const exchange = async (path: string, request: EngineRequest, signal: AbortSignal): Promise<unknown> => {
    const chunks: Buffer[] = []
    for await (const chunk of readAll(await dial(path, request, signal), request)) chunks.push(chunk)
    return parse(Buffer.concat(chunks).toString())
  }

  const ping = async (call: CallOptions, signal: AbortSignal): Promise<void> => {
    call.guard?.()
    await within(signal, pulseDeadlineMs, PING, async (inner) => await exchange(PING.path, PING, inner))
  }

  /**
   * A change may take a minute, and a host that is cut off meanwhile swallows its answer: this asks beside it whether the engine is there
   * at all. Rejects with `host_unreachable` once it is not; never resolves.
   */
  const watch = async (call: CallOptions, signal: AbortSignal, everyMs = PULSE_MS): Promise<never> => {
    for (;;) {
      await sleep(everyMs, signal)
      await ping(call, signal).catch(async (error: unknown) => {
        // A kept connection that was closed meanwhile says nothing of the engine.
        if (!isBrokenConnection(error)) throw error
        await ping(call, signal)
      })
    }
  }

  const once = async (call: CallOptions, path: string, request: EngineRequest): Promise<unknown> => {
    const timeoutMs = request.timeoutMs ?? (request.method === 'GET' ? READ_MS : CHANGE_MS)
    const exchanged = async (): Promise<unknown> => {
      call.guard?.()
      return await within(call.signal, timeoutMs, request, async (signal) => {
        if (request.method === 'GET') return await exchange(path, request, signal)
        const over = new AbortController()
        try {
          const watched = AbortSignal.any([signal, over.signal])
          return await Promise.race([exchange(path, request, signal), watch(call, watched)])
        } finally {
          over.abort()
        }
      })
    }
    return await (request.long ? exchanged() : (request.look ? looks : calls).run(call.signal, exchanged))
  }

  /** Of the header that its web server gives each answer: `/info`, which says it too, may take 10 s (capacity.ts). */
  const readClock = async (call: CallOptions, look = false): Promise<number> =>
    await (look ? looks : calls).run(call.signal, async () => {
      call.guard?.()
      return await within(call.signal, READ_MS, PING, async (signal) => {
        const answer = await dial(PING.path, PING, signal)
        const date = answer instanceof IncomingMessage ? Date.parse(answer.headers.date ?? '') : Number.NaN
        for await (const _ of readAll(answer, PING));
        if (Number.isNaN(date)) throw new AppError('unsupported', { detail: `${NO_ENGINE}: it tells no time` })
        return date
      })
    })

  const negotiate = async (call: CallOptions, fresh = false): Promise<Negotiated> => {
    if (negotiated && !fresh) return negotiated
    const answer = await once(call, '/version', { method: 'GET', path: '/version' }).catch((error: unknown) => {
      if (refused(error, 400, /HTTP request to an HTTPS server/i))
        throw new AppError('host_unreachable', {
          detail: 'the engine does not answer, it speaks TLS alone',
          cause: error,
        })
      // An engine has no reason to refuse this one: another program does, or a proxy before it.
      if (error instanceof Refusal && error.status < 500)
        throw new AppError('unsupported', { detail: `${NO_ENGINE}: it refuses with ${error.status}`, cause: error })
      throw error
    })
    negotiated = toNegotiated(answer)
    return negotiated
  }

  const request = async <T>(call: CallOptions, wanted: EngineRequest): Promise<T> => {
    const { minor } = await negotiate(call)
    const path = `/v1.${minor}${wanted.path}`
    try {
      return toObject(await once(call, path, wanted), wanted) as T
    } catch (error) {
      if (refused(error, 400, /client version .* is too (new|old)/i)) negotiated = null
      // A kept connection that the engine closed meanwhile says nothing of the engine; what only reads can ask again.
      else if (wanted.method === 'GET' && isBrokenConnection(error))
        return toObject(await once(call, path, wanted), wanted) as T
      throw error
    }
  }

  async function* stream(call: CallOptions, wanted: EngineRequest): AsyncGenerator<Buffer> {
    const { minor } = await negotiate(call)
    const abort = new AbortController()
    let complete = false
    const onAbort = (): void => abort.abort(call.signal.reason)
    call.signal.addEventListener('abort', onAbort, { once: true })
    try {
      call.signal.throwIfAborted()
      call.guard?.()
      const opened = await within(
        call.signal,
        idleMs,
        wanted,
        async () => await dial(`/v1.${minor}${wanted.path}`, wanted, abort.signal),
      )
      addAbortSignal(abort.signal, opened)
      const chunks = readAll(opened, wanted)
      for (;;) {
        const next = await within(call.signal, idleMs, wanted, async () => await chunks.next())
        if (next.done) {
          // The connection is kept for others: nothing may destroy it any more.
          call.signal.removeEventListener('abort', onAbort)
          complete = true
          return
        }
        yield next.value
      }
    } finally {
      call.signal.removeEventListener('abort', onAbort)
      if (!complete) abort.abort()
    }
  }

  const hijack = async (call: CallOptions, wanted: EngineRequest): Promise<Duplex> => {
    const { minor } = await negotiate(call)
    call.guard?.()
    const path = `/v1.${minor}${wanted.path}`
    const upgraded = async (signal: AbortSignal) => await upgrade(path, wanted, signal)
    const connection = await within(call.signal, CHANGE_MS, wanted, upgraded)
    const over = new AbortController()
    connection.once('close', () => over.abort())
    if (connection.destroyed) over.abort()
    watch(call, over.signal, quietMs).catch((error: Error) => connection.destroy(error))
    return connection
  }

  const subscribe = async (call: CallOptions, wanted: EngineRequest): Promise<AsyncGenerator<Buffer>> => {
    const { minor } = await negotiate(call)
    call.guard?.()
    const over = new AbortController()
    const end = (reason: unknown): void => {
      call.signal.removeEventListener('abort', onAbort)
      over.abort(reason)
    }
    const onAbort = (): void => end(call.signal.reason)
    const path = `/v1.${minor}${wanted.path}`
    const dialled = async () => addAbortSignal(over.signal, await dial(path, wanted, over.signal))
    const body = await within(call.signal, READ_MS, wanted, dialled).catch((error: unknown) => {
      over.abort(error)
      throw error
    })
    if (call.signal.aborted) onAbort()
    else call.signal.addEventListener('abort', onAbort, { once: true })
    watch(call, over.signal, quietMs).catch(end)
    return (async function* () {
      try {
        yield* readAll(gathered(body), wanted)
      } catch (error) {
        throw over.signal.aborted ? over.signal.reason : error
      } finally {
        end(new Error('nobody reads it any more'))
      }
    })()
  }

  return {
    request,
    stream,
    subscribe,
    hijack,
    negotiate,
    clockMs: async (call, { look } = {}) => {
      try {
        return await readClock(call, look)
      } catch (error) {
        if (isBrokenConnection(error)) return await readClock(call, look)
        throw error
      }
    },
    find: async <T>(call: CallOptions, wanted: EngineRequest) => {
      try {
        return await request<T>(call, wanted)
      } catch (error) {
        if (refused(error, 404)) return null
        throw error
      }
    },
    close: () => agent.destroy(),
  }
}

async function* readAll(body: AsyncIterable<Buffer | string>, request: EngineRequest): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)
  } catch (error) {
    throw mapConnectionError(error, words(request))
  }
}

/** JSON as what it says, nothing as null, anything else as its text. */
function parse(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function toObject(answer: unknown, request: EngineRequest): object | null {
  if (typeof answer === 'object') return answer
  throw new AppError('internal', { detail: `${words(request)}: the engine's answer is not JSON` })
}

/** Runs one exchange; rejects at once when `outer` aborts (with its reason) or `ms` have passed (`host_unreachable`), whatever the client does. */
async function within<T>(
  outer: AbortSignal,
  ms: number,
  request: EngineRequest,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return await bounded(outer, ms, () => mapTimeout(words(request), ms), work)
}

/** What a request is, in words that may leave the process: no ids, no names. */
function words({ method, path }: EngineRequest): string {
  const [, kind = ''] = path.split('/')
  const verb = path.split('/').at(-1) ?? ''
  return method === 'GET' ? `asking for ${kind}` : `${method === 'DELETE' ? 'removing' : verb} of ${kind}`
}

/** The client has put words around the engine's message. */
function toRefusal(error: Error): Refusal | null {
  if (!('statusCode' in error) || typeof error.statusCode !== 'number') return null
  return new Refusal(error.statusCode, error.message.replace(/^\(HTTP code \d+\) unexpected - /, '').trim())
}

function isBrokenConnection(error: unknown): boolean {
  return isAppError(error, 'host_unreachable') && /^(ECONNRESET|EPIPE) /.test(error.options.internal ?? '')
}
