import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import {
  actorOf,
  addSchemas,
  authorizeAdmin,
  authorizeTenant,
  ChangeHeaders,
  IdempotencyHeaders,
  page,
  PageQuery,
  parseIfMatch,
  principalOf,
  problemResponses,
  ref,
  type Routes,
  sendAnswer,
} from '../../web/index.ts'
import { factsOf, idempotent, type IdempotencyDeps } from '../idempotency/index.ts'
import { ChangeTenant, CreateTenant, Tenant, TenantParams, tenantSchemas } from './tenants.schemas.ts'
import {
  authorizePlatform,
  changeTenant,
  createTenant,
  pageOfTenants,
  readTenant,
  removeTenant,
} from './tenants.service.ts'

const tags = ['tenants']

/** /v1/tenants: for admins; a tenant's own token may read its own. */
export function tenantsRoutes(deps: IdempotencyDeps) {
  return async (instance: FastifyInstance): Promise<void> => {
    const app = instance as Routes
    addSchemas(app, tenantSchemas)

    app.post(
      '/v1/tenants',
      {
        schema: {
          operationId: 'createTenant',
          tags,
          headers: IdempotencyHeaders,
          body: CreateTenant,
          response: { 201: ref(Tenant), ...problemResponses(401, 403, 409, 413, 415, 422) },
        },
      },
      async (request, reply) => {
        authorizeAdmin(principalOf(request))
        return sendAnswer(
          reply,
          await idempotent(
            deps,
            factsOf(request),
            async (tx) => await createTenant(tx, request.body, actorOf(principalOf(request))),
          ),
        )
      },
    )

    app.get(
      '/v1/tenants',
      {
        schema: {
          operationId: 'listTenants',
          tags,
          querystring: PageQuery,
          response: { 200: page(ref(Tenant)), ...problemResponses(401, 403) },
        },
      },
      async (request) => {
        authorizeAdmin(principalOf(request))
        return await pageOfTenants(deps.db.prisma, request.query)
      },
    )

    app.get(
      '/v1/tenants/:tenant',
      {
        schema: {
          operationId: 'getTenant',
          tags,
          params: TenantParams,
          response: { 200: ref(Tenant), ...problemResponses(401, 404) },
        },
      },
      async (request, reply) => {
        authorizeTenant(principalOf(request), request.params.tenant, 'read')
        return sendAnswer(reply, await readTenant(deps.db.prisma, request.params.tenant))
      },
    )

    app.patch(
      '/v1/tenants/:tenant',
      {
        schema: {
          operationId: 'changeTenant',
          tags,
          params: TenantParams,
          headers: ChangeHeaders,
          body: ChangeTenant,
          response: { 200: ref(Tenant), ...problemResponses(401, 403, 404, 412, 413, 415, 422) },
        },
      },
      async (request, reply) => {
        const { tenant } = request.params
        authorizePlatform(principalOf(request), tenant)
        const version = parseIfMatch(request.headers['if-match'])
        return sendAnswer(
          reply,
          await idempotent(
            deps,
            factsOf(request),
            async (tx) => await changeTenant(tx, tenant, version, request.body, actorOf(principalOf(request))),
          ),
        )
      },
    )

    app.delete(
      '/v1/tenants/:tenant',
      {
        schema: {
          operationId: 'deleteTenant',
          tags,
          params: TenantParams,
          headers: ChangeHeaders,
          response: {
            204: Type.Null({ description: 'It is gone.' }),
            ...problemResponses(401, 403, 404, 409, 412, 422),
          },
        },
      },
      async (request, reply) => {
        const { tenant } = request.params
        authorizePlatform(principalOf(request), tenant)
        const version = parseIfMatch(request.headers['if-match'])
        return sendAnswer(
          reply,
          await idempotent(
            deps,
            factsOf(request),
            async (tx) => await removeTenant(tx, tenant, version, actorOf(principalOf(request))),
          ),
        )
      },
    )
  }
}
