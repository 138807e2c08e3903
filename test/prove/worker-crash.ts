import pg from 'pg'
import { addHost, must, type Outcome, ourContainers, Scene, webService } from './scene.ts'
import { IMAGES } from '../lab/images.ts'
import { ended, eventually, type LabServer } from '../lab/server.ts'

const REPLICAS = 4

/**
 * `kill -9` of the worker at each step of a rolling update of 4 replicas; and SIGSTOP for 30 s at each step, then SIGCONT: the operation
 * ends, the wanted containers run, and no other of ours exists. The short form takes three steps of the first kind, two of the second, and 15 s: longer than a lease.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  const stoppedMs = long ? 30_000 : 15_000
  return await Scene.run(async (scene) => {
    const databaseUrl = await scene.database()
    const engine = await scene.engine({ tcp: false })
    const api = await scene.server({ databaseUrl, roles: 'api' })
    const worker = async () =>
      await scene.server({
        databaseUrl,
        roles: 'worker',
        env: { MOORAGE_OBSERVE_SECONDS: '2', MOORAGE_RESYNC_SECONDS: '2' },
      })
    let current = await worker()
    await addHost(api, 'h1', engine)
    await must(api, 'POST', '/v1/tenants', { name: 'acme' })
    const db = new pg.Client({ connectionString: databaseUrl })
    await db.connect()
    scene.teardown(async () => await db.end())

    let version = 0
    const update = async (interrupt: (operationId: string) => Promise<void>) => {
      version += 1
      const image = version % 2 === 0 ? IMAGES.web2 : IMAGES.web1
      const web = webService(image, {
        environment: { RUN: String(version) },
        deploy: { replicas: REPLICAS, update_config: { parallelism: long ? 1 : 2 } },
      })
      const { operation } = await must(api, 'PUT', '/v1/tenants/acme/apps/shop', { spec: { services: { web } } })
      await interrupt(operation.id)
      const end = await ended(api, operation, 300_000)
      const exact = async () => {
        const containers = await ourContainers(engine)
        const digests = new Set(containers.map(({ digest }) => digest))
        const ordinals = new Set(containers.map(({ ordinal }) => ordinal))
        return (
          containers.length === REPLICAS &&
          digests.size === 1 &&
          ordinals.size === REPLICAS &&
          containers.every((container) => container.state === 'running' && container.image === image)
        )
      }
      // A call that was on its way when the process was stopped may still arrive: the resync takes back what it made.
      const holds = await eventually('exactly the wanted containers run', exact, 30_000).catch(() => false)
      return {
        status: end.status as string,
        attempts: end.attempts as number,
        holds: holds && end.status === 'succeeded',
        operationId: operation.id as string,
      }
    }
    const atStep = (seq: number) => async (operationId: string) => {
      await eventually(`step ${seq} begins`, async () => {
        const { rows } = await db.query('select 1 from steps where operation_id = $1 and seq >= $2 limit 1', [
          operationId,
          seq,
        ])
        return rows.length > 0
      })
    }

    await update(async () => {})
    const whole = await update(async () => {})
    const { rows } = await db.query('select count(*)::int as steps from steps where operation_id = $1', [
      whole.operationId,
    ])
    const steps = rows[0].steps as number
    const every = Array.from({ length: steps }, (_, index) => index + 1)
    const pick = (count: number) =>
      every.filter((_, index) => index % Math.ceil(steps / count) === Math.min(1, steps - 1))
    const lines = [`steps of the update: ${steps}`]
    let outcome = whole.holds

    for (const seq of long ? every : pick(3)) {
      const result = await update(async (operationId) => {
        await atStep(seq)(operationId)
        current.kill('SIGKILL')
        await current.exited
        current = await worker()
      })
      outcome &&= result.holds
      lines.push(
        `kill -9 at step ${seq}: ${result.status} after ${result.attempts} attempts, ${result.holds ? 'exactly the wanted containers' : 'NOT the wanted containers'}`,
      )
    }
    for (const seq of long ? every : pick(2)) {
      const successor: { server: LabServer | null } = { server: null }
      const result = await update(async (operationId) => {
        await atStep(seq)(operationId)
        const stopped = current
        stopped.kill('SIGSTOP')
        successor.server = await worker()
        await new Promise((resolve) => setTimeout(resolve, stoppedMs))
        stopped.kill('SIGCONT')
      })
      // Both are there now: the one that was stopped must have let go. It ends here as an operator would end it.
      const code = await current.stop()
      current = successor.server ?? current
      outcome &&= result.holds && code === 0
      lines.push(
        `SIGSTOP for ${stoppedMs / 1000} s at step ${seq}: ${result.status} after ${result.attempts} attempts, ${result.holds ? 'exactly the wanted containers' : 'NOT the wanted containers'}; the stopped worker ended with ${code}`,
      )
    }
    return { outcome, lines }
  })
}
