import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { WebsocketHandler } from '@fastify/websocket'
import Type, { type Static } from 'typebox'
import { AppError } from '../errors/app-error.ts'
import {
  type GraphQLContext,
  nullable,
  preferredType,
  principalOf,
  type Routes,
  sendProblem,
  toAppError,
} from '../web/index.ts'
import { shownErrors } from './errors.ts'
import type { GraphQL } from './graphql.ts'
import { requestedDocument } from './persisted.ts'

/** https://graphql.github.io/graphql-over-http/draft/ */
const RESPONSE_TYPE = 'application/graphql-response+json'
const TYPES = ['application/json', RESPONSE_TYPE].flatMap((type) => [type, `${type}; charset=utf-8`]) as [
  string,
  ...string[],
]
const OTHER_METHODS = ['PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

const anyObject = Type.Record(Type.String(), Type.Unknown())
const Body = Type.Object(
  {
    query: Type.Optional(nullable(Type.String())),
    operationName: Type.Optional(nullable(Type.String())),
    variables: Type.Optional(nullable(anyObject)),
    extensions: Type.Optional(nullable(anyObject)),
  },
  { additionalProperties: true },
)
const Query = Type.Object(
  {
    query: Type.Optional(Type.String()),
    operationName: Type.Optional(Type.String()),
    variables: Type.Optional(Type.String()),
    extensions: Type.Optional(Type.String()),
  },
  { additionalProperties: true },
)

export interface GraphQLRoutesOptions {
  /** What answers a WebSocket at the same path. */
  readonly socket?: WebsocketHandler
}

/**
 * `/graphql` as GraphQL over HTTP has it. Every answer has GraphQL's form, errors of the request too, but for 401: what says
 * who asks comes before it.
 */
export function graphqlRoutes(graphql: GraphQL, { socket }: GraphQLRoutesOptions = {}) {
  return async (instance: FastifyInstance): Promise<void> => {
    const app = instance as Routes
    app.addHook('preClose', async () => await graphql.close())
    // Before a body is read. A WebSocket may say who asks with its first message.
    app.addHook('onRequest', async (request) => void (request.ws || principalOf(request)))
    app.setErrorHandler((error, request, reply) => refuse(error, request, reply))

    // Not in the OpenAPI document: openapi/schema.graphql says what may be asked.
    app.post(
      '/graphql',
      { schema: { hide: true, body: Body } },
      async (request, reply) => await answer(graphql, request, reply, request.body, false),
    )
    app.get(
      '/graphql',
      {
        schema: { hide: true, querystring: Query },
        ...(socket && { wsHandler: socket }),
      },
      async (request, reply) => {
        const { query, operationName, variables, extensions } = request.query
        const params = {
          ...(query !== undefined && { query }),
          ...(operationName !== undefined && { operationName }),
          ...(variables !== undefined && { variables: parameter(variables, 'variables') }),
          ...(extensions !== undefined && { extensions: parameter(extensions, 'extensions') }),
        }
        return await answer(graphql, request, reply, params, true)
      },
    )
    app.route({
      method: [...OTHER_METHODS],
      url: '/graphql',
      schema: { hide: true },
      handler: async (request) => {
        throw new AppError('method_not_allowed', {
          detail: `${request.method} is not allowed here; GET and POST are`,
          headers: { allow: 'GET, POST' },
        })
      },
    })
  }
}

async function answer(
  graphql: GraphQL,
  request: FastifyRequest,
  reply: FastifyReply,
  params: Static<typeof Body>,
  onlyQueries: boolean,
): Promise<FastifyReply> {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const context: GraphQLContext = { principal: principalOf(request), requestId: request.id, gone: gone.signal }
  const { operationName, variables } = params
  const query = requestedDocument(params, graphql.persisted)
  const engine = await graphql.engine()
  const { status, headers, body } = await engine.run(
    { query, operationName: operationName ?? null, variables: variables ?? {}, onlyQueries },
    context,
  )
  // With `application/json`, a document that could be read is answered 200 also where it is not valid: so the specification has it.
  const shown = status === 400 && answerType(request) !== RESPONSE_TYPE ? 200 : status
  return send(request, reply.headers(headers), shown, body)
}

function send(request: FastifyRequest, reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply
    .code(status)
    .headers({ 'cache-control': 'no-store', vary: 'accept' })
    .type(`${answerType(request)}; charset=utf-8`)
    .send(JSON.stringify(body))
}

function answerType({ headers }: FastifyRequest): string {
  return preferredType(headers, TYPES).startsWith(RESPONSE_TYPE) ? RESPONSE_TYPE : 'application/json'
}

function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toAppError(error, request)
  if (known.status === 401) return sendProblem(reply, known)
  const errors = shownErrors([known], { requestId: request.id, log: request.log })
  return send(request, reply.headers({ ...known.options.headers }), known.status, { errors })
}

/** A parameter that is JSON. */
function parameter(text: string, name: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.fromEntries(Object.entries(value))
  if (value === null) return {}
  const message = 'is not a JSON object'
  throw new AppError('bad_request', { detail: `${name} ${message}`, errors: [{ path: `/query/${name}`, message }] })
}
