import type { FastifyRequest } from 'fastify'
import { getOperationAST, GraphQLError } from 'graphql'
import { type Context, makeServer } from 'graphql-ws'
import type { WebSocket } from 'ws'
import type { Database } from '../db/index.ts'
import { AppError } from '../errors/app-error.ts'
import { type Admission, authenticate, type StreamGate } from '../modules/tokens/index.ts'
import type { Principal } from '../web/index.ts'
import { type ErrorLog, errorOf, shownErrors } from './errors.ts'
import type { GraphQL } from './graphql.ts'
import { requestedDocument } from './persisted.ts'
import { createSharedResults } from './shared-results.ts'
import { createDocuments, DocumentErrors, type SubscriptionDocument } from './subscription-documents.ts'
import { openResults } from './subscription-results.ts'
import { CLOSE, openSocket, type SocketTiming, type SubscriptionSocket, TIMING } from './subscription-socket.ts'

/** What one socket may have open. */
const MOST_OF_SOCKET = 100

export interface SubscriptionsDeps {
  readonly db: Database
  readonly gate: StreamGate
  readonly graphql: GraphQL
}

/** What is known of a socket. */
interface Connection {
  readonly socket: SubscriptionSocket
  /** Of the request that it began with, of which nothing else is kept. */
  readonly requestId: string
  readonly log: ErrorLog
  /** Of its subscriptions. */
  readonly open: Set<Admission>
  principal: Principal | null
}

interface Opening extends SubscriptionDocument {
  readonly admission: Admission
}

type SocketContext = Context<Record<string, unknown>, Connection>

/** Serves a socket until it is closed. */
export type SocketServer = (socket: WebSocket, request: FastifyRequest) => void

/** Subscriptions over `graphql-transport-ws` (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). */
export function createSocketServer(deps: SubscriptionsDeps, timing: SocketTiming): SocketServer {
  const times = { ...TIMING, ...timing }
  let documents: ReturnType<typeof createDocuments> | null = null
  const engineOf = async () => {
    const engine = await deps.graphql.engine()
    documents ??= createDocuments(engine)
    return { schema: engine.schema, documentOf: documents }
  }
  const shareResults = createSharedResults()
  const shown = ({ requestId, log }: Connection, errors: readonly unknown[]) => shownErrors(errors, { requestId, log })

  const server = makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: times.initMs,
    onConnect: async (context) => await connect(deps, context),
    async onSubscribe({ extra }, _id, { operationName, variables, ...params }) {
      try {
        const query = requestedDocument(params, deps.graphql.persisted)
        const request = { query, operationName: operationName ?? null, variables: variables ?? {} }
        const admission = admit(deps.gate, extra)
        try {
          const { schema, documentOf } = await engineOf()
          const document = documentOf(request)
          const opening: Opening = { ...request, admission }
          return { schema, document, operationName: request.operationName, contextValue: opening }
        } catch (error) {
          release(extra, admission)
          throw error
        }
      } catch (error) {
        return error instanceof DocumentErrors ? error.errors : [asGraphQLError(error)]
      }
    },
    async onOperation({ extra }, _id, _payload, { schema, document, contextValue }) {
      const { admission, operationName, variables } = contextValue as Opening
      const { principal } = extra
      const operation = getOperationAST(document, operationName)
      if (!principal || !operation) throw new TypeError('who asks is known before a subscription')
      return (await openResults({
        schema,
        document,
        operationName,
        variables,
        context: (gone) => ({ principal, requestId: extra.requestId, gone }),
        execute: shareResults({ document, operation, variables, principal }),
        signal: extra.socket.gone,
        onEnd: () => release(extra, admission),
      })) as never
    },
    // What it gives is not used: `onOperation` knows whose subscription it is.
    subscribe: () => ({ data: null }),
    onNext: ({ extra }, _id, _payload, _args, { errors, ...result }) =>
      errors && errors.length > 0 ? { ...result, errors: shown(extra, errors) } : undefined,
    onError: ({ extra }, _id, _payload, errors) => shown(extra, errors),
  })

  return (socket, request) => {
    const connection: Connection = {
      socket: openSocket(socket, times),
      requestId: request.id,
      log: request.log,
      open: new Set(),
      principal: request.principal,
    }
    const { close, send } = connection.socket
    const closed = server.opened(
      {
        protocol: socket.protocol,
        send,
        close: (code, reason = '') => close(code ?? CLOSE.failed, reason),
        onMessage: (handle) =>
          socket.on('message', (data, isBinary) => {
            if (isBinary) return close(CLOSE.badRequest, 'messages are texts')
            handle(String(data)).catch((error: unknown) => {
              if (connection.socket.gone.aborted) return
              shown(connection, [error])
              close(CLOSE.failed, 'internal: something broke inside the server')
            })
          }),
      },
      connection,
    )
    socket.once('close', (code, reason) => {
      for (const admission of connection.open) release(connection, admission)
      closed(code, String(reason)).catch(() => {})
    })
  }
}

/** false: no valid token. Closes the socket where there is another reason. */
async function connect({ db, gate }: SubscriptionsDeps, { extra, connectionParams }: SocketContext): Promise<boolean> {
  const { socket } = extra
  try {
    extra.principal = (await principalOf(db, connectionParams)) ?? (hasToken(connectionParams) ? null : extra.principal)
    if (!extra.principal) return false
    const { signal, close } = gate.admit(extra.principal)
    signal.addEventListener('abort', () => closeFor(socket, signal.reason, CLOSE.restart), { once: true })
    socket.gone.addEventListener('abort', close, { once: true })
    if (socket.gone.aborted) close()
    if (signal.aborted) closeFor(socket, signal.reason, CLOSE.restart)
    return !signal.aborted
  } catch (error) {
    closeFor(socket, errorOf(error), CLOSE.tryLater)
    return false
  }
}

function closeFor(socket: SubscriptionSocket, error: unknown, otherwise: number): void {
  const { code, options } = errorOf(error)
  const byCode = code === 'unauthorized' ? CLOSE.forbidden : code === 'too_many_streams' ? CLOSE.tooMany : otherwise
  socket.close(byCode, `${code}: ${options.detail}`)
}

function hasToken(params: SocketContext['connectionParams']): boolean {
  return params?.authorization !== undefined || params?.Authorization !== undefined
}

async function principalOf(db: Database, params: SocketContext['connectionParams']): Promise<Principal | null> {
  const given = params?.authorization ?? params?.Authorization
  const [, text] = typeof given === 'string' ? (/^bearer +(\S+) *$/i.exec(given) ?? []) : []
  return text === undefined ? null : await authenticate(db.prisma, text)
}

function admit(gate: StreamGate, { open, principal }: Connection): Admission {
  if (!principal) throw new AppError('unauthorized', { detail: 'send the token in connection_init first' })
  if (open.size >= MOST_OF_SOCKET)
    throw new AppError('too_many_streams', {
      detail: `this socket has ${MOST_OF_SOCKET} subscriptions open already`,
    })
  const admission = gate.admit(principal)
  open.add(admission)
  return admission
}

function release({ open }: Connection, admission: Admission): void {
  open.delete(admission)
  admission.close()
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error
  const known = errorOf(error)
  return new GraphQLError(known.message, { originalError: known })
}
