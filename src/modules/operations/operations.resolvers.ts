import { createListLoader, createLoader } from '../../web/loaders.ts'
import { actorOf, authorizeTenant, badArgument, pageInput, perContext, toConnection } from '../../web/index.ts'
import { factsOfMutation, idempotent, type IdempotencyDeps } from '../idempotency/index.ts'
import type { Resolvers } from '../resolver-types/index.ts'
import { tenantIdsFor } from '../tenants/index.ts'
import type { OperationFilter } from './operations.repository.ts'
import {
  cancelOperation,
  operationsOf,
  type PageInput,
  pagesOfOperations,
  pagesOfSteps,
  plansOf,
  type WantedState,
} from './operations.service.ts'
import { type OperationWaits, waited } from './waits.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

interface ListInput extends PageInput {
  readonly filter: OperationFilter
}

export interface OperationsResolversDeps extends IdempotencyDeps {
  readonly waits: OperationWaits
  readonly wanted: WantedState
}

export function operationsResolvers(deps: OperationsResolversDeps): Resolvers {
  const tx = deps.db.prisma
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
        return await loadersOf(context).operation.load(operationId(id))
      },
    },
    Mutation: {
      async cancelOperation(_root, args, { principal, gone }) {
        const id = operationId(args.id)
        if (principal.tenant) authorizeTenant(principal, principal.tenant.name, 'deploy')
        const { wait } = args
        if (typeof wait === 'number' && (wait < 0 || wait > 60)) throw badArgument('wait', 'must be from 0 to 60')
        const answer = await idempotent(
          deps,
          factsOfMutation(principal, 'cancelOperation', [id], args),
          async (inside) => await cancelOperation(inside, id, principal.tenant?.id, deps.wanted, actorOf(principal)),
        )
        const { operation } = (await waited(deps, answer, wait ?? undefined, gone)).body
        if (!operation) throw new TypeError('a cancelled operation is none')
        return { operation }
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

function operationId(id: string): string {
  if (UUID.test(id)) return id.toLowerCase()
  throw badArgument('id', 'is not the id of an operation: send one as it was answered')
}

function filterOf({ status, kind }: { [Key in 'status' | 'kind']?: OperationFilter[Key] | null }): OperationFilter {
  return { ...(status && { status }), ...(kind && { kind }) }
}
