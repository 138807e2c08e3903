import type { EventFeeds } from '../events/index.ts'
import { appsMutations } from '../modules/apps/apps.mutations.ts'
import { appsResolvers } from '../modules/apps/apps.resolvers.ts'
import { appsSubscriptions } from '../modules/apps/apps.subscriptions.ts'
import { lockApp, revertWanted } from '../modules/apps/index.ts'
import { eventsResolvers } from '../modules/events/events.resolvers.ts'
import { eventsSubscriptions } from '../modules/events/events.subscriptions.ts'
import { hostsMutations } from '../modules/hosts/hosts.mutations.ts'
import { hostsResolvers } from '../modules/hosts/hosts.resolvers.ts'
import type { HostsDeps } from '../modules/hosts/index.ts'
import type { OperationWaits } from '../modules/operations/index.ts'
import type { LogStreams } from '../modules/logs/index.ts'
import { logsSubscriptions } from '../modules/logs/logs.subscriptions.ts'
import { operationsResolvers } from '../modules/operations/operations.resolvers.ts'
import { operationsSubscriptions } from '../modules/operations/operations.subscriptions.ts'
import type { Resolvers } from '../modules/resolver-types/index.ts'
import type { StatsHub } from '../modules/stats/index.ts'
import { statsSubscriptions } from '../modules/stats/stats.subscriptions.ts'
import { tenantsResolvers } from '../modules/tenants/tenants.resolvers.ts'
import { tokensResolvers } from '../modules/tokens/tokens.resolvers.ts'

/** What the resolvers of all modules need. */
export interface EngineDeps extends HostsDeps {
  readonly feeds: EventFeeds
  readonly stats: StatsHub
  readonly logs: LogStreams
  /** The installation's id. */
  readonly installation: string
}

export function allResolvers(given: EngineDeps & { readonly waits: OperationWaits }): Resolvers[] {
  const deps = { ...given, wanted: { lockApp, revertWanted } }
  return [
    tokensResolvers(deps),
    tenantsResolvers(deps),
    hostsResolvers(deps),
    hostsMutations(deps),
    appsResolvers(deps),
    appsMutations(deps),
    appsSubscriptions(deps),
    operationsResolvers(deps),
    operationsSubscriptions(deps),
    eventsResolvers(deps),
    eventsSubscriptions(deps),
    statsSubscriptions(deps),
    logsSubscriptions(deps),
  ]
}
