import type { Resolvers } from '../resolver-types/index.ts'
import { tenantFor } from '../tenants/index.ts'
import { followAppStats, type StatsDeps } from './stats.service.ts'

export function statsSubscriptions(deps: Pick<StatsDeps, 'db' | 'stats'>): Resolvers {
  return {
    Subscription: {
      stats: {
        async subscribe(_root, { tenant: name, app }, { principal, gone }) {
          const tenant = await tenantFor(deps.db.prisma, principal, name, 'read')
          const stats = await followAppStats(deps, { tenantId: tenant.id, app, signal: gone })
          return (async function* () {
            for await (const one of stats) yield { stats: one }
          })()
        },
      },
    },
  }
}
