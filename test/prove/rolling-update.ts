import pg from 'pg'
import { addHost, must, ourContainers, type Scene, webService } from './scene.ts'
import { IMAGES } from '../lab/images.ts'
import { ended, eventually, type LabServer } from '../lab/server.ts'

const REPLICAS = 4

export interface Updated {
  readonly status: string
  readonly attempts: number
  /** It succeeded, and exactly the wanted containers run. */
  readonly holds: boolean
  readonly steps: number
}

/** An API, and an app of four replicas that is updated again and again while somebody interferes with its worker. */
export interface RollingUpdate {
  /** Starts another worker process. */
  worker(): Promise<LabServer>
  /** One update; `interfere` is called once its step `seq` has begun. */
  update(seq: number, interfere: () => Promise<void>): Promise<Updated>
  /** How many steps an update that nobody interferes with has. */
  readonly steps: number
}

/** Brings the app up by a worker that `first` gets. In the long form one replica is replaced at a time, else two. */
export async function rollingUpdate(
  scene: Scene,
  { long, first }: { long: boolean; first: (worker: LabServer) => void },
): Promise<RollingUpdate> {
  const databaseUrl = await scene.database()
  const engine = await scene.engine({ tcp: false })
  const api = await scene.server({ databaseUrl, roles: 'api' })
  const env = { MOORAGE_OBSERVE_SECONDS: '2', MOORAGE_RESYNC_SECONDS: '2' }
  const worker = async () => await scene.server({ databaseUrl, roles: 'worker', env })
  first(await worker())
  await addHost(api, 'h1', engine)
  await must(api, 'POST', '/v1/tenants', { name: 'acme' })
  const db = new pg.Client({ connectionString: databaseUrl })
  await db.connect()
  scene.teardown(async () => await db.end())

  let version = 0
  const update = async (seq: number, interfere: () => Promise<void>): Promise<Updated> => {
    version += 1
    const image = version % 2 === 0 ? IMAGES.web2 : IMAGES.web1
    const deploy = { replicas: REPLICAS, update_config: { parallelism: long ? 1 : 2 } }
    const web = webService(image, { environment: { RUN: String(version) }, deploy })
    const { operation } = await must(api, 'PUT', '/v1/tenants/acme/apps/shop', { spec: { services: { web } } })
    const begun = async () => {
      const { rows } = await db.query('select max(seq) as seq from steps where operation_id = $1', [operation.id])
      return Number(rows[0].seq) >= seq
    }
    await eventually(`step ${seq} begins`, begun)
    await interfere()
    const { status, attempts } = await ended(api, operation, 300_000)
    const exact = async () => {
      const containers = await ourContainers(engine)
      const of = (key: 'digest' | 'ordinal') => new Set(containers.map((container) => container[key])).size
      const right = containers.every((container) => container.state === 'running' && container.image === image)
      return containers.length === REPLICAS && of('digest') === 1 && of('ordinal') === REPLICAS && right
    }
    // A call that was on its way when the process was stopped may still arrive: the resync takes back what it made.
    const holds = await eventually('exactly the wanted containers run', exact, 30_000).catch(() => false)
    const { rows } = await db.query('select count(*)::int as steps from steps where operation_id = $1', [operation.id])
    return { status, attempts, holds: holds && status === 'succeeded', steps: rows[0].steps }
  }

  await update(0, async () => {})
  const { steps, holds } = await update(0, async () => {})
  if (!holds) throw new Error('an update that nobody interfered with did not hold')
  return { worker, update, steps }
}

/** Every step in the long form, else `count` of them, spread. */
export function stepsToTry(steps: number, count: number, long: boolean): number[] {
  if (long) return Array.from({ length: steps }, (_, index) => index + 1)
  return Array.from({ length: count }, (_, index) => Math.ceil(((index + 0.5) * steps) / count))
}

/** One line of a proof. */
export function toldUpdate(what: string, { status, attempts, holds }: Updated): string {
  return `${what}: ${status} after ${attempts} attempts, ${holds ? 'exactly' : 'NOT'} the wanted containers`
}
