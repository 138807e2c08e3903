import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type from 'typebox'
import {
  addSchemas,
  authorizeAdmin,
  ChangeHeaders,
  IdempotencyHeaders,
  page,
  PageQuery,
  parseIfMatch,
  PlanAnswer,
  principalOf,
  problemResponses,
  ref,
  type Routes,
  sendAnswer,
} from '../../web/index.ts'
import { factsOf } from '../idempotency/index.ts'
import { probeHost, registerHost, removeHost } from './engine-changes.service.ts'
import { changeHost } from './host-changes.service.ts'
import { pageOfInventory } from './host-inventory.ts'
import {
  ChangeHost,
  CordonHost,
  DeleteHostQuery,
  Host,
  HostOrPlan,
  HostParams,
  hostSchemas,
  InventoryItem,
  InventoryQuery,
  ProbeHost,
  RegisterHost,
} from './hosts.schemas.ts'
import { type HostsDeps, pageOfHosts, readHost } from './hosts.service.ts'

const tags = ['hosts']

/** /v1/hosts: for admins alone. */
export function hostsRoutes(deps: HostsDeps) {
  return async (instance: FastifyInstance): Promise<void> => {
    const app = instance as Routes
    addSchemas(app, hostSchemas)
    app.addHook('preValidation', async (request: FastifyRequest) => authorizeAdmin(principalOf(request)))
    resource(app, deps)
    verbs(app, deps)
    inventory(app, deps)
  }
}

function resource(app: Routes, deps: HostsDeps): void {
  app.post(
    '/v1/hosts',
    {
      schema: {
        operationId: 'registerHost',
        tags,
        headers: IdempotencyHeaders,
        body: RegisterHost,
        response: { 200: ref(PlanAnswer), 201: ref(Host), ...problemResponses(401, 403, 409, 413, 415, 422, 502) },
      },
    },
    async (request, reply) => sendAnswer(reply, await registerHost(deps, factsOf(request), request.body)),
  )

  app.get(
    '/v1/hosts',
    {
      schema: {
        operationId: 'listHosts',
        tags,
        querystring: PageQuery,
        response: { 200: page(ref(Host)), ...problemResponses(401, 403) },
      },
    },
    async (request) => await pageOfHosts(deps.db.prisma, request.query),
  )

  app.get(
    '/v1/hosts/:host',
    {
      schema: {
        operationId: 'getHost',
        tags,
        params: HostParams,
        response: { 200: ref(Host), ...problemResponses(401, 403, 404) },
      },
    },
    async (request, reply) => sendAnswer(reply, await readHost(deps.db.prisma, request.params.host)),
  )

  app.patch(
    '/v1/hosts/:host',
    {
      schema: {
        operationId: 'changeHost',
        tags,
        params: HostParams,
        headers: ChangeHeaders,
        body: ChangeHost,
        response: { 200: HostOrPlan, ...problemResponses(401, 403, 404, 409, 412, 413, 415, 422, 502) },
      },
    },
    async (request, reply) => {
      const version = parseIfMatch(request.headers['if-match'])
      return sendAnswer(reply, await changeHost(deps, factsOf(request), request.params.host, version, request.body))
    },
  )

  app.delete(
    '/v1/hosts/:host',
    {
      schema: {
        operationId: 'deleteHost',
        tags,
        params: HostParams,
        querystring: DeleteHostQuery,
        headers: ChangeHeaders,
        response: {
          200: ref(PlanAnswer),
          204: Type.Null({ description: 'It is gone.' }),
          ...problemResponses(401, 403, 404, 409, 412, 422, 502),
        },
      },
    },
    async (request, reply) => {
      const version = parseIfMatch(request.headers['if-match'])
      return sendAnswer(reply, await removeHost(deps, factsOf(request), request.params.host, version, request.query))
    },
  )
}

function verbs(app: Routes, deps: HostsDeps): void {
  app.post(
    '/v1/hosts/:host/probe',
    {
      schema: {
        operationId: 'probeHost',
        tags,
        params: HostParams,
        headers: IdempotencyHeaders,
        body: ProbeHost,
        response: { 200: HostOrPlan, ...problemResponses(401, 403, 404, 409, 413, 415, 422, 502) },
      },
    },
    async (request, reply) =>
      sendAnswer(reply, await probeHost(deps, factsOf(request), request.params.host, request.body)),
  )

  for (const [verb, schedulable] of [
    ['cordon', false],
    ['uncordon', true],
  ] as const) {
    app.post(
      `/v1/hosts/:host/${verb}`,
      {
        schema: {
          operationId: `${verb}Host`,
          tags,
          params: HostParams,
          headers: ChangeHeaders,
          body: CordonHost,
          response: { 200: HostOrPlan, ...problemResponses(401, 403, 404, 409, 412, 413, 415, 422) },
        },
      },
      async (request, reply) => {
        const { host } = request.params as { host: string }
        const version = parseIfMatch(request.headers['if-match'])
        return sendAnswer(
          reply,
          await changeHost(deps, factsOf(request), host, version, { ...request.body, schedulable }),
        )
      },
    )
  }
}

function inventory(app: Routes, deps: HostsDeps): void {
  for (const kind of ['containers', 'images', 'networks', 'volumes'] as const) {
    app.get(
      `/v1/hosts/:host/${kind}`,
      {
        schema: {
          operationId: `list${kind[0]?.toUpperCase()}${kind.slice(1)}`,
          tags,
          summary: `The live ${kind}, ours and foreign`,
          params: HostParams,
          querystring: InventoryQuery,
          response: { 200: page(ref(InventoryItem)), ...problemResponses(401, 403, 404, 409, 502) },
        },
      },
      async (request) => await pageOfInventory(deps, request.params.host, kind, request.query),
    )
  }
}
