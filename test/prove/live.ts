import { createClient } from 'graphql-ws'
import pg from 'pg'
import { WebSocket } from 'ws'
import { followStream } from '../../clients/typescript/src/index.ts'
import { sleep } from '../../src/lib/abort.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually, LAB_TOKEN, type LabServer } from '../lab/server.ts'
import { addHost, deploy, must, type Outcome, percentile, Scene, webService } from './scene.ts'

const GOAL_P99_MS = 100
const STREAM = '/v1/tenants/acme/events'
const QUERY = `subscription ($after: ID) {
  events(tenant: "acme", after: $after) { ... on Event { id type at } ... on Gap { after resumed } }
}`

interface Received {
  readonly id: string
  readonly type: string
  /** From when it was stored, by the database's clock, which is this machine's. */
  readonly delayMs: number
}

/**
 * Deploys are watched over an API process that is not the worker: how long each step takes to arrive. Then events are written while the process
 * that the client is on is killed again and again: it resumes with its last id, by SSE and by subscription, and gets each event once and in order.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  const [deploys, kills, events] = long ? [20, 20, 10_000] : [3, 4, 2000]
  return await Scene.run(async (scene) => {
    const databaseUrl = await scene.database()
    const engine = await scene.engine({ tcp: false })
    const start = async () => await scene.server({ databaseUrl, roles: 'api' })
    const servers = await Promise.all([start(), start()])
    await scene.server({ databaseUrl, roles: 'worker' })
    const [first] = servers
    if (!first) throw new Error('two servers')
    await addHost(first, 'h1', engine)
    const tenant = await must(first, 'POST', '/v1/tenants', { name: 'acme' })
    await must(first, 'POST', '/v1/tenants', { name: 'globex' })
    const release = async (server: LabServer, run: number) =>
      await deploy(server, 'acme', 'shop', {
        services: { web: webService(IMAGES.web1, { environment: { RUN: String(run) } }) },
      })

    const watch = new AbortController()
    const watched: Received[] = []
    const watching = bySubscription(() => first.url, '0', watched, watch.signal)
    const statuses: string[] = []
    for (let run = 0; run < deploys; run += 1) statuses.push((await release(first, run)).status)
    await eventually('all is told', () => watched.at(-1)?.type === 'operation.succeeded')
    watch.abort()
    await watching
    const steps = watched.filter(({ type }) => type === 'operation.step').map(({ delayMs }) => delayMs)
    const p99 = percentile(steps, 0.99)

    const database = new pg.Client({ connectionString: databaseUrl })
    await database.connect()
    scene.teardown(async () => await database.end())
    const since = watched.at(-1)?.id ?? '0'
    let turn = 0
    // Whichever is up; the one after the last that was asked.
    const address = () => servers[turn++ % servers.length]?.url ?? ''
    const leave = new AbortController()
    const [bySse, byGraphql]: [Received[], Received[]] = [[], []]
    const readers = [
      byStream(address, since, bySse, leave.signal),
      bySubscription(address, since, byGraphql, leave.signal),
    ]
    let written = 0
    const writing = (async () => {
      while (written < events) {
        const batch = Array.from({ length: Math.min(5, events - written) }, (_, index) => ({
          tenantId: tenant.id,
          type: 'instance.changed',
          app: 'bulk',
          data: { nth: written + index },
        }))
        await database.query('SELECT append_events($1)', [JSON.stringify(batch)])
        written += batch.length
        await sleep(Math.random() * 10)
      }
    })()
    let killed = 0
    const killing = (async () => {
      for (; killed < kills; killed += 1) {
        await sleep(100 + Math.random() * 400)
        const place = killed % servers.length
        const victim = servers[place]
        victim?.kill('SIGKILL')
        await victim?.exited
        servers[place] = await start()
      }
    })()
    await Promise.all([writing, killing])
    const { rows } = await database.query<{ id: string }>(
      'SELECT id::text FROM events e WHERE tenant_id = $1 AND id > $2 ORDER BY e.id',
      [tenant.id, since],
    )
    const last = BigInt(rows.at(-1)?.id ?? 0)
    const hasLast = (received: readonly Received[]) => BigInt(received.at(-1)?.id ?? 0) >= last
    // What does not come is lost: the verdict says so.
    await eventually('both have the last one', () => hasLast(bySse) && hasLast(byGraphql)).catch(() => {})
    leave.abort()
    await Promise.all(readers)
    const wanted = rows.map(({ id }) => id).join()
    const verdict = (received: readonly Received[]) => {
      const ids = received.map(({ id }) => id).filter((id) => BigInt(id) <= last)
      const twice = ids.length - new Set(ids).size
      const lost = rows.length - new Set(ids).size
      return { holds: ids.join() === wanted, text: `${ids.length} received, ${lost} lost, ${twice} twice` }
    }
    const [sse, graphql] = [verdict(bySse), verdict(byGraphql)]
    return {
      outcome: statuses.every((status) => status === 'succeeded') && p99 < GOAL_P99_MS && sse.holds && graphql.holds,
      lines: [
        `${deploys} deploys watched over another process than the worker: ${steps.length} steps, stored to received p50 ${percentile(steps, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (goal: < ${GOAL_P99_MS} ms)`,
        `${rows.length} events, ${killed} kills of the API process that is followed: SSE ${sse.text}; subscription ${graphql.text}; ${sse.holds && graphql.holds ? 'in order' : 'NOT THE SAME'}`,
      ],
    }
  })
}

/** With the project's own client, whose requests go to the next address each. */
async function byStream(
  address: () => string,
  since: string,
  received: Received[],
  signal: AbortSignal,
): Promise<void> {
  const client = {
    fetch: async (path: string, init: RequestInit = {}) =>
      await fetch(`${address()}${path}`, {
        ...init,
        headers: { ...Object.fromEntries(new Headers(init.headers)), authorization: `Bearer ${LAB_TOKEN}` },
      }),
  }
  for await (const { data, event } of followStream(client, STREAM, { lastEventId: since, signal })) {
    const { id, at } = JSON.parse(data) as { id: string; at: string }
    received.push({ id, type: event, delayMs: Date.now() - Date.parse(at) })
  }
}

/** With graphql-ws' own client: a subscription for each connection, after the last id. */
async function bySubscription(
  address: () => string,
  since: string,
  received: Received[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const client = createClient({
      url: `${address().replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${LAB_TOKEN}` },
      retryAttempts: 0,
    })
    const over = Promise.withResolvers<void>()
    const stop = client.subscribe(
      { query: QUERY, variables: { after: received.at(-1)?.id ?? since } },
      {
        next({ data }) {
          const { id, type, at } = (data as { events: { id: string; type: string; at: string } }).events
          received.push({ id, type, delayMs: Date.now() - Date.parse(at) })
        },
        error: () => over.resolve(),
        complete: () => over.resolve(),
      },
    )
    signal.addEventListener('abort', stop, { once: true })
    await over.promise
    signal.removeEventListener('abort', stop)
    await client.dispose()
    if (!signal.aborted) await sleep(20)
  }
}
