import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type Client, type ClientOptions, createClient, type ExecutionResult } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { ApiHarness } from '../lab/api.ts'
import type { Teardown } from '../lab/database.ts'

/** Where the harness listens for sockets from now on. */
export async function socketUrl({ app }: ApiHarness): Promise<string> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/graphql`
}

/** graphql-ws' own client; ends with the test. */
export function liveClient(t: Teardown, url: string, token: string, options: Partial<ClientOptions> = {}): Client {
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
    ...options,
  })
  t.teardown(async () => await client.dispose())
  return client
}

export interface Subscription {
  // oxlint-disable-next-line typescript/no-explicit-any -- what a stock client gets: whatever the server says
  readonly data: any[]
  readonly errors: { readonly message: string; readonly extensions: { readonly code: string } }[]
  /** What it ended with: null where the server said that it is complete. */
  readonly over: Promise<unknown>
  leave(): void
}

export function subscribe(client: Client, query: string, variables: Record<string, unknown> = {}): Subscription {
  const data: unknown[] = []
  const errors: Subscription['errors'] = []
  const end = Promise.withResolvers<unknown>()
  const leave = client.subscribe(
    { query, variables },
    {
      next(result: ExecutionResult) {
        if (result.data) data.push(result.data)
        errors.push(...((result.errors ?? []) as unknown as Subscription['errors']))
      },
      error(error) {
        if (Array.isArray(error)) errors.push(...(error as Subscription['errors']))
        end.resolve(error)
      },
      complete: () => end.resolve(null),
    },
  )
  return { data, errors, over: end.promise, leave }
}

/** A socket without a client, and how the server closed it. */
export async function rawSocket(
  url: string,
  {
    protocols = ['graphql-transport-ws'],
    headers = {},
  }: { protocols?: string[]; headers?: Record<string, string> } = {},
) {
  const socket = new WebSocket(url, protocols, { headers })
  const messages: string[] = []
  socket.on('message', (data) => messages.push(String(data)))
  socket.on('error', () => {})
  const closed = once(socket, 'close').then(([code, reason]) => ({ code: Number(code), reason: String(reason) }))
  await Promise.race([once(socket, 'open').catch(() => {}), closed])
  return { socket, messages, closed, send: (message: unknown) => socket.send(JSON.stringify(message)) }
}
