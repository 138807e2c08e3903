import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { PROTOCOL } from './channels.ts'
import { ExecParams, ExecQuery } from './exec.schemas.ts'
import { createExecSessions, type ExecDeps, type ExecRequest } from './exec.service.ts'
import { AppError } from '../../errors/app-error.ts'
import { principalOf, problemResponses, type Routes } from '../../web/index.ts'
import { tenantFor } from '../tenants/index.ts'

/** RFC 6455, 4.2.1: what would make the WebSocket's own code refuse a client, in words that are no problem document. */
const VERSIONS = new Set(['8', '13'])
const KEY = /^[+/0-9A-Za-z]{22}==$/

/** A command in an instance, over a WebSocket. */
export function execRoutes(deps: ExecDeps) {
  return async (instance: FastifyInstance): Promise<void> => {
    const app = instance as Routes
    const sessions = createExecSessions(deps)
    const prepared = new WeakMap<FastifyRequest['raw'], ExecRequest>()
    // The gate has ended them by then: what is waited for is that their commands are over and recorded.
    app.addHook('onClose', async () => await sessions.idle())

    app.route({
      method: 'GET',
      url: '/v1/tenants/:tenant/instances/:id/exec',
      schema: {
        operationId: 'execInInstance',
        tags: ['instances'],
        summary: 'Run a command in an instance, over a WebSocket',
        description: `A WebSocket with the subprotocol \`${PROTOCOL}\` (Kubernetes' own): see docs/exec.md. Browsers may send their token as a second subprotocol, \`base64url.bearer.authorization.k8s.io.<base64url of the token>\`.`,
        params: ExecParams,
        querystring: ExecQuery,
        response: {
          101: Type.Null({
            description: 'The command begins; its bytes, and at the end its exit code, come as messages.',
          }),
          ...problemResponses(400, 401, 403, 404, 409, 429, 500, 502, 503),
        },
      },
      preValidation: async ({ query }) => {
        // One `command=` alone is a text.
        const given = query as { command?: unknown }
        if (typeof given.command === 'string') given.command = [given.command]
      },
      preHandler: async (request, reply) => {
        const { params, query, raw } = request
        const principal = principalOf(request)
        const tenant = await tenantFor(deps.db.prisma, principal, params.tenant, 'deploy')
        requireUpgrade(request)
        prepared.set(raw, await sessions.prepare(principal, tenant, params.id, query))
        // Of those that it offered, the one that is answered.
        raw.headers['sec-websocket-protocol'] = PROTOCOL
        // For the log alone: the WebSocket answers by itself.
        reply.code(101)
      },
      handler: async () => {
        throw noWebSocket()
      },
      wsHandler: async (socket, request) => {
        const wanted = prepared.get(request.raw)
        if (wanted) await sessions.run(wanted, socket, request.log)
        else socket.terminate()
      },
    })
  }
}

function requireUpgrade({ ws, headers }: FastifyRequest): void {
  if (!ws) throw noWebSocket()
  const { 'sec-websocket-version': version = '', 'sec-websocket-key': key = '' } = headers
  if (!VERSIONS.has(version) || !KEY.test(key)) {
    throw new AppError('bad_request', {
      detail: 'the WebSocket handshake is not valid: it takes Sec-WebSocket-Version 13 and a Sec-WebSocket-Key',
      headers: { 'sec-websocket-version': '13' },
    })
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim())
  if (offered.includes(PROTOCOL)) return
  const message = `must offer the subprotocol ${PROTOCOL}`
  const path = '/headers/sec-websocket-protocol'
  throw new AppError('bad_request', { detail: `${path} ${message}`, errors: [{ path, message }] })
}

function noWebSocket(): AppError {
  return new AppError('bad_request', {
    detail: `this route is a WebSocket: connect to it with the subprotocol ${PROTOCOL}`,
    headers: { upgrade: 'websocket' },
  })
}
