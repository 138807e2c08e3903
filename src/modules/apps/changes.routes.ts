import type { FastifyReply, FastifyRequest } from 'fastify'
import Type, { type TSchema } from 'typebox'
import {
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
import { factsOf } from '../idempotency/index.ts'
import { goneSignal, OperationAnswer } from '../operations/index.ts'
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
import { type AppsDeps, changeApp, type Verb, VERBS } from './changes.service.ts'

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
  readonly verb: Verb
}

async function change(deps: AppsDeps, request: FastifyRequest, reply: FastifyReply, input: ChangeInput) {
  const { params, query, verb } = input
  const answer = await changeApp(deps, {
    ...params,
    ...query,
    verb,
    principal: principalOf(request),
    ifMatch: parseIfMatch(request.headers['if-match']),
    gone: goneSignal(reply),
    facts: () => factsOf(request),
  })
  return sendAnswer(reply, answer)
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
      return await change(deps, request, reply, { params, query, verb: VERBS.apply(body) })
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
      return await change(deps, request, reply, { params, query, verb: VERBS.remove(query) })
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
      return await change(deps, request, reply, { params, query, verb: VERBS.deploy(body) })
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
      return await change(deps, request, reply, { params, query, verb: VERBS.rollback(body) })
    },
  )

  app.post(`${base}/scale`, post('scaleApp', 'Other numbers of replicas', ScaleBody), async (request, reply) => {
    const { params, query, body } = request
    return await change(deps, request, reply, { params, query, verb: VERBS.scale(body) })
  })

  app.post(
    `${base}/start`,
    post('startApp', 'Run a stopped app again', optionalBody(PlainBody)),
    async (request, reply) => {
      const { params, query, body } = request
      return await change(deps, request, reply, { params, query, verb: VERBS.start(body) })
    },
  )

  app.post(
    `${base}/stop`,
    post('stopApp', 'Stop all its containers; nothing is removed but they', optionalBody(PlainBody)),
    async (request, reply) => {
      const { params, query, body } = request
      return await change(deps, request, reply, { params, query, verb: VERBS.stop(body) })
    },
  )

  app.post(
    `${base}/restart`,
    post('restartApp', 'Replace every container by a new one, as a rolling update', optionalBody(PlainBody)),
    async (request, reply) => {
      const { params, query, body } = request
      return await change(deps, request, reply, { params, query, verb: VERBS.restart(body) })
    },
  )

  app.post(
    `${base}/reconcile`,
    post('reconcileApp', 'Look again, and put right what is missing or what others changed', optionalBody(PlainBody)),
    async (request, reply) => {
      const { params, query, body } = request
      return await change(deps, request, reply, { params, query, verb: VERBS.reconcile(body) })
    },
  )
}
