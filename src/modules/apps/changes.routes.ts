import type { FastifyReply, FastifyRequest } from 'fastify'
import Type, { type TSchema } from 'typebox'
import {
  actorOf,
  ChangeHeaders,
  optionalBody,
  parseIfMatch,
  PlanAnswer,
  principalOf,
  problemResponses,
  ref,
  type Routes,
  sendAnswer,
} from '../../web/index.ts'
import { factsOf, idempotent, type IdempotencyDeps } from '../idempotency/index.ts'
import { OperationAnswer, type OperationWaits, waited } from '../operations/index.ts'
import { tenantFor } from '../tenants/index.ts'
import { accept, type ChangeRequest, dryRun } from './accept.ts'
import {
  ApplyBody,
  AppParams,
  DeployBody,
  DeployQuery,
  PlainBody,
  RemoveQuery,
  RollbackBody,
  ScaleBody,
  WaitQuery,
} from './apps.schemas.ts'
import { applying, deploying, rollingBack } from './apps.service.ts'
import { decideRemove, decideRestart, decideRunning, decideScale } from './decisions.ts'
import type { PlanDeps } from './plan.ts'

export interface AppsDeps extends IdempotencyDeps, PlanDeps {
  readonly waits: OperationWaits
}

const tags = ['apps']

/** What every change of an app answers. */
const response = {
  200: Type.Union([ref(OperationAnswer), ref(PlanAnswer)], {
    description:
      'Nothing changes (`operation` is null), the operation has ended while it was waited for, or a dry run.',
  }),
  202: ref(OperationAnswer),
  ...problemResponses(401, 403, 404, 409, 412, 413, 415, 422),
}

interface ChangeInput {
  readonly params: { readonly tenant: string; readonly app: string }
  readonly query: { readonly wait?: number; readonly supersede?: 'queue' }
  readonly body: { readonly dryRun?: boolean; readonly expectPlan?: string } | null | undefined
  readonly labels?: ChangeRequest['labels']
  readonly create?: boolean
  readonly evenRemoving?: boolean
  /** Called once the principal may change the tenant's apps. */
  readonly decide: () => ChangeRequest['decide']
}

async function change(deps: AppsDeps, request: FastifyRequest, reply: FastifyReply, input: ChangeInput) {
  const { params, query, body, labels } = input
  const principal = principalOf(request)
  const tenant = await tenantFor(deps.db.prisma, principal, params.tenant, 'deploy')
  const wanted: ChangeRequest = {
    tenant,
    app: params.app,
    actor: actorOf(principal),
    ifMatch: parseIfMatch(request.headers['if-match']),
    queue: query.supersede === 'queue',
    create: input.create ?? false,
    evenRemoving: input.evenRemoving ?? false,
    ...(labels && { labels }),
    ...(body?.expectPlan !== undefined && { expectPlan: body.expectPlan }),
    decide: input.decide(),
  }
  if (body?.dryRun) return sendAnswer(reply, await dryRun(deps.db.prisma, deps, wanted))
  const answer = await idempotent(deps, factsOf(request), async (tx) => await accept(tx, deps, wanted))
  return sendAnswer(reply, await waited(deps, reply, answer, query.wait))
}

/** What changes an app: each answers the operation that brings the change. */
export function changesRoutes(deps: AppsDeps, app: Routes): void {
  const base = '/v1/tenants/:tenant/apps/:app'
  const common = { tags, params: AppParams, headers: ChangeHeaders, response }
  const post = <Body extends TSchema>(operationId: string, summary: string, body: Body) => {
    return { schema: { ...common, operationId, summary, querystring: WaitQuery, body } }
  }

  app.put(
    base,
    {
      schema: {
        ...common,
        operationId: 'applyApp',
        summary: 'Make the app as this spec says: create it, or release what changed',
        querystring: DeployQuery,
        body: ApplyBody,
      },
    },
    async (request, reply) => {
      const { params, query, body } = request
      const { labels } = body
      return await change(deps, request, reply, {
        params,
        query,
        body,
        labels,
        create: true,
        decide: () => applying(body),
      })
    },
  )

  app.delete(
    base,
    {
      schema: {
        ...common,
        operationId: 'removeApp',
        summary: 'Remove the app, and its volumes where `volumes=true` says so',
        querystring: RemoveQuery,
      },
    },
    async (request, reply) => {
      const { params, query } = request
      const decide = () => (current: Parameters<ChangeRequest['decide']>[0]) => decideRemove(current, query.volumes)
      return await change(deps, request, reply, { params, query, body: query, evenRemoving: true, decide })
    },
  )

  app.post(
    `${base}/deployments`,
    {
      schema: {
        ...common,
        operationId: 'deployApp',
        summary: 'A new release from the wanted one with other images or environment, or an old release again',
        querystring: DeployQuery,
        body: DeployBody,
      },
    },
    async (request, reply) => {
      const { params, query, body } = request
      return await change(deps, request, reply, { params, query, body, decide: () => deploying(body) })
    },
  )

  app.post(
    `${base}/rollback`,
    {
      schema: {
        ...common,
        operationId: 'rollbackApp',
        summary: 'An old release again: by default the last before the wanted one that succeeded',
        querystring: DeployQuery,
        body: optionalBody(RollbackBody),
      },
    },
    async (request, reply) => {
      const { params, query, body } = request
      return await change(deps, request, reply, { params, query, body, decide: () => rollingBack(body?.release) })
    },
  )

  app.post(`${base}/scale`, post('scaleApp', 'Other numbers of replicas', ScaleBody), async (request, reply) => {
    const { params, query, body } = request
    return await change(deps, request, reply, {
      params,
      query,
      body,
      decide: () => (current) => decideScale(current, body.services),
    })
  })

  app.post(
    `${base}/start`,
    post('startApp', 'Run a stopped app again', optionalBody(PlainBody)),
    async (request, reply) => {
      const { params, query, body } = request
      return await change(deps, request, reply, {
        params,
        query,
        body,
        decide: () => (now) => decideRunning(now, true),
      })
    },
  )

  app.post(
    `${base}/stop`,
    post('stopApp', 'Stop all its containers; nothing is removed but they', optionalBody(PlainBody)),
    async (request, reply) => {
      const { params, query, body } = request
      return await change(deps, request, reply, {
        params,
        query,
        body,
        decide: () => (now) => decideRunning(now, false),
      })
    },
  )

  app.post(
    `${base}/restart`,
    post('restartApp', 'Replace every container by a new one, as a rolling update', optionalBody(PlainBody)),
    async (request, reply) => {
      const { params, query, body } = request
      return await change(deps, request, reply, { params, query, body, decide: () => decideRestart })
    },
  )
}
