import type { Database } from '../../db/types.ts'
import type { EventFeeds } from '../../events/index.ts'
import type { Resolvers } from '../resolver-types/index.ts'
import { tenantFor } from '../tenants/index.ts'
import { createSights } from './sights.ts'
import { createWorkloadReads, followWorkloads } from './workloads-live.service.ts'

export function appsSubscriptions({ db, feeds }: { readonly db: Database; readonly feeds: EventFeeds }): Resolvers {
  const sights = createSights(db.prisma)
  const reads = createWorkloadReads(sights)
  return {
    Subscription: {
      workloads: {
        async subscribe(_root, { tenant: name, app }, { principal, gone }) {
          const tenant = await tenantFor(db.prisma, principal, name, 'read')
          const changes = await followWorkloads(
            { sights, feeds, reads },
            { tenantId: tenant.id, signal: gone, ...(typeof app === 'string' && { app }) },
          )
          return (async function* () {
            for await (const workload of changes) yield { workloads: workload }
          })()
        },
      },
    },
  }
}
