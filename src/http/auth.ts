import type { FastifyRequest } from 'fastify'
import type { Database } from '../db/types.ts'
import { authenticate } from '../modules/tokens/index.ts'
import { unauthorized } from '../web/index.ts'

const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/**
 * Sets `request.principal` from `Authorization: Bearer <token>`. Below /v1 a valid token is needed (401 otherwise, for
 * paths that don't exist too); elsewhere it may be left out, but a bad one is still 401. Probes ask for none and look at none: they answer while the
 * database, which knows the tokens, is away.
 */
export async function authenticateRequest(db: Database, request: FastifyRequest): Promise<void> {
  if (PROBES.has(request.routeOptions.url ?? '')) return
  const { authorization } = request.headers
  if (authorization === undefined) {
    if (isProtected(request)) throw unauthorized('send Authorization: Bearer <token>')
    return
  }
  const [, text] = /^bearer +(\S+) *$/i.exec(authorization) ?? []
  const principal = text === undefined ? null : await authenticate(db.prisma, text)
  if (!principal) throw unauthorized('the token does not exist, was revoked or has expired')
  request.principal = principal
}

/** By the route that was found, not by the way its path is written: `/%761/hosts` and `http://any/v1/hosts` are /v1/hosts too. */
function isProtected({ routeOptions, url }: FastifyRequest): boolean {
  return /^\/v1(?:[/?#]|$)/.test(routeOptions.url ?? url)
}
