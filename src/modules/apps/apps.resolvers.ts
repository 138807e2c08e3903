import type { Database } from '../../db/types.ts'
import { pageInput, perContext, toConnection } from '../../web/index.ts'
import type { Resolvers } from '../resolver-types/index.ts'
import { createAppLoaders } from './apps.loaders.ts'
import { createSights } from './sights.ts'

export function appsResolvers({ db }: { readonly db: Database }): Resolvers {
  const sights = createSights(db.prisma)
  const loadersOf = perContext(() => createAppLoaders(sights))
  return {
    Tenant: {
      apps: async (tenant, args, context) => toConnection(await loadersOf(context).apps.load(tenant, pageInput(args))),
      app: async ({ id }, { name }, context) => await loadersOf(context).app.load({ tenantId: id, name }),
      workloads: async (tenant, args, context) =>
        toConnection(await loadersOf(context).tenantWorkloads.load(tenant, pageInput(args))),
      instances: async (tenant, args, context) =>
        toConnection(await loadersOf(context).tenantInstances.load(tenant, pageInput(args))),
    },
    App: {
      currentRelease: async ({ id, currentRelease }, _args, context) =>
        currentRelease === null ? null : await loadersOf(context).release.load({ appId: id, number: currentRelease }),
      releases: async (app, args, context) =>
        toConnection(await loadersOf(context).releases.load(app, pageInput(args))),
      release: async ({ id }, { number }, context) => await loadersOf(context).release.load({ appId: id, number }),
      workloads: async (app, args, context) =>
        toConnection(await loadersOf(context).workloads.load(app, pageInput(args))),
      instances: async (app, args, context) =>
        toConnection(await loadersOf(context).instances.load(app, pageInput(args))),
    },
    Release: {
      async spec({ appId, number }, _args, context) {
        const { spec, maskedSpec } = loadersOf(context)
        return await (context.principal.role === 'viewer' ? maskedSpec : spec).load({ appId, number })
      },
    },
  }
}
