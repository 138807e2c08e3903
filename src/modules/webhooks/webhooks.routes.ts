import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import {
  addSchemas,
  IdempotencyHeaders,
  page,
  PageQuery,
  principalOf,
  problemResponses,
  ref,
  type Routes,
  sendAnswer,
} from '../../web/index.ts'
import { factsOf, idempotent } from '../idempotency/index.ts'
import { tenantFor } from '../tenants/index.ts'
import {
  ChangeWebhook,
  CreateWebhook,
  Delivery,
  DeliveryParams,
  NewWebhook,
  Webhook,
  WebhookParams,
  webhookSchemas,
  WebhooksParams,
} from './webhooks.schemas.ts'
import {
  changeWebhook,
  createWebhook,
  pageOfDeliveries,
  pageOfWebhooks,
  readDelivery,
  readWebhook,
  redeliver,
  removeWebhook,
  type WebhooksDeps,
} from './webhooks.service.ts'

const tags = ['webhooks']
const below = '/v1/tenants/:tenant/webhooks'

/** A tenant's webhooks (owners change them, all its roles read them) and what became of their deliveries. */
export function webhooksRoutes(deps: WebhooksDeps) {
  return async (instance: FastifyInstance): Promise<void> => {
    const app = instance as Routes
    addSchemas(app, webhookSchemas)
    changes(app, deps)
    views(app, deps)
    deliveries(app, deps)
  }
}

function changes(app: Routes, deps: WebhooksDeps): void {
  app.post(
    below,
    {
      schema: {
        operationId: 'createWebhook',
        tags,
        summary: 'Have events sent to an address, signed as Standard Webhooks has it',
        params: WebhooksParams,
        headers: IdempotencyHeaders,
        body: CreateWebhook,
        response: { 201: ref(NewWebhook), ...problemResponses(401, 403, 404, 409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const facts = factsOf(request)
      const tenant = await tenantFor(deps.db.prisma, principalOf(request), request.params.tenant, 'manage')
      const work = idempotent(
        deps,
        facts,
        async (tx) => await createWebhook(deps, tx, tenant, request.body, facts.actor),
      )
      return sendAnswer(reply, await work)
    },
  )

  app.patch(
    `${below}/:id`,
    {
      schema: {
        operationId: 'changeWebhook',
        tags,
        summary: 'Change a webhook, or enable it again',
        params: WebhookParams,
        headers: IdempotencyHeaders,
        body: ChangeWebhook,
        response: { 200: ref(Webhook), ...problemResponses(401, 403, 404, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const facts = factsOf(request)
      const tenant = await tenantFor(deps.db.prisma, principalOf(request), request.params.tenant, 'manage')
      const work = idempotent(
        deps,
        facts,
        async (tx) => await changeWebhook(deps, tx, tenant, request.params.id, request.body, facts.actor),
      )
      return sendAnswer(reply, await work)
    },
  )

  app.delete(
    `${below}/:id`,
    {
      schema: {
        operationId: 'deleteWebhook',
        tags,
        summary: 'Delete a webhook with its deliveries; what is pending is not sent',
        params: WebhookParams,
        headers: IdempotencyHeaders,
        response: {
          204: Type.Null({ description: 'It is deleted.' }),
          ...problemResponses(401, 403, 404, 422),
        },
      },
    },
    async (request, reply) => {
      const facts = factsOf(request)
      const tenant = await tenantFor(deps.db.prisma, principalOf(request), request.params.tenant, 'manage')
      const work = idempotent(
        deps,
        facts,
        async (tx) => await removeWebhook(tx, tenant, request.params.id, facts.actor),
      )
      return sendAnswer(reply, await work)
    },
  )
}

function views(app: Routes, deps: WebhooksDeps): void {
  app.get(
    below,
    {
      schema: {
        operationId: 'listWebhooks',
        tags,
        params: WebhooksParams,
        querystring: PageQuery,
        response: { 200: page(ref(Webhook)), ...problemResponses(401, 404) },
      },
    },
    async (request) => {
      const tenant = await tenantFor(deps.db.prisma, principalOf(request), request.params.tenant, 'read')
      return await pageOfWebhooks(deps.db.prisma, tenant, request.query)
    },
  )

  app.get(
    `${below}/:id`,
    {
      schema: {
        operationId: 'getWebhook',
        tags,
        params: WebhookParams,
        response: { 200: ref(Webhook), ...problemResponses(401, 404) },
      },
    },
    async (request) => {
      const tenant = await tenantFor(deps.db.prisma, principalOf(request), request.params.tenant, 'read')
      return await readWebhook(deps.db.prisma, tenant, request.params.id)
    },
  )
}

function deliveries(app: Routes, deps: WebhooksDeps): void {
  app.get(
    `${below}/:id/deliveries`,
    {
      schema: {
        operationId: 'listWebhookDeliveries',
        tags,
        summary: 'What was sent and what came of it, newest first',
        params: WebhookParams,
        querystring: PageQuery,
        response: { 200: page(ref(Delivery)), ...problemResponses(401, 404) },
      },
    },
    async (request) => {
      const tenant = await tenantFor(deps.db.prisma, principalOf(request), request.params.tenant, 'read')
      return await pageOfDeliveries(deps.db.prisma, tenant, request.params.id, request.query)
    },
  )

  app.get(
    `${below}/:id/deliveries/:delivery`,
    {
      schema: {
        operationId: 'getWebhookDelivery',
        tags,
        params: DeliveryParams,
        response: { 200: ref(Delivery), ...problemResponses(401, 404) },
      },
    },
    async (request) => {
      const tenant = await tenantFor(deps.db.prisma, principalOf(request), request.params.tenant, 'read')
      return await readDelivery(deps.db.prisma, tenant, request.params)
    },
  )

  app.post(
    `${below}/:id/deliveries/:delivery/redeliver`,
    {
      schema: {
        operationId: 'redeliverWebhook',
        tags,
        summary: 'Send the event of a delivery once more',
        params: DeliveryParams,
        headers: IdempotencyHeaders,
        response: { 202: ref(Delivery), ...problemResponses(401, 403, 404, 409, 422) },
      },
    },
    async (request, reply) => {
      const tenant = await tenantFor(deps.db.prisma, principalOf(request), request.params.tenant, 'manage')
      const work = idempotent(deps, factsOf(request), async (tx) => await redeliver(tx, tenant, request.params))
      return sendAnswer(reply, await work)
    },
  )
}
