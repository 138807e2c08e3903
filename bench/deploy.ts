import type pg from 'pg'
import { alternate, type Bench, figure, type Figure, median, spread } from './bench.ts'
import { bareDeploy } from './bare-deploy.ts'
import { deployOnCluster } from './cluster-deploy.ts'
import { benchServer } from './database.ts'
import { IMAGES } from '../test/lab/images.ts'
import { ended, type LabServer } from '../test/lab/server.ts'
import { must, Scene } from '../test/prove/scene.ts'

const ROUNDS = 10
const RATIO = 1.1
const OWN_MS = 40

/** With `monitor: 0s` a container is ready as soon as it runs; one that is waited for takes no part in this. */
function service(more: object = {}): object {
  return {
    image: IMAGES.web1,
    pull_policy: 'never',
    environment: { LOG_LEVEL: 'info', PEER: 'db:5432' },
    stop_grace_period: '2s',
    deploy: { resources: { limits: { cpus: '0.5', memory: '128m', pids: 100 } }, update_config: { monitor: '0s' } },
    ...more,
  }
}

const SHAPES: readonly { readonly name: string; readonly spec: object }[] = [
  { name: 'deploy 1 service, 1 replica', spec: { services: { web: service() } } },
  { name: 'deploy 1 service, 8 replicas', spec: { services: { web: service({ scale: 8 }) } } },
  { name: 'deploy 5 services in a chain', spec: { services: chain(5) } },
]

function chain(length: number): Record<string, object> {
  return Object.fromEntries(
    Array.from({ length }, (_, index) => [
      `s${index + 1}`,
      service(index === 0 ? {} : { depends_on: { [`s${index}`]: { condition: 'service_started' } } }),
    ]),
  )
}

export const bench: Bench = {
  about:
    'apply over HTTP until all containers run, beside bare dockerode calls that make the same containers; with --driver kubernetes until all is ready, beside kubectl',
  run: async (options) => (options.driver === 'kubernetes' ? await deployOnCluster(options) : await onDocker(options)),
}

const onDocker: Bench['run'] = async ({ short, note }) =>
  await Scene.run(async (scene) => {
    const { engine, server, db } = await benchServer(scene)
    let nth = 0
    const figures: Figure[] = []
    for (const { name, spec } of SHAPES) {
      const whole: number[] = []
      const ours = async (): Promise<number> => {
        const { runningMs, succeededMs } = await ourDeploy(server, db, `bench-${++nth}`, spec)
        whole.push(succeededMs)
        return runningMs
      }
      const bare = async (): Promise<number> => {
        const { tookMs, remove } = await bareDeploy(engine.socketPath, `bare-${++nth}`, nth, spec)
        await remove()
        return tookMs
      }
      // One of each warms up what the first ever of its kind pays for.
      if (!short) await alternate(1, ours, bare)
      whole.length = 0
      const values = await alternate(short ? 1 : ROUNDS, ours, bare)
      const [our, reference] = [median(values.ours), median(values.reference)]
      note(`${name}: all run after ${spread(values.ours, 'ms')}, bare ${spread(values.reference, 'ms')}`)
      const goal = `≤ ${RATIO.toFixed(2)} × and ≤ ${OWN_MS} ms of our own`
      const holds = our / reference <= RATIO && our - reference <= OWN_MS
      figures.push(figure({ name: `${name}: all run`, unit: 'ms', ours: our, reference, goal, holds }))
      // With what comes after: the wait for ready, the last look, the end's commit, the way to the client. No goal says how long.
      const told = { name: `${name}: succeeded`, unit: 'ms', ours: median(whole), reference }
      figures.push(figure({ ...told, goal: 'shown beside it', holds: true }))
    }
    return figures
  })

/**
 * Deploys a new app and takes it away. `runningMs`: from the request until the last start was answered, as its step says (the
 * database's clock is this machine's); `succeededMs`: until a client that waits is told so.
 */
async function ourDeploy(server: LabServer, db: pg.Client, app: string, spec: object) {
  const begunAt = performance.now()
  const { operation } = await must(server, 'PUT', `/v1/tenants/acme/apps/${app}`, { spec })
  const { status, error } = await ended(server, operation)
  const succeededMs = performance.now() - begunAt
  if (status !== 'succeeded') throw new Error(`the deploy of ${app} ended ${status}: ${JSON.stringify(error)}`)
  const { rows } = await db.query<{ at: number }>(
    `select extract(epoch from max(finished_at))::float8 * 1000 as at from steps where operation_id = $1 and action = 'start_container'`,
    [operation.id],
  )
  await ended(server, (await must(server, 'DELETE', `/v1/tenants/acme/apps/${app}`)).operation)
  return { runningMs: (rows[0]?.at ?? Number.NaN) - performance.timeOrigin - begunAt, succeededMs }
}
