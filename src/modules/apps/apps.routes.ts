import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import {
  actorOf,
  addSchemas,
  ChangeHeaders,
  closed,
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
import { factsOf, idempotent } from '../idempotency/index.ts'
import { createOperationWaits, operationSchemas, operationsRoutes } from '../operations/index.ts'
import { tenantFor } from '../tenants/index.ts'
import {
  App,
  AppParams,
  appSchemas,
  Instance,
  PatchBody,
  Release,
  ReleaseDiff,
  ReleaseParams,
  ReleaseSummary,
  TenantOnly,
  Workload,
} from './apps.schemas.ts'
import { dryRunPatch, pageOfApps, patchApp, readApp } from './apps.service.ts'
import { changesRoutes } from './changes.routes.ts'
import type { AppsDeps } from './changes.service.ts'
import { createSights, type Sights } from './sights.ts'
import { pageOfInstances, pageOfReleases, pageOfWorkloads, readDiff, readRelease } from './views.service.ts'
import { lockApp, revertWanted } from './wanted.ts'

const tags = ['apps']
const base = '/v1/tenants/:tenant/apps'

/** All routes of apps and of operations. */
export function appRoutes(given: Omit<AppsDeps, 'waits'>) {
  return async (instance: FastifyInstance): Promise<void> => {
    const deps = { ...given, waits: createOperationWaits(given.db) }
    addSchemas(instance, [...operationSchemas, ...appSchemas])
    await instance.register(operationsRoutes({ ...deps, wanted: { lockApp, revertWanted } }))
    const app = instance as Routes
    changesRoutes(deps, app)
    readRoutes(deps, app)
    viewRoutes(deps, app)
  }
}

function readRoutes(deps: AppsDeps, app: Routes): void {
  const { db } = deps

  app.get(
    base,
    {
      schema: {
        operationId: 'listApps',
        tags,
        params: TenantOnly,
        querystring: PageQuery,
        response: { 200: page(ref(App)), ...problemResponses(401, 404) },
      },
    },
    async (request) => {
      const tenant = await tenantFor(db.prisma, principalOf(request), request.params.tenant, 'read')
      return await pageOfApps(db.prisma, tenant.id, request.query)
    },
  )

  app.get(
    `${base}/:app`,
    {
      schema: {
        operationId: 'getApp',
        tags,
        params: AppParams,
        response: { 200: ref(App), ...problemResponses(401, 404) },
      },
    },
    async (request, reply) => {
      const tenant = await tenantFor(db.prisma, principalOf(request), request.params.tenant, 'read')
      return sendAnswer(reply, await readApp(db.prisma, tenant.id, request.params.app))
    },
  )

  app.patch(
    `${base}/:app`,
    {
      schema: {
        operationId: 'changeApp',
        tags,
        summary: 'Other labels',
        params: AppParams,
        headers: ChangeHeaders,
        body: PatchBody,
        response: {
          200: Type.Union([ref(App), ref(PlanAnswer)]),
          ...problemResponses(401, 403, 404, 409, 412, 413, 415, 422),
        },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const tenant = await tenantFor(db.prisma, principal, request.params.tenant, 'deploy')
      const { body } = request
      const ifMatch = parseIfMatch(request.headers['if-match'])
      const change = { tenant, app: request.params.app, actor: actorOf(principal), ifMatch, body }
      if (body.dryRun) return sendAnswer(reply, await dryRunPatch(db.prisma, change))
      return sendAnswer(reply, await idempotent(deps, factsOf(request), async (tx) => await patchApp(tx, change)))
    },
  )
}

function viewRoutes({ db }: AppsDeps, app: Routes): void {
  // With the first request: where only the document of the routes is made, there is no database.
  let known: Sights | null = null
  const sights = (): Sights => (known ??= createSights(db.prisma))
  app.get(
    `${base}/:app/releases`,
    {
      schema: {
        operationId: 'listReleases',
        tags,
        summary: 'Newest first, without specs',
        params: AppParams,
        querystring: PageQuery,
        response: { 200: page(ref(ReleaseSummary)), ...problemResponses(401, 404) },
      },
    },
    async (request) => {
      const tenant = await tenantFor(db.prisma, principalOf(request), request.params.tenant, 'read')
      return await pageOfReleases(db.prisma, tenant.id, request.params.app, request.query)
    },
  )

  app.get(
    `${base}/:app/releases/:number`,
    {
      schema: {
        operationId: 'getRelease',
        tags,
        params: ReleaseParams,
        response: { 200: ref(Release), ...problemResponses(401, 404) },
      },
    },
    async (request) => {
      const principal = principalOf(request)
      const tenant = await tenantFor(db.prisma, principal, request.params.tenant, 'read')
      const { app: name, number } = request.params
      return await readRelease(db.prisma, tenant.id, name, number, { masked: principal.role === 'viewer' })
    },
  )

  app.get(
    `${base}/:app/releases/:number/diff`,
    {
      schema: {
        operationId: 'diffReleases',
        tags,
        summary: 'What another release (by default the wanted one) changes',
        params: ReleaseParams,
        querystring: closed({ to: Type.Optional(ReleaseParams.properties.number) }),
        response: { 200: ref(ReleaseDiff), ...problemResponses(401, 404) },
      },
    },
    async (request) => {
      const tenant = await tenantFor(db.prisma, principalOf(request), request.params.tenant, 'read')
      const { app: name, number } = request.params
      return await readDiff(db.prisma, tenant.id, name, number, request.query.to)
    },
  )

  const whole = <T extends Parameters<typeof page>[0]>(operationId: string, item: T) => {
    return {
      schema: {
        operationId,
        tags,
        params: AppParams,
        querystring: PageQuery,
        response: { 200: page(item), ...problemResponses(401, 404) },
      },
    }
  }

  app.get(`${base}/:app/workloads`, whole('listWorkloads', ref(Workload)), async (request) => {
    const tenant = await tenantFor(db.prisma, principalOf(request), request.params.tenant, 'read')
    return await pageOfWorkloads(sights(), tenant.id, request.params.app, request.query)
  })

  app.get(`${base}/:app/instances`, whole('listInstances', ref(Instance)), async (request) => {
    const tenant = await tenantFor(db.prisma, principalOf(request), request.params.tenant, 'read')
    return await pageOfInstances(sights(), tenant.id, request.params.app, request.query)
  })
}
