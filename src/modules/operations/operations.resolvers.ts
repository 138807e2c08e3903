import type { Database } from '../../db/types.ts'
import { createListLoader, createLoader } from '../../web/loaders.ts'
import { badArgument, pageInput, perContext, toConnection } from '../../web/index.ts'
import type { Resolvers } from '../resolver-types/index.ts'
import { tenantIdsFor } from '../tenants/index.ts'
import type { OperationFilter } from './operations.repository.ts'
import { operationsOf, type PageInput, pagesOfOperations, pagesOfSteps, plansOf } from './operations.service.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

interface ListInput extends PageInput {
  readonly filter: OperationFilter
}

export function operationsResolvers({ db }: { readonly db: Database }): Resolvers {
  const tx = db.prisma
  const loadersOf = perContext(({ principal }) => {
    const tenantId = createLoader(async (names: readonly string[]) => await tenantIdsFor(tx, principal, names))
    return {
      operation: createLoader(async (ids: readonly string[]) => await operationsOf(tx, ids, principal.tenant?.id)),
      plan: createLoader(async (ids: readonly string[]) => await plansOf(tx, ids)),
      steps: createListLoader(
        async (operations: readonly { id: string }[], input: PageInput) =>
          await pagesOfSteps(
            tx,
            operations.map(({ id }) => id),
            input,
          ),
      ),
      ofTenant: createListLoader(
        async (tenants: readonly { id: string }[], { filter, app, ...input }: ListInput & { readonly app?: string }) =>
          await pagesOfOperations(
            tx,
            tenants.map(({ id }) => ({ tenantId: id, ...(app !== undefined && { app }) })),
            filter,
            input,
          ),
      ),
      ofApp: createListLoader(
        async (apps: readonly { id: string; name: string; tenant: string }[], { filter, ...input }: ListInput) => {
          const scopes = await Promise.all(
            apps.map(async ({ name, tenant }) => ({ tenantId: await tenantId.load(tenant), app: name })),
          )
          return await pagesOfOperations(tx, scopes, filter, input)
        },
      ),
    }
  })
  return {
    Query: {
      async operation(_root, { id }, context) {
        if (!UUID.test(id)) throw badArgument('id', 'is not the id of an operation: send one as it was answered')
        return await loadersOf(context).operation.load(id.toLowerCase())
      },
    },
    Tenant: {
      operations: async (tenant, { app, status, kind, ...page }, context) =>
        toConnection(
          await loadersOf(context).ofTenant.load(tenant, {
            ...pageInput(page),
            filter: filterOf({ status, kind }),
            ...(typeof app === 'string' && { app }),
          }),
        ),
    },
    App: {
      operations: async (app, { status, kind, ...page }, context) =>
        toConnection(
          await loadersOf(context).ofApp.load(app, { ...pageInput(page), filter: filterOf({ status, kind }) }),
        ),
    },
    Operation: {
      plan: async ({ id }, _args, context) => await loadersOf(context).plan.load(id),
      steps: async (operation, args, context) =>
        toConnection(await loadersOf(context).steps.load(operation, pageInput(args))),
    },
  }
}

function filterOf({ status, kind }: { [Key in 'status' | 'kind']?: OperationFilter[Key] | null }): OperationFilter {
  return { ...(status && { status }), ...(kind && { kind }) }
}
