import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { alternate, type Bench, figure, type Figure, median, spread } from './bench.ts'
import { durableDatabase } from './database.ts'
import { declareOn } from '../src/drivers/index.ts'
import { sleep } from '../src/lib/abort.ts'
import { nameId } from '../src/lib/ids.ts'
import { parseCompose } from '../src/spec/index.ts'
import { findCluster, type LabCluster } from '../test/lab/kube.ts'
import { IMAGES } from '../test/lab/images.ts'
import { ended, type LabServer } from '../test/lab/server.ts'
import { addCluster, forgetAll } from '../test/prove/cluster-scene.ts'
import { must, Scene, webService } from '../test/prove/scene.ts'

const ROUNDS = 3
const RATIO = 1.1
const MANY = 100
const MANY_RATIO = 1
/** As a host has it by default: writes a second, and how many at once. */
const BUDGET = { perSecond: 20, burst: 200 }

const ONE = { services: { web: webService(IMAGES.web1) } }
/** Ready as soon as it runs: a hundred health checks a second would be what is measured. */
const LIGHT = {
  services: {
    web: {
      image: IMAGES.web1,
      pull_policy: 'never',
      stop_grace_period: '2s',
      deploy: { update_config: { monitor: '0s' } },
    },
  },
}
const two = (more: object = {}): object => ({
  services: {
    web: webService(IMAGES.web1, { ports: ['80'], deploy: { replicas: 2 } }),
    api: webService(IMAGES.web2, more),
  },
})
const SHAPES: readonly (readonly [name: string, spec: object])[] = [
  ['deploy 1 service, 1 replica', ONE],
  ['deploy 2 services, 3 replicas', two()],
  ['deploy 2 services, one after the other', two({ depends_on: { web: { condition: 'service_healthy' } } })],
]

/** A deploy on a real cluster until all of it is ready, beside `kubectl apply` and `kubectl rollout status` of the same manifests. */
export const deployOnCluster: Bench['run'] = async ({ short, note }) =>
  await Scene.run(async (scene) => {
    const cluster = await findCluster()
    const databaseUrl = await durableDatabase(scene)
    scene.teardown(async () => await forgetAll(cluster, databaseUrl))
    const server = await scene.server({ databaseUrl })
    await addCluster(server, 'cluster', cluster, {})
    await must(server, 'POST', '/v1/tenants', { name: 'acme' })
    const facts = await factsOf(databaseUrl)
    const bare = new Bare(cluster, facts)
    scene.teardown(async () => await bare.forget())
    const figures: Figure[] = []
    let nth = 0
    for (const [name, spec] of SHAPES) {
      const ours = async (): Promise<number> => await ourDeploy(server, `bench-${++nth}`, spec)
      const reference = async (): Promise<number> => await bare.deploy(`bare-${++nth}`, spec)
      if (!short) await alternate(1, ours, reference)
      const values = await alternate(short ? 1 : ROUNDS, ours, reference)
      const [our, theirs] = [median(values.ours), median(values.reference)]
      note(`${name}: ready after ${spread(values.ours, 'ms')}, kubectl ${spread(values.reference, 'ms')}`)
      const goal = `≤ ${RATIO.toFixed(2)} ×`
      figures.push(
        figure({
          name: `${name}: ready`,
          unit: 'ms',
          ours: our,
          reference: theirs,
          goal,
          holds: our / theirs <= RATIO,
        }),
      )
    }
    // What is on its way out would have a part of the node.
    await bare.forget()
    const many = short ? 2 : MANY
    const all = await manyAtOnce(server, many)
    await forgetAll(cluster, databaseUrl, { wait: true })
    const limited = await bare.many('limited', many, BUDGET)
    await bare.forget()
    const unlimited = await bare.many('unlimited', many, null)
    note(
      `${many} apps at once: ${all.toFixed(0)} ms, kubectl under the same budget ${limited.toFixed(0)} ms, without one ${unlimited.toFixed(0)} ms`,
    )
    const told = { unit: 'ms', ours: all }
    figures.push(
      figure({
        ...told,
        name: `${many} apps at once: all ready`,
        reference: limited,
        goal: `≤ ${MANY_RATIO.toFixed(1)} × of a kubectl loop under the same write budget`,
        holds: all / limited <= MANY_RATIO,
      }),
      figure({
        ...told,
        name: `${many} apps at once, beside the loop without a budget`,
        reference: unlimited,
        goal: 'shown beside it',
        holds: true,
      }),
    )
    return figures
  })

/** From the request until a client that waits is told that all of it is ready; then the app is taken away, and nobody waits for that. */
async function ourDeploy(server: LabServer, app: string, spec: object): Promise<number> {
  const begunAt = performance.now()
  const { operation } = await must(server, 'PUT', `/v1/tenants/acme/apps/${app}`, { spec })
  const { status, error } = await ended(server, operation)
  const tookMs = performance.now() - begunAt
  if (status !== 'succeeded') throw new Error(`the deploy of ${app} ended ${status}: ${JSON.stringify(error)}`)
  await must(server, 'DELETE', `/v1/tenants/acme/apps/${app}?volumes=true`)
  return tookMs
}

async function manyAtOnce(server: LabServer, count: number): Promise<number> {
  const begunAt = performance.now()
  const operations = await Promise.all(
    Array.from(
      { length: count },
      async (_, at) => (await must(server, 'PUT', `/v1/tenants/acme/apps/many-${at}`, { spec: LIGHT })).operation,
    ),
  )
  const ends = await Promise.all(operations.map(async (operation) => await ended(server, operation, 900_000)))
  const bad = ends.find(({ status }) => status !== 'succeeded')
  if (bad) throw new Error(`a deploy ended ${bad.status}: ${JSON.stringify(bad.error)}`)
  return performance.now() - begunAt
}

async function factsOf(databaseUrl: string): Promise<unknown> {
  const db = new pg.Client({ connectionString: databaseUrl })
  await db.connect()
  const { rows } = await db.query<{ facts: unknown }>('select facts from hosts')
  await db.end()
  return rows[0]?.facts ?? null
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace: string }
}

/** The stock CLI with the manifests that an app is declared as. */
class Bare {
  readonly #cluster: LabCluster
  readonly #facts: unknown
  readonly #installation = randomUUID()

  constructor(cluster: LabCluster, facts: unknown) {
    this.#cluster = cluster
    this.#facts = facts
  }

  /** Applies them and waits for each rollout, those before it first where one depends on others; then they are taken away. */
  async deploy(app: string, spec: object): Promise<number> {
    const manifests = this.#manifests(app, spec)
    const waits = (one: Manifest): boolean =>
      one.kind === 'Deployment' && one.metadata.name === 'api' && JSON.stringify(spec).includes('depends_on')
    const begunAt = performance.now()
    for (const part of [manifests.filter((one) => !waits(one)), manifests.filter(waits)]) {
      if (part.length === 0) continue
      await this.#apply(part)
      await this.#rolledOut(part)
    }
    const tookMs = performance.now() - begunAt
    await this.forget({ wait: false })
    return tookMs
  }

  /** One `kubectl apply` after the other, each once the budget allows its writes; until all of them are rolled out. */
  async many(prefix: string, count: number, budget: typeof BUDGET | null): Promise<number> {
    const begunAt = performance.now()
    let spent = 0
    const all: Manifest[][] = []
    for (let at = 0; at < count; at += 1) {
      const manifests = this.#manifests(`${prefix}-${at}`, LIGHT)
      spent += manifests.length
      const dueMs = budget ? ((spent - budget.burst) / budget.perSecond) * 1000 : 0
      await sleep(Math.max(0, dueMs - (performance.now() - begunAt)))
      await this.#apply(manifests)
      all.push(manifests)
    }
    for (const manifests of all) await this.#rolledOut(manifests)
    return performance.now() - begunAt
  }

  async forget(options: { readonly wait?: boolean } = {}): Promise<void> {
    await this.#cluster.forget(this.#installation, options)
  }

  #manifests(app: string, spec: object): Manifest[] {
    const tenant = { id: nameId(this.#installation, 'acme'), name: 'bare' }
    const parsed = parseCompose({ spec })
    const { objects } = declareOn(
      'kubernetes',
      {
        installation: this.#installation,
        tenant,
        app: { id: nameId(tenant.id, app), name: app },
        host: { id: this.#installation, name: 'cluster' },
        subnet: null,
        spec: parsed.spec,
        replicas: {},
        running: true,
        restartGeneration: 0,
        removeVolumes: false,
        notes: [],
        force: false,
      },
      { facts: this.#facts, settings: {} },
    )
    // The namespace first: kubectl goes by the order that it is given.
    const first = ({ kind }: Manifest): number => (kind === 'Namespace' ? 0 : 1)
    return (objects ?? [])
      .map(({ manifest }): Manifest => JSON.parse(JSON.stringify(manifest)))
      .toSorted((a, b) => first(a) - first(b))
  }

  async #apply(items: readonly object[]): Promise<void> {
    await this.#cluster.kubectl(['apply', '-f', '-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    })
  }

  async #rolledOut(manifests: readonly Manifest[]): Promise<void> {
    for (const manifest of manifests) {
      if (manifest.kind !== 'Deployment') continue
      const { name, namespace } = manifest.metadata
      await this.#cluster.kubectl(['-n', namespace, 'rollout', 'status', `deployment/${name}`, '--timeout=15m'])
    }
  }
}
