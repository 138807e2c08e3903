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
 * Deploys are watched over an API process that is not the worker: how long each step takes to arrive. Then events are written while API
 * processes are killed again and again, each time one that a client has its stream from: it resumes with its last id, by SSE and by
 * subscription, and gets each event once and in order.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  const [deploys, kills, events] = long ? [20, 20, 10_000] : [2, 4, 2000]
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

    const watched = await watch(first, deploys)
    const steps = watched.received.filter(({ type }) => type === 'operation.step').map(({ delayMs }) => delayMs)
    const p99 = percentile(steps, 0.99)

    const database = new pg.Client({ connectionString: databaseUrl })
    await database.connect()
    scene.teardown(async () => await database.end())
    const since = watched.received.at(-1)?.id ?? '0'
    const leave = new AbortController()
    const [sse, graphql] = [new Reader(servers, 0), new Reader(servers, 1)]
    const reading = [byStream(sse, since, leave.signal), bySubscription(graphql, since, leave.signal)]
    const killing = killRepeatedly({ servers, readers: [sse, graphql], kills, start })
    let isOver = false
    void killing.catch(() => {}).finally(() => (isOver = true))
    // As long as there are kills, so that each has some in its midst.
    for (let written = 0; written < events || !isOver; written += 5) {
      const batch = [0, 1, 2, 3, 4].map((nth) => ({
        tenantId: tenant.id,
        type: 'instance.changed',
        app: 'bulk',
        data: { nth: written + nth },
      }))
      await database.query('SELECT append_events($1)', [JSON.stringify(batch)])
      await sleep(Math.random() * 10)
    }
    const killed = await killing

    const { rows } = await database.query<{ id: string }>(
      'SELECT id::text FROM events e WHERE tenant_id = $1 AND id > $2 ORDER BY e.id',
      [tenant.id, since],
    )
    const wanted = rows.map(({ id }) => id)
    const hasLast = ({ received }: Reader) => BigInt(received.at(-1)?.id ?? 0) >= BigInt(wanted.at(-1) ?? 0)
    // What does not come is lost: the verdict says so.
    await eventually('both have the last one', () => hasLast(sse) && hasLast(graphql)).catch(() => {})
    leave.abort()
    await Promise.all(reading)
    const [isSseWhole, isGraphqlWhole] = [isWhole(sse, wanted), isWhole(graphql, wanted)]
    return {
      outcome:
        watched.statuses.every((status) => status === 'succeeded') &&
        (!long || p99 < GOAL_P99_MS) &&
        killed.midStream * 2 >= kills &&
        isSseWhole &&
        isGraphqlWhole,
      lines: [
        `${deploys} deploys watched over another process than the worker: ${steps.length} steps, stored to received p50 ${percentile(steps, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (goal: < ${GOAL_P99_MS} ms)`,
        `${wanted.length} events, ${kills} kills of API processes, ${killed.midStream} of them of one that a client was getting events from`,
        `SSE: ${verdict(sse, wanted)}`,
        `subscription: ${verdict(graphql, wanted)}`,
      ],
    }
  })
}

/** Deploys so many times, and follows that by a subscription that is there before. */
async function watch(server: LabServer, deploys: number) {
  const leave = new AbortController()
  const reader = new Reader([server], 0)
  const watching = bySubscription(reader, '0', leave.signal)
  // It is open, and what its first event needs is loaded.
  await must(server, 'POST', '/v1/tenants/acme/tokens', { name: 'first', role: 'viewer' })
  await eventually('the subscription is open', () => reader.received.length > 0)
  const statuses: string[] = []
  for (let run = 0; run < deploys; run += 1) {
    const services = { web: webService(IMAGES.web1, { environment: { RUN: String(run) } }) }
    statuses.push((await deploy(server, 'acme', 'shop', { services })).status)
  }
  await eventually(
    'all is told',
    () => reader.received.filter(({ type }) => type === 'operation.succeeded').length >= deploys,
  )
  leave.abort()
  await watching
  return { received: reader.received, statuses }
}

/** Kills what one of the readers is on, in turn, and starts another; how many of these were in the midst of a stream. */
async function killRepeatedly({
  servers,
  readers,
  kills,
  start,
}: {
  servers: LabServer[]
  readers: readonly Reader[]
  kills: number
  start: () => Promise<LabServer>
}): Promise<{ midStream: number }> {
  let midStream = 0
  for (let killed = 0; killed < kills; killed += 1) {
    const reader = readers[killed % readers.length]
    // Each fourth pair comes as it comes: perhaps while the reader is on its way to another process.
    if (killed % 8 < 6) await eventually('the reader gets events again', () => reader?.isFed)
    await sleep(Math.random() * 400)
    const place = Math.max(
      0,
      servers.findIndex(({ url }) => url === reader?.on),
    )
    const victim = servers[place]
    if (reader?.isFed && reader.on === victim?.url) midStream += 1
    victim?.kill('SIGKILL')
    await victim?.exited
    servers[place] = await start()
  }
  return { midStream }
}

/** What a client has got, and from which of the servers. */
class Reader {
  readonly received: Received[] = []
  /** Its address. */
  on = ''
  /** It has got something from that one. */
  isFed = false
  /** How often it went to one. */
  connections = 0
  readonly #servers: readonly LabServer[]
  readonly #first: number

  constructor(servers: readonly LabServer[], first: number) {
    this.#servers = servers
    this.#first = first
  }

  /** The next server's address: whichever is up. */
  next(): string {
    this.isFed = false
    this.on = this.#servers[(this.#first + this.connections++) % this.#servers.length]?.url ?? ''
    return this.on
  }

  take(one: Pick<Received, 'id' | 'type'>, at: string): void {
    this.isFed = true
    this.received.push({ ...one, delayMs: Date.now() - Date.parse(at) })
  }
}

/** Each one once, in their order. */
function isWhole({ received }: Reader, wanted: readonly string[]): boolean {
  return received.map(({ id }) => id).join() === wanted.join()
}

function verdict(reader: Reader, wanted: readonly string[]): string {
  const got = new Set(reader.received.map(({ id }) => id))
  const lost = wanted.filter((id) => !got.has(id)).length
  const order = isWhole(reader, wanted) ? 'in order' : 'NOT IN ORDER'
  return `${reader.received.length} received, ${lost} lost, ${reader.received.length - got.size} twice, ${order}, over ${reader.connections} connections`
}

/** With the project's own client, whose requests go to the next address each. */
async function byStream(reader: Reader, since: string, signal: AbortSignal): Promise<void> {
  const client = {
    fetch: async (path: string, init: RequestInit = {}) =>
      await fetch(`${reader.next()}${path}`, {
        ...init,
        headers: { ...Object.fromEntries(new Headers(init.headers)), authorization: `Bearer ${LAB_TOKEN}` },
      }),
  }
  for await (const { data, event } of followStream(client, STREAM, { lastEventId: since, signal })) {
    const { id, at } = JSON.parse(data) as { id: string; at: string }
    reader.take({ id, type: event }, at)
  }
}

/** With graphql-ws' own client: a subscription for each connection, after the last id. */
async function bySubscription(reader: Reader, since: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const client = createClient({
      url: `${reader.next().replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${LAB_TOKEN}` },
      retryAttempts: 0,
    })
    const over = Promise.withResolvers<void>()
    const stop = client.subscribe(
      { query: QUERY, variables: { after: reader.received.at(-1)?.id ?? since } },
      {
        next({ data }) {
          const { id, type, at } = (data as { events: { id: string; type: string; at: string } }).events
          reader.take({ id, type }, at)
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
