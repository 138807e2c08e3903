import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import {
  actorOf,
  addSchemas,
  authorizeAdmin,
  IdempotencyHeaders,
  page,
  PageQuery,
  principalOf,
  problemResponses,
  ref,
  type Routes,
  sendAnswer,
} from '../../web/index.ts'
import { factsOf, idempotent, type IdempotencyDeps } from '../idempotency/index.ts'
import { tenantFor } from '../tenants/index.ts'
import {
  CreatePlatformToken,
  CreateTenantToken,
  NewToken,
  PlatformTokenParams,
  TenantTokenParams,
  TenantTokensParams,
  Token,
  tokenSchemas,
  Whoami,
} from './tokens.schemas.ts'
import { createToken, pageOfTokens, revokeToken, whoamiOf } from './tokens.service.ts'

const tags = ['tokens']
const gone = Type.Null({ description: 'It is revoked.' })

/** Tokens of a tenant (for its owners) and of the platform (for admins), and who a token stands for. */
export function tokensRoutes(deps: IdempotencyDeps) {
  return async (instance: FastifyInstance): Promise<void> => {
    const app = instance as Routes
    addSchemas(app, tokenSchemas)
    tenantTokens(app, deps)
    platformTokens(app, deps)

    app.get(
      '/v1/whoami',
      {
        schema: {
          operationId: 'whoami',
          tags,
          summary: 'Who the token stands for',
          response: { 200: ref(Whoami), ...problemResponses(401) },
        },
      },
      async (request) => whoamiOf(principalOf(request)),
    )
  }
}

function tenantTokens(app: Routes, deps: IdempotencyDeps): void {
  app.post(
    '/v1/tenants/:tenant/tokens',
    {
      schema: {
        operationId: 'createTenantToken',
        tags,
        params: TenantTokensParams,
        headers: IdempotencyHeaders,
        body: CreateTenantToken,
        response: { 201: ref(NewToken), ...problemResponses(401, 403, 404, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const tenant = await tenantFor(deps.db.prisma, principal, request.params.tenant, 'manage')
      const work = idempotent(
        deps,
        factsOf(request),
        async (tx) => await createToken(tx, tenant, request.body, actorOf(principal), new Date()),
      )
      return sendAnswer(reply, await work)
    },
  )

  app.get(
    '/v1/tenants/:tenant/tokens',
    {
      schema: {
        operationId: 'listTenantTokens',
        tags,
        params: TenantTokensParams,
        querystring: PageQuery,
        response: { 200: page(ref(Token)), ...problemResponses(401, 403, 404) },
      },
    },
    async (request) => {
      const tenant = await tenantFor(deps.db.prisma, principalOf(request), request.params.tenant, 'manage')
      return await pageOfTokens(deps.db.prisma, tenant, request.query)
    },
  )

  app.delete(
    '/v1/tenants/:tenant/tokens/:id',
    {
      schema: {
        operationId: 'revokeTenantToken',
        tags,
        params: TenantTokenParams,
        headers: IdempotencyHeaders,
        response: { 204: gone, ...problemResponses(401, 403, 404, 422) },
      },
    },
    async (request, reply) => {
      const tenant = await tenantFor(deps.db.prisma, principalOf(request), request.params.tenant, 'manage')
      return sendAnswer(
        reply,
        await idempotent(
          deps,
          factsOf(request),
          async (tx) => await revokeToken(tx, tenant, request.params.id, actorOf(principalOf(request))),
        ),
      )
    },
  )
}

function platformTokens(app: Routes, deps: IdempotencyDeps): void {
  app.post(
    '/v1/tokens',
    {
      schema: {
        operationId: 'createPlatformToken',
        tags,
        headers: IdempotencyHeaders,
        body: CreatePlatformToken,
        response: { 201: ref(NewToken), ...problemResponses(401, 403, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      authorizeAdmin(principal)
      const wish = { ...request.body, role: 'admin' as const }
      return sendAnswer(
        reply,
        await idempotent(
          deps,
          factsOf(request),
          async (tx) => await createToken(tx, null, wish, actorOf(principal), new Date()),
        ),
      )
    },
  )

  app.get(
    '/v1/tokens',
    {
      schema: {
        operationId: 'listPlatformTokens',
        tags,
        querystring: PageQuery,
        response: { 200: page(ref(Token)), ...problemResponses(401, 403) },
      },
    },
    async (request) => {
      authorizeAdmin(principalOf(request))
      return await pageOfTokens(deps.db.prisma, null, request.query)
    },
  )

  app.delete(
    '/v1/tokens/:id',
    {
      schema: {
        operationId: 'revokePlatformToken',
        tags,
        params: PlatformTokenParams,
        headers: IdempotencyHeaders,
        response: { 204: gone, ...problemResponses(401, 403, 404, 422) },
      },
    },
    async (request, reply) => {
      authorizeAdmin(principalOf(request))
      return sendAnswer(
        reply,
        await idempotent(
          deps,
          factsOf(request),
          async (tx) => await revokeToken(tx, null, request.params.id, actorOf(principalOf(request))),
        ),
      )
    },
  )
}
