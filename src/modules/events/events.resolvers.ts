import Value from 'typebox/value'
import type { Database } from '../../db/types.ts'
import type { EventFilter } from '../../events/index.ts'
import { createListLoader, createLoader } from '../../web/loaders.ts'
import { badArgument, pageInput, perContext, toConnection, Uuid } from '../../web/index.ts'
import type { Resolvers } from '../resolver-types/index.ts'
import { tenantIdsFor } from '../tenants/index.ts'
import { eventTypes, type PageInput, pagesOfEvents } from './events.service.ts'

interface ListInput extends PageInput {
  readonly filter: EventFilter
}

export function eventsResolvers({ db }: { readonly db: Database }): Resolvers {
  const tx = db.prisma
  const loadersOf = perContext(({ principal }) => {
    const tenantId = createLoader(async (names: readonly string[]) => await tenantIdsFor(tx, principal, names))
    return {
      ofTenant: createListLoader(
        async (tenants: readonly { id: string }[], { filter, ...input }: ListInput) =>
          await pagesOfEvents(
            tx,
            tenants.map(({ id }) => ({ tenantId: id })),
            filter,
            input,
          ),
      ),
      ofApp: createListLoader(
        async (apps: readonly { id: string; name: string; tenant: string }[], { filter, ...input }: ListInput) => {
          const scopes = await Promise.all(
            apps.map(async ({ name, tenant }) => ({ tenantId: await tenantId.load(tenant), app: name })),
          )
          return await pagesOfEvents(tx, scopes, filter, input)
        },
      ),
    }
  })
  return {
    Tenant: {
      events: async (tenant, args, context) =>
        toConnection(await loadersOf(context).ofTenant.load(tenant, { ...pageInput(args), filter: filterOf(args) })),
    },
    App: {
      events: async (app, args, context) =>
        toConnection(await loadersOf(context).ofApp.load(app, { ...pageInput(args), filter: filterOf(args) })),
    },
  }
}

/** As REST's query. Throws `bad_request`. */
function filterOf({
  app,
  operation,
  types,
}: {
  app?: string | null
  operation?: string | null
  types?: readonly string[] | null
}): EventFilter {
  if (operation && !Value.Check(Uuid, operation)) throw badArgument('operation', 'is not the id of an operation')
  return {
    ...(typeof app === 'string' && { app }),
    ...(operation && { operation: operation.toLowerCase() }),
    ...(types && { types: eventTypes(types) }),
  }
}
