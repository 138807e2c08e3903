import type { FastifyPluginAsync } from 'fastify'
import type { ErrorLog } from './errors.ts'
import { createGraphQL, type GraphQLOptions } from './graphql.ts'
import type { EngineDeps } from './resolvers.ts'
import { graphqlRoutes } from './routes.ts'
import { subscriptionHandler } from './subscription-handler.ts'
import type { SocketTiming } from './subscription-socket.ts'
import type { SubscriptionsDeps } from './subscriptions.ts'

/** GraphQL at `/graphql`: queries and mutations over HTTP, subscriptions over WebSockets. */
export function graphqlPlugin(
  deps: EngineDeps & Omit<SubscriptionsDeps, 'graphql'> & { readonly log: ErrorLog },
  { socket, ...options }: GraphQLOptions & { readonly socket?: SocketTiming } = {},
): FastifyPluginAsync {
  const graphql = createGraphQL(deps, options)
  return graphqlRoutes(graphql, { socket: subscriptionHandler({ ...deps, graphql }, socket) })
}
