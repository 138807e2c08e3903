import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect as netConnect, isIP, type LookupFunction, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { connect as tlsConnect } from 'node:tls'
import { abortable } from '../lib/abort.ts'
import { addressesOf, includes, isPublic } from './addresses.ts'
import { OutboundError, toOutboundError } from './errors.ts'
import { createResolve, type Resolve } from './resolve.ts'

export interface OutboundRequest {
  readonly url: string
  /** Default GET. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** The deadline of it all: name, connection, redirects, answer. */
  readonly signal: AbortSignal
  /** How much of the answer's body is read, in bytes. */
  readonly maxBytes: number
  /** How long the body may take from the status on. Default: as long as there is time. */
  readonly bodyMs?: number
  /** Default 0: a redirect is an answer like any other. */
  readonly maxRedirects?: number
}

export interface OutboundAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  /** False: the body is longer than `maxBytes`, broke off, or did not end in time. What came of it is there. */
  readonly complete: boolean
  /** Where the answer came from, after redirects. */
  readonly url: string
}

/** The one way to an address that a tenant chose. */
export interface Outbound {
  /**
   * One request over HTTP. Throws an OutboundError; every redirect is checked as the first address was. No setting of the
   * environment makes it go through a proxy, and no connection is used twice.
   */
  request(request: OutboundRequest): Promise<OutboundAnswer>
  /** A connection (with TLS for `https:`) for a client that speaks for itself. Throws an OutboundError. */
  connect(url: URL, signal: AbortSignal): Promise<Socket>
  /**
   * What is wrong with a URL as far as its text tells, for the moment at which it is given; null: nothing. Says nothing of the addresses that its
   * name has: these are checked at each connection.
   */
  problemOf(url: string): string | null
}

export interface OutboundOptions {
  /** What an admin allows beside the public internet: `10.1.0.0/16`, `fd00::/8`, single addresses. */
  readonly allow: readonly string[]
  readonly resolve?: Resolve
  /** This machine's own addresses, which are not for tenants even where they are public. Default: what the system says, each time. */
  readonly ownAddresses?: () => readonly string[]
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** What belongs to the server that it was meant for. */
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization'])
/** How often an answer may be announced (1xx) before it comes: each costs time, and they could come for as long as there is. */
const MOST_ANNOUNCED = 16
const NOT_ALLOWED = 'this address is not allowed'
const NO_ADDRESS = 'the name has no address that is allowed'

/**
 * Reaches what is on the public internet, over `https:` alone, and what the allow-list names, over `http:` too. The addresses of a name are
 * checked after it was resolved, only those that passed are connected to, and what was connected to is looked at before a byte is sent:
 * a name that changes its mind in between (DNS rebinding) gets nowhere. A name without addresses and one with forbidden ones are told of
 * in the same words: the difference would tell which names there are inside.
 */
export function createOutbound({
  allow,
  resolve = createResolve(),
  ownAddresses = systemAddresses,
}: OutboundOptions): Outbound {
  const allowed = addressesOf(allow)
  const mayConnect = (address: string, scheme: string): boolean => {
    if (includes(allowed, address)) return true
    return scheme === 'https:' && isPublic(address) && !includes(addressesOf(ownAddresses()), address)
  }

  const problemOf = (text: string): string | null => {
    const url = parse(text)
    if (url === null) return 'must be a URL such as https://example.com/hooks'
    if (url.username !== '' || url.password !== '') return 'must not hold a user or a password'
    if (url.hash !== '') return 'must not have a fragment'
    if (url.port === '0') return 'must have a port that one can connect to'
    if (url.protocol !== 'https:' && (url.protocol !== 'http:' || allow.length === 0)) return 'must be https://'
    const host = hostOf(url)
    return isIP(host) !== 0 && !mayConnect(host, url.protocol) ? `must not be this one: ${NOT_ALLOWED}` : null
  }

  /** The addresses of a URL that may be connected to, at least one. */
  const addressesOfUrl = async (url: URL, signal: AbortSignal): Promise<string[]> => {
    const host = hostOf(url)
    const literal = isIP(host) !== 0
    const found = literal ? [host] : await abortable(resolve(host, signal), signal)
    const passed = found.filter((address) => mayConnect(address, url.protocol))
    if (passed.length === 0) throw new OutboundError('not_allowed', literal ? NOT_ALLOWED : NO_ADDRESS)
    return passed
  }

  const connect = async (url: URL, signal: AbortSignal): Promise<Socket> => {
    const problem = problemOf(url.href)
    if (problem !== null) throw new OutboundError('not_allowed', `the address ${problem}`)
    let socket: Socket | null = null
    try {
      socket = await opened(url, await addressesOfUrl(url, signal), signal)
      if (!mayConnect(socket.remoteAddress ?? '', url.protocol)) throw new OutboundError('not_allowed', NOT_ALLOWED)
      return url.protocol === 'https:' ? await secured(url, socket, signal) : socket
    } catch (error) {
      socket?.destroy()
      throw toOutboundError(error, signal)
    }
  }

  const once = async (url: URL, request: OutboundRequest): Promise<OutboundAnswer> => {
    const socket = await connect(url, request.signal)
    try {
      const answer = await exchanged(url, socket, request)
      return { ...answer, url: url.href }
    } catch (error) {
      throw toOutboundError(error, request.signal)
    } finally {
      socket.destroy()
    }
  }

  return {
    problemOf,
    connect,
    async request(first) {
      let request = first
      for (let left = first.maxRedirects ?? 0; ; left -= 1) {
        const url = parse(request.url)
        if (url === null) throw new OutboundError('not_allowed', 'the address is no URL')
        const answer = await once(url, request)
        const target = answer.headers.location
        if (left <= 0 || target === undefined || !REDIRECTS.has(answer.status)) return answer
        request = redirected(request, answer.status, target)
      }
    },
  }
}

/** The request that a redirect asks for, as browsers make it: without a body where the method changes, without credentials at another origin. */
function redirected(request: OutboundRequest, status: number, target: string): OutboundRequest {
  if (!URL.canParse(target, request.url)) throw new OutboundError('unreachable', 'it redirects to what is no URL')
  const url = new URL(target, request.url)
  url.hash = ''
  const { body, method = 'GET', headers = {}, ...rest } = request
  const toGet = method !== 'GET' && method !== 'HEAD' && (status === 303 || (status < 303 && method === 'POST'))
  const elsewhere = url.origin !== new URL(request.url).origin
  const kept = Object.entries(headers).filter(([name]) => {
    const lower = name.toLowerCase()
    return !(elsewhere && CREDENTIALS.has(lower)) && !(toGet && lower.startsWith('content-'))
  })
  return {
    ...rest,
    url: url.href,
    method: toGet ? 'GET' : method,
    headers: Object.fromEntries(kept),
    ...(!toGet && body !== undefined && { body }),
  }
}

/** Connects to one of these addresses and to no other, whatever the name says by now. */
async function opened(url: URL, addresses: readonly string[], signal: AbortSignal): Promise<Socket> {
  const [first = ''] = addresses
  const known = addresses.map((address) => ({ address, family: isIP(address) }))
  const lookup: LookupFunction = (_hostname, { all }, callback) =>
    all ? callback(null, known) : callback(null, first, isIP(first))
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  const socket = netConnect({ host: hostOf(url), port, lookup, autoSelectFamily: true, noDelay: true })
  return await ready(socket, 'connect', signal)
}

async function secured(url: URL, socket: Socket, signal: AbortSignal): Promise<Socket> {
  const host = hostOf(url)
  const servername = isIP(host) === 0 ? { servername: host } : {}
  return await ready(tlsConnect({ socket, host, ...servername, ALPNProtocols: ['http/1.1'] }), 'secureConnect', signal)
}

/** The socket once it has said so; it is destroyed where it does not before the signal aborts. */
async function ready<S extends Socket>(socket: S, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<S> {
  const { promise, resolve, reject } = Promise.withResolvers<S>()
  const abort = (): void => void socket.destroy(asError(signal.reason))
  socket.once('error', reject)
  socket.once('close', () => reject(new OutboundError('unreachable', 'the connection broke')))
  socket.once(event, () => resolve(socket))
  // Whoever has it meanwhile hears of errors in another way.
  socket.on('error', () => {})
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

async function exchanged(
  url: URL,
  socket: Socket,
  { method = 'GET', headers = {}, body, signal, maxBytes, bodyMs }: OutboundRequest,
): Promise<Omit<OutboundAnswer, 'url'>> {
  const request = httpRequest({
    method,
    path: `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      'accept-encoding': 'identity',
      ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
      ...headers,
    },
    createConnection: () => socket,
    signal,
  })
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.once('response', resolve)
  request.on('error', reject)
  let announced = 0
  request.on('information', () => {
    announced += 1
    if (announced > MOST_ANNOUNCED) request.destroy(new OutboundError('unreachable', 'its answer does not begin'))
  })
  request.once('close', () => reject(new OutboundError('unreachable', 'the connection broke')))
  request.end(body)
  const response = await promise
  const late = bodyMs === undefined ? undefined : setTimeout(() => response.destroy(), bodyMs)
  const { bytes, complete } = await readUpTo(response, maxBytes)
  clearTimeout(late)
  return { status: response.statusCode ?? 0, headers: response.headers, body: bytes, complete }
}

async function readUpTo(response: IncomingMessage, maxBytes: number): Promise<{ bytes: Buffer; complete: boolean }> {
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part.subarray(0, maxBytes - size))
      size += part.length
      if (size > maxBytes) return { bytes: Buffer.concat(parts), complete: false }
    }
    return { bytes: Buffer.concat(parts), complete: response.complete }
  } catch {
    return { bytes: Buffer.concat(parts), complete: false }
  }
}

function parse(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}

/** A name or an address; URL has made one form of the decimal, octal and hexadecimal ones. */
function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}

function systemAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address.replace(/%.*$/, '')),
  )
}
