import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http'
import { Agent as HttpsAgent, type RequestOptions } from 'node:https'
import { Socket } from 'node:net'
import { addAbortSignal, Readable, type Duplex } from 'node:stream'
import Docker from 'dockerode'
import type { CallOptions, Endpoint } from '../driver.ts'
import { AppError, isAppError } from '../../errors/app-error.ts'
import { Limit } from '../../lib/limit.ts'
import { mapConnectionError, mapTimeout, Refusal, refused } from './map-error.ts'

/** The oldest API that this driver speaks (Engine 20.10), and the newest that it was written against. */
const API_FLOOR = 41
const API_CEILING = 44

const CONNECT_MS = 4000
const READ_MS = 15_000
const CHANGE_MS = 60_000
const STREAM_IDLE_MS = 60_000
/** Calls under way at one engine. Those that wait there for long by their nature (a stop's grace, a pull) are counted apart. */
const CALLS = 8
const LONG_CALLS = 16

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With its variable parts already escaped, without the version. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | object>>
  readonly body?: object
  /** How long the engine may take. Default: 15 s for GET, 60 s for others. */
  readonly timeoutMs?: number
  /** It takes long by its nature, and must not hold up the others. */
  readonly long?: boolean
}

export interface Engine {
  /** The JSON of a 2xx or 304 answer. Throws a Refusal (any other answer), `host_unreachable`, or the abort's reason. */
  request<T>(call: CallOptions, request: EngineRequest): Promise<T>
  /** The same, with null where the engine answers 404. */
  find<T>(call: CallOptions, request: EngineRequest): Promise<T | null>
  /** The bytes of an answer as they come; `host_unreachable` where none come for 60 s. End the iteration, or abort, to drop it. */
  stream(call: CallOptions, request: EngineRequest): AsyncGenerator<Buffer>
  /** The minor number of the API version that requests use, asked for anew with `fresh`. Throws `unsupported` where there is none in common. */
  negotiate(call: CallOptions, fresh?: boolean): Promise<{ minor: number; version: string }>
  close(): void
}

interface Negotiated {
  readonly minor: number
  readonly version: string
}

/** An engine at an endpoint: the one way by which requests leave this driver. Connects at the first request. */
export function connectEngine(endpoint: Endpoint): Engine {
  const { client, agent } = createClient(endpoint)
  const calls = new Limit(CALLS)
  const longCalls = new Limit(LONG_CALLS)
  let negotiated: Negotiated | null = null

  const dial = async (path: string, request: EngineRequest, signal: AbortSignal, isStream: boolean): Promise<unknown> =>
    await new Promise((resolve, reject) => {
      const { method, query = {}, body = {} } = request
      const statusCodes = { 200: true, 201: true, 204: true, 304: true }
      // With `_query` and `_body` nothing of the body (secrets among it) gets into the address.
      const options = { _query: query, _body: body }
      client.modem.dial(
        { path: `${path}?`, method, options, statusCodes, isStream, abortSignal: signal },
        (error, data) => {
          if (error) reject(toRefusal(error) ?? mapConnectionError(error, words(request)))
          else resolve(data)
        },
      )
    })

  const once = async (call: CallOptions, path: string, request: EngineRequest): Promise<unknown> => {
    const timeoutMs = request.timeoutMs ?? (request.method === 'GET' ? READ_MS : CHANGE_MS)
    return await (request.long ? longCalls : calls).run(call.signal, async () => {
      call.guard?.()
      return await within(call.signal, timeoutMs, request, async (signal) => await dial(path, request, signal, false))
    })
  }

  const negotiate = async (call: CallOptions, fresh = false): Promise<Negotiated> => {
    if (negotiated && !fresh) return negotiated
    negotiated = toNegotiated(await once(call, '/version', { method: 'GET', path: '/version' }))
    return negotiated
  }

  const request = async <T>(call: CallOptions, wanted: EngineRequest): Promise<T> => {
    const { minor } = await negotiate(call)
    const path = `/v1.${minor}${wanted.path}`
    try {
      return (await once(call, path, wanted)) as T
    } catch (error) {
      if (refused(error, 400, /client version .* is too (new|old)/i)) negotiated = null
      // A kept connection that the engine closed meanwhile says nothing of the engine; what only reads can ask again.
      else if (wanted.method === 'GET' && isBrokenConnection(error)) return (await once(call, path, wanted)) as T
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
        STREAM_IDLE_MS,
        wanted,
        async () => await dial(`/v1.${minor}${wanted.path}`, wanted, abort.signal, true),
      )
      if (!(opened instanceof Readable)) return
      addAbortSignal(abort.signal, opened)
      const chunks = opened[Symbol.asyncIterator]()
      for (;;) {
        const next = await within(call.signal, STREAM_IDLE_MS, wanted, async () => await readNext(chunks, wanted))
        if (next.done) {
          // The connection is kept for others: nothing may destroy it any more.
          call.signal.removeEventListener('abort', onAbort)
          complete = true
          return
        }
        yield Buffer.from(next.value)
      }
    } finally {
      call.signal.removeEventListener('abort', onAbort)
      if (!complete) abort.abort()
    }
  }

  return {
    request,
    stream,
    negotiate,
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

async function readNext(
  chunks: AsyncIterator<Uint8Array>,
  request: EngineRequest,
): Promise<IteratorResult<Uint8Array>> {
  try {
    return await chunks.next()
  } catch (error) {
    throw mapConnectionError(error, words(request))
  }
}

/** Runs one exchange; rejects at once when `outer` aborts (with its reason) or `ms` have passed (`host_unreachable`), whatever the client does. */
async function within<T>(
  outer: AbortSignal,
  ms: number,
  request: EngineRequest,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted()
  const inner = new AbortController()
  return await new Promise<T>((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer)
      outer.removeEventListener('abort', onAbort)
    }
    const end = (error: unknown): void => {
      settle()
      reject(error)
      inner.abort(error)
    }
    const onAbort = (): void => end(outer.reason)
    const timer = setTimeout(() => end(mapTimeout(words(request), ms)), ms)
    outer.addEventListener('abort', onAbort, { once: true })
    work(inner.signal).then(resolve, reject).finally(settle)
  })
}

/** What a request is, in words that may leave the process: no ids, no names. */
function words({ method, path }: EngineRequest): string {
  const [, kind = ''] = path.split('/')
  const verb = path.split('/').at(-1) ?? ''
  return method === 'GET' ? `asking for ${kind}` : `${method === 'DELETE' ? 'removing' : verb} of ${kind}`
}

function toRefusal(error: Error): Refusal | null {
  if (!('statusCode' in error) || typeof error.statusCode !== 'number') return null
  const body = 'json' in error ? error.json : null
  const message =
    typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string'
      ? body.message
      : error.message
  return new Refusal(error.statusCode, message)
}

function isBrokenConnection(error: unknown): boolean {
  return isAppError(error, 'host_unreachable') && /^(ECONNRESET|EPIPE) /.test(error.options.internal ?? '')
}

function toNegotiated(answer: unknown): Negotiated {
  const field = (name: string): string => {
    const value: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, name) : null
    return typeof value === 'string' ? value : ''
  }
  const newest = /^1\.(\d+)$/.exec(field('ApiVersion'))?.[1]
  const oldest = /^1\.(\d+)$/.exec(field('MinAPIVersion'))?.[1] ?? '0'
  if (newest === undefined) throw new AppError('unsupported', { detail: 'what answers there is not a Docker engine' })
  if (Number(newest) < API_FLOOR || Number(oldest) > API_CEILING) {
    const spoken = `API 1.${oldest} to 1.${newest}`
    throw new AppError('unsupported', {
      detail: `the engine is version ${field('Version')} and speaks ${spoken}; this needs one of 1.${API_FLOOR} to 1.${API_CEILING} (Engine 20.10 or newer)`,
    })
  }
  return { minor: Math.min(Number(newest), API_CEILING), version: field('Version') }
}

function createClient(endpoint: Endpoint): { client: Docker; agent: HttpAgent } {
  const kept: AgentOptions = { keepAlive: true, timeout: 15_000 }
  // Everything that the client would otherwise take from DOCKER_HOST and its kin is said here, if only as undefined.
  const plain = {
    host: undefined,
    port: undefined,
    socketPath: undefined,
    protocol: 'http' as const,
    ca: undefined,
    cert: undefined,
    key: undefined,
    timeout: undefined,
  }
  if ('socketPath' in endpoint) {
    const agent = new PromptHttpAgent(kept)
    return { agent, client: newDocker({ ...plain, socketPath: endpoint.socketPath, agent }) }
  }
  const url = URL.canParse(endpoint.url) ? new URL(endpoint.url.replace(/^tcp:/, 'http:')) : null
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new AppError('unsupported', { detail: 'the URL of a Docker host begins with tcp://, http:// or https://' })
  }
  const { tls } = endpoint
  const secure = tls !== undefined || url.protocol === 'https:'
  const agent = secure ? new PromptHttpsAgent({ ...kept, ...tls }) : new PromptHttpAgent(kept)
  const port = url.port || (secure ? '2376' : '2375')
  return {
    agent,
    client: newDocker({ ...plain, ...tls, host: url.hostname, port, protocol: secure ? 'https' : 'http', agent }),
  }
}

/** The types of dockerode leave `agent` out, which its modem takes. */
function newDocker(options: Docker.DockerOptions & { agent: HttpAgent }): Docker {
  return new Docker(options)
}

/** A host that is cut off swallows packets: a connection that isn't there within 4 s is given up. */
function prompt(socket: Duplex | null | undefined, connected: 'connect' | 'secureConnect'): typeof socket {
  if (!(socket instanceof Socket) || !socket.connecting) return socket
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' })),
    CONNECT_MS,
  )
  socket.once(connected, () => {
    clearTimeout(timer)
    // So that a call that waits for a host that went away ends after 15 s.
    socket.setKeepAlive(true, 5000)
  })
  socket.once('close', () => clearTimeout(timer))
  return socket
}

class PromptHttpAgent extends HttpAgent {
  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return prompt(super.createConnection(options, callback), 'connect')
  }
}

class PromptHttpsAgent extends HttpsAgent {
  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return prompt(super.createConnection(options, callback), 'secureConnect')
  }
}
