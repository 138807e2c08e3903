import type { FastifyInstance, FastifyReply } from 'fastify'
import Type from 'typebox'
import {
  actorOf,
  addSchemas,
  authorizeAdmin,
  closed,
  IdempotencyHeaders,
  Name,
  oneOf,
  page,
  pageQuery,
  PageQuery,
  principalOf,
  problemResponses,
  ref,
  type Routes,
  sendAnswer,
  Uuid,
  waitQuery,
} from '../../web/index.ts'
import { factsOf, idempotent, type IdempotencyDeps } from '../idempotency/index.ts'
import { tenantFor } from '../tenants/index.ts'
import {
  Operation,
  OPERATION_KINDS,
  OPERATION_STATUSES,
  OperationAnswer,
  operationSchemas,
  OperationStep,
  OperationSummary,
} from './operations.schemas.ts'
import { cancelOperation, getOperation, pageOfOperations, pageOfSteps, type WantedState } from './operations.service.ts'
import { type OperationWaits, waited } from './waits.ts'

export interface OperationsDeps extends IdempotencyDeps {
  readonly waits: OperationWaits
  readonly wanted: WantedState
}

const tags = ['operations']
const TenantOnly = closed({ tenant: Name })
const TenantOperation = closed({ tenant: Name, id: Uuid })
const AnyOperation = closed({ id: Uuid })
const WaitQuery = closed(waitQuery)
const ListQuery = closed({
  ...pageQuery,
  app: Type.Optional(Name),
  status: Type.Optional(oneOf(OPERATION_STATUSES)),
  kind: Type.Optional(oneOf(OPERATION_KINDS)),
})

/** Aborts when the client closes the connection before it has its answer. */
export function goneSignal(reply: Pick<FastifyReply, 'raw'>): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}

/** Operations of a tenant, and of all for admins. */
export function operationsRoutes(deps: OperationsDeps) {
  return async (instance: FastifyInstance): Promise<void> => {
    addSchemas(instance, operationSchemas)
    instance.addHook('preClose', async () => await deps.waits.close())
    tenantRoutes(deps, instance as Routes)
    adminRoutes(deps, instance as Routes)
  }
}

async function held(
  { db, waits }: OperationsDeps,
  reply: Pick<FastifyReply, 'raw'>,
  id: string,
  tenantId: string | undefined,
  seconds: number | undefined,
): Promise<Operation> {
  const operation = await getOperation(db.prisma, id, tenantId)
  if (!seconds || operation.finishedAt !== null) return operation
  await waits.wait(id, seconds * 1000, goneSignal(reply))
  return await waits.read(async () => await getOperation(db.prisma, id, tenantId))
}

function tenantRoutes(deps: OperationsDeps, app: Routes): void {
  const { db } = deps
  const base = '/v1/tenants/:tenant/operations'

  app.get(
    base,
    {
      schema: {
        operationId: 'listOperations',
        tags,
        summary: 'Newest first, without plan and steps',
        params: TenantOnly,
        querystring: ListQuery,
        response: { 200: page(ref(OperationSummary)), ...problemResponses(401, 404) },
      },
    },
    async (request) => {
      const tenant = await tenantFor(db.prisma, principalOf(request), request.params.tenant, 'read')
      const { limit, cursor, app: name, ...filter } = request.query
      return await pageOfOperations(db.prisma, { tenantId: tenant.id, app: name }, filter, { limit, cursor })
    },
  )

  app.get(
    `${base}/:id`,
    {
      schema: {
        operationId: 'getOperation',
        tags,
        params: TenantOperation,
        querystring: WaitQuery,
        response: { 200: ref(Operation), ...problemResponses(401, 404) },
      },
    },
    async (request, reply) => {
      const tenant = await tenantFor(db.prisma, principalOf(request), request.params.tenant, 'read')
      return await held(deps, reply, request.params.id, tenant.id, request.query.wait)
    },
  )

  app.get(
    `${base}/:id/steps`,
    {
      schema: {
        operationId: 'listOperationSteps',
        tags,
        params: TenantOperation,
        querystring: PageQuery,
        response: { 200: page(ref(OperationStep)), ...problemResponses(401, 404) },
      },
    },
    async (request) => {
      const tenant = await tenantFor(db.prisma, principalOf(request), request.params.tenant, 'read')
      return await pageOfSteps(db.prisma, request.params.id, tenant.id, request.query)
    },
  )

  app.post(
    `${base}/:id/cancel`,
    {
      schema: {
        operationId: 'cancelOperation',
        tags,
        summary: 'Go back to the last good state and end it',
        params: TenantOperation,
        querystring: WaitQuery,
        headers: IdempotencyHeaders,
        response: {
          200: ref(OperationAnswer),
          202: ref(OperationAnswer),
          ...problemResponses(401, 403, 404, 409, 422),
        },
      },
    },
    async (request, reply) => {
      const tenant = await tenantFor(db.prisma, principalOf(request), request.params.tenant, 'deploy')
      const answer = await idempotent(
        deps,
        factsOf(request),
        async (tx) =>
          await cancelOperation(tx, request.params.id, tenant.id, deps.wanted, actorOf(principalOf(request))),
      )
      return sendAnswer(reply, await waited(deps, answer, request.query.wait, goneSignal(reply)))
    },
  )
}

function adminRoutes(deps: OperationsDeps, app: Routes): void {
  const { db } = deps
  const base = '/v1/operations'

  app.get(
    base,
    {
      schema: {
        operationId: 'listAllOperations',
        tags,
        summary: 'Of all tenants and hosts, newest first, without plan and steps',
        querystring: ListQuery,
        response: { 200: page(ref(OperationSummary)), ...problemResponses(401, 403) },
      },
    },
    async (request) => {
      authorizeAdmin(principalOf(request))
      const { limit, cursor, app: name, ...filter } = request.query
      return await pageOfOperations(db.prisma, { app: name }, filter, { limit, cursor })
    },
  )

  app.get(
    `${base}/:id`,
    {
      schema: {
        operationId: 'getAnyOperation',
        tags,
        params: AnyOperation,
        querystring: WaitQuery,
        response: { 200: ref(Operation), ...problemResponses(401, 403, 404) },
      },
    },
    async (request, reply) => {
      authorizeAdmin(principalOf(request))
      return await held(deps, reply, request.params.id, undefined, request.query.wait)
    },
  )

  app.post(
    `${base}/:id/cancel`,
    {
      schema: {
        operationId: 'cancelAnyOperation',
        tags,
        params: AnyOperation,
        querystring: WaitQuery,
        headers: IdempotencyHeaders,
        response: {
          200: ref(OperationAnswer),
          202: ref(OperationAnswer),
          ...problemResponses(401, 403, 404, 409, 422),
        },
      },
    },
    async (request, reply) => {
      authorizeAdmin(principalOf(request))
      const answer = await idempotent(
        deps,
        factsOf(request),
        async (tx) =>
          await cancelOperation(tx, request.params.id, undefined, deps.wanted, actorOf(principalOf(request))),
      )
      return sendAnswer(reply, await waited(deps, answer, request.query.wait, goneSignal(reply)))
    },
  )
}
