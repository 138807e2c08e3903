import { addHost, must, type Outcome, Scene, webService } from './scene.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/server.ts'

const QUEUED = 500
const APPS = 50

/** Ten tenants, one of which queues 500 deploys: the other nine's deploys start within 2 s. */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const databaseUrl = await scene.database()
    const engine = await scene.engine({ tcp: false })
    const server = await scene.server({ databaseUrl, roles: 'api' })
    await addHost(server, 'h1', engine)
    const others = Array.from({ length: 9 }, (_, index) => `small-${index}`)
    for (const name of ['hog', ...others]) await must(server, 'POST', '/v1/tenants', { name })
    const spec = (run: number) => ({
      services: { web: webService(IMAGES.web1, { environment: { RUN: String(run) } }) },
    })

    for (let at = 0; at < QUEUED; at += APPS) {
      await Promise.all(
        Array.from(
          { length: APPS },
          async (_, index) =>
            await must(server, 'PUT', `/v1/tenants/hog/apps/app-${index}?supersede=queue`, { spec: spec(at) }),
        ),
      )
    }
    await scene.server({ databaseUrl, roles: 'worker' })
    const hog = await eventually('the long queue is worked at', async () => {
      const { items } = await must(server, 'GET', '/v1/tenants/hog/operations?status=running&limit=200')
      return items.length >= 10 && (items.length as number)
    })
    const queued = await Promise.all(
      others.map(
        async (tenant) => (await must(server, 'PUT', `/v1/tenants/${tenant}/apps/shop`, { spec: spec(0) })).operation,
      ),
    )
    const started = await Promise.all(
      queued.map(
        async ({ id }) =>
          await eventually(`${id} starts`, async () => {
            const { createdAt, startedAt } = await must(server, 'GET', `/v1/operations/${id}`)
            return startedAt !== null && { ms: Date.parse(startedAt) - Date.parse(createdAt) }
          }),
      ),
    )
    const waits = started.map(({ ms }) => ms)
    const slowest = Math.max(...waits)
    return {
      outcome: waits.length === others.length && (!long || slowest < 2000),
      lines: [
        `queued by one tenant: ${QUEUED} deploys of ${APPS} apps, ${hog} running`,
        `the nine others' deploys started after ${waits.join(', ')} ms (goal: all within 2,000 ms)`,
      ],
    }
  })
}
