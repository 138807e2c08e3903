import pg from 'pg'
import { addHost, deploy, must, type Outcome, percentile, Scene, webService } from './scene.ts'
import { followStream } from '../../clients/typescript/src/index.ts'
import { callEngine, watchEngine } from '../lab/engine-events.ts'
import type { LabEngine } from '../lab/engines.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually, type LabServer } from '../lab/server.ts'

const GOAL_MS = 200
const SEEN_GOAL_MS = 1000
const TAKEOVER_GOAL_MS = 15_000
/** What is done by hand, what the engine calls it when it tells of it, and what the instance is then. */
const CHANGES = [
  { verb: 'kill', action: 'die', state: 'exited' },
  { verb: 'start', action: 'start', state: 'running' },
  { verb: 'pause', action: 'pause', state: 'paused' },
  { verb: 'unpause', action: 'unpause', state: 'running' },
] as const

/**
 * What is changed by hand on an engine is in the tables, and with whoever follows the events, at once. Of two workers the one that watches
 * the host is stopped, wakes up beside its successor, and is killed: the other one goes on each time.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const databaseUrl = await scene.database()
    const engine = await scene.engine()
    // No resync puts right what is done by hand here.
    const env = { MOORAGE_RESYNC_SECONDS: '86400' }
    const api = await scene.server({ databaseUrl, roles: 'api', env })
    const hold = await Hold.open(scene, databaseUrl)
    const worker = async () => await hold.add(await scene.server({ databaseUrl, roles: 'worker', env }))
    await worker()
    await addHost(api, 'h1', engine, 'tcp')
    await must(api, 'POST', '/v1/tenants', { name: 'acme' })
    const spec = { services: { web: webService(IMAGES.web1, { deploy: { replicas: 4 } }) } }
    const { status } = await deploy(api, 'acme', 'shop', spec)
    if (status !== 'succeeded') throw new Error(`the deploy ended ${status}`)

    const changed = await changes(scene, api, engine, long ? 112 : 32)
    const [victim, removed] = await nativeIds(api)
    // A process loads GraphQL with its first request.
    await byGraphql(api)
    const killedByHandMs = await until(engine, api, victim, 'kill', 'exited', byGraphql)
    await until(engine, api, victim, 'start', 'running')
    const stoppedByHandMs = await until(engine, api, victim, 'stop?t=5', 'exited')
    const goneMs = await until(engine, api, removed, 'remove', 'gone')

    await worker()
    const owner = await hold.owner()
    owner.kill('SIGSTOP')
    const stoppedMs = await until(engine, api, victim, 'start', 'running')
    owner.kill('SIGCONT')
    await eventually('it wakes up, and has the host again', async () => (await hold.owner()) === owner)
    const wokenMs = await until(engine, api, victim, 'kill', 'exited')
    owner.kill('SIGKILL')
    const killedMs = await until(engine, api, victim, 'start', 'running')
    await eventually('the other one has it', async () => (await hold.owner()) !== owner)

    const written = changed.map((one) => one.writtenMs)
    const told = (values: readonly number[]) =>
      [0.5, 0.95, 0.99, 1].map((share) => `${percentile(values, share).toFixed(0)} ms`).join(', ')
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
    const takenMs = Math.max(stoppedMs, killedMs)
    // The short form runs beside others.
    const slack = long ? 1 : 5
    return {
      outcome:
        percentile(written, 0.95) < GOAL_MS * slack &&
        Math.max(killedByHandMs, stoppedByHandMs) < SEEN_GOAL_MS * slack &&
        takenMs < TAKEOVER_GOAL_MS,
      lines: [
        `${written.length} changes by hand, from the engine's event to the row: p50, p95, p99, most ${told(written)} (goal ${GOAL_MS} ms)`,
        `the same to who follows the tenant's events: ${told(changed.map((one) => one.arrivedMs))}`,
        `killed by hand: \`exited\` in GraphQL after ${killedByHandMs.toFixed(0)} ms; stopped: by REST after ${stoppedByHandMs.toFixed(0)} ms (goal ${SEEN_GOAL_MS} ms); removed: gone after ${goneMs.toFixed(0)} ms`,
        `a change is seen though its worker was stopped: after ${seconds(stoppedMs)}, killed: ${seconds(killedMs)} (goal ${seconds(TAKEOVER_GOAL_MS)}); by the woken one: ${seconds(wokenMs)}`,
      ],
    }
  })
}

interface Latency {
  readonly writtenMs: number
  readonly arrivedMs: number
}

/** Changes containers by hand, one after the other, and times how long each takes from the engine's event. */
async function changes(scene: Scene, api: LabServer, engine: LabEngine, count: number): Promise<Latency[]> {
  const raw: { nativeId: string; action: string; atMs: number }[] = []
  const told: { id: string; state: string; atMs: number; arrivedMs: number }[] = []
  const watched = await watchEngine(engine.socketPath, (event) => raw.push(event))
  const ending = new AbortController()
  scene.teardown(() => ending.abort())
  const following = (async () => {
    const path = '/v1/tenants/acme/events?type=instance.changed'
    for await (const { event, data } of followStream(api.client, path, { signal: ending.signal })) {
      if (event === 'error') throw new Error(data)
      const body = JSON.parse(data)
      if (body.type === 'instance.changed')
        told.push({ id: body.data.id, state: body.data.engineState, atMs: Date.parse(body.at), arrivedMs: Date.now() })
    }
  })()
  following.catch(() => {})
  const instances = await listed(api)
  const latencies: Latency[] = []
  for (let nth = 0; nth < count; nth += 1) {
    const change = CHANGES[Math.floor(nth / instances.length) % CHANGES.length] ?? CHANGES[0]
    const { id, nativeId } = instances[nth % instances.length] ?? { id: '', nativeId: '' }
    raw.length = told.length = 0
    await byHand(engine, nativeId, change.verb)
    const event = await eventually(`the engine tells ${change.action}`, () =>
      raw.find((one) => one.nativeId === nativeId && one.action === change.action),
    )
    const seen = await eventually(`the ${change.verb} is told`, () =>
      told.find((one) => one.id === id && one.state === change.state),
    )
    latencies.push({ writtenMs: seen.atMs - event.atMs, arrivedMs: seen.arrivedMs - event.atMs })
  }
  watched.close()
  ending.abort()
  return latencies
}

async function byHand(engine: LabEngine, nativeId: string, verb: string): Promise<void> {
  const status =
    verb === 'remove'
      ? await callEngine(engine.socketPath, 'DELETE', `/containers/${nativeId}?force=true`)
      : await callEngine(engine.socketPath, 'POST', `/containers/${nativeId}/${verb}`)
  if (status >= 300) throw new Error(`${verb} answered ${status}`)
}

/** Does something by hand, and waits until the API shows it: for how long. */
async function until(
  engine: LabEngine,
  api: LabServer,
  nativeId: string,
  verb: string,
  shows: 'exited' | 'running' | 'gone',
  look: typeof listed = listed,
): Promise<number> {
  const startedAt = performance.now()
  await byHand(engine, nativeId, verb)
  await eventually(`after ${verb} it is ${shows}`, async () => {
    const found = (await look(api)).find((one) => one.nativeId === nativeId)
    const state = found?.state === 'starting' || found?.state === 'unhealthy' ? 'running' : (found?.state ?? 'gone')
    return state === shows
  })
  return performance.now() - startedAt
}

interface Listed {
  readonly id: string
  readonly nativeId: string
  readonly state: string
}

/** The same instances as GraphQL has them. */
async function byGraphql(api: LabServer): Promise<Listed[]> {
  const query =
    '{ tenant(name: "acme") { app(name: "shop") { workloads { edges { node { instances { id nativeId state } } } } } } }'
  const { body } = await api.request('POST', '/graphql', { body: { query } })
  return body.data.tenant.app.workloads.edges.flatMap(({ node }: { node: { instances: Listed[] } }) => node.instances)
}

async function listed(api: LabServer): Promise<Listed[]> {
  return (await must(api, 'GET', '/v1/tenants/acme/apps/shop/instances')).items
}

async function nativeIds(api: LabServer): Promise<[string, string]> {
  const [first, second] = await listed(api)
  return [first?.nativeId ?? '', second?.nativeId ?? '']
}

/** Which worker has the host. */
class Hold {
  readonly #db: pg.Client
  readonly #workers = new Map<string, LabServer>()

  private constructor(db: pg.Client) {
    this.#db = db
  }

  static async open(scene: Scene, databaseUrl: string): Promise<Hold> {
    const db = new pg.Client({ connectionString: databaseUrl })
    await db.connect()
    scene.teardown(async () => await db.end())
    return new Hold(db)
  }

  async add(server: LabServer): Promise<void> {
    const { rows } = await this.#db.query<{ id: string }>(`select id from replicas where roles = 'worker'`)
    for (const { id } of rows) if (!this.#workers.has(id)) this.#workers.set(id, server)
  }

  /** Once the one to whom the host falls has it: that stays so for a while. */
  async owner(): Promise<LabServer> {
    let last: string | null = null
    let since = performance.now()
    return await eventually('somebody has the host', async () => {
      const { rows } = await this.#db.query<{ observer_id: string | null }>('select observer_id from hosts')
      const id = rows[0]?.observer_id ?? null
      if (id !== last) since = performance.now()
      last = id
      return performance.now() - since > 3000 && id !== null && this.#workers.get(id)
    })
  }
}
