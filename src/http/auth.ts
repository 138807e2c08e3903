import type { FastifyRequest } from 'fastify'
import type { Database } from '../db/types.ts'
import { authenticate } from '../modules/tokens/index.ts'
import { unauthorized } from '../web/index.ts'

/** Of a WebSocket of a browser, which can send no header of its own: the token as Kubernetes takes it, in base64url without padding. */
const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.'

const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/**
 * Sets `request.principal` from `Authorization: Bearer <token>`. Below /v1 a valid token is needed (401 otherwise, for
 * paths that don't exist too); elsewhere it may be left out, but a bad one is still 401. A WebSocket may have it as a subprotocol; no
 * token is a cookie, so that a page of another origin has none to send. Probes ask for none and look at none: they answer while the
 * database, which knows the tokens, is away.
 */
export async function authenticateRequest(db: Database, request: FastifyRequest): Promise<void> {
  if (PROBES.has(request.routeOptions.url ?? '')) return
  const authorization = request.headers.authorization ?? bearerOf(request)
  if (authorization === undefined) {
    if (isProtected(request)) throw unauthorized('send Authorization: Bearer <token>')
    return
  }
  const [, text] = /^bearer +(\S+) *$/i.exec(authorization) ?? []
  const principal = text === undefined ? null : await authenticate(db.prisma, text)
  if (!principal) throw unauthorized('the token does not exist, was revoked or has expired')
  request.principal = principal
}

/**
 * What a WebSocket offers among its subprotocols as its token, as `Authorization` would have it. It is taken out of them: nothing behind
 * this answers it, or writes it down.
 */
function bearerOf({ headers }: FastifyRequest): string | undefined {
  const offered = headers['sec-websocket-protocol']
  if (headers.upgrade?.toLowerCase() !== 'websocket' || !offered?.includes(BEARER_PROTOCOL)) return undefined
  const protocols = offered.split(',').map((protocol) => protocol.trim())
  const [token, ...more] = protocols.filter((protocol) => protocol.startsWith(BEARER_PROTOCOL))
  headers['sec-websocket-protocol'] = protocols.filter((protocol) => !protocol.startsWith(BEARER_PROTOCOL)).join(', ')
  if (token === undefined || more.length > 0) throw unauthorized('send one token, as one subprotocol')
  return `Bearer ${Buffer.from(token.slice(BEARER_PROTOCOL.length), 'base64url').toString()}`
}

/** By the route that was found, not by the way its path is written: `/%761/hosts` and `http://any/v1/hosts` are /v1/hosts too. */
function isProtected({ routeOptions, url }: FastifyRequest): boolean {
  return /^\/v1(?:[/?#]|$)/.test(routeOptions.url ?? url)
}
