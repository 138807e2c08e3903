import type { Database } from '../../db/types.ts'
import type { EventFeeds } from '../../events/index.ts'
import type { Resolvers } from '../resolver-types/index.ts'
import { tenantFor } from '../tenants/index.ts'
import { eventId, eventTypes } from './events.service.ts'

export function eventsSubscriptions({ db, feeds }: { readonly db: Database; readonly feeds: EventFeeds }): Resolvers {
  return {
    Subscription: {
      events: {
        async subscribe(_root, { tenant: name, app, types, after }, { principal, gone }) {
          const tenant = await tenantFor(db.prisma, principal, name, 'read')
          const feed = await feeds.follow(
            { tenantId: tenant.id },
            {
              signal: gone,
              filter: { ...(typeof app === 'string' && { app }), ...(types && { types: eventTypes(types) }) },
              ...(typeof after === 'string' && { after: eventId(after, '/arguments/after') }),
            },
          )
          return (async function* () {
            // The event itself, which all who follow have in common.
            for await (const item of feed) yield { events: item.kind === 'event' ? item.event : item }
          })()
        },
      },
    },
    EventItem: { __resolveType: (item) => ('resumed' in item ? 'Gap' : 'Event') },
  }
}
