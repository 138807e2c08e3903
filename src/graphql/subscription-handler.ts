import type { WebsocketHandler } from '@fastify/websocket'
import type { SubscriptionsDeps, SocketServer } from './subscriptions.ts'
import type { SocketTiming } from './subscription-socket.ts'

/**
 * What answers a WebSocket at `/graphql`: subscriptions over `graphql-transport-ws`. The token comes in `connection_init` as
 * `{ "authorization": "Bearer …" }`, or in the upgrade request's header; a socket ends with its token (4403). Loads what it needs with
 * the first socket.
 */
export function subscriptionHandler(deps: SubscriptionsDeps, timing: SocketTiming = {}): WebsocketHandler {
  let loading: Promise<SocketServer> | null = null
  const load = async (): Promise<SocketServer> => {
    const { createSocketServer } = await import('./subscriptions.ts')
    return createSocketServer(deps, timing)
  }
  return (socket, request) => {
    // Nobody hears what it says until then.
    socket.pause()
    loading ??= load()
    loading
      .then((serve) => {
        serve(socket, request)
        socket.resume()
      })
      .catch((error: unknown) => {
        loading = null
        request.log.error({ err: error }, 'subscriptions could not be loaded')
        socket.terminate()
      })
  }
}
