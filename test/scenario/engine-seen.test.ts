import t from 'tap'
import { requireEngines } from '../lab/engines.ts'
import { callEngine } from '../lab/engine-events.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually, type LabServer } from '../lab/server.ts'
import { addHost, deploy, must, ourContainers, Scene, webService } from '../prove/scene.ts'

const states = async (server: LabServer): Promise<string[]> =>
  (await must(server, 'GET', '/v1/tenants/acme/apps/shop/instances')).items
    .map(({ nativeId, state }: { nativeId: string; state: string }) => `${nativeId.slice(0, 12)} ${state}`)
    .toSorted()
const eventsOf = async (server: LabServer, path: string): Promise<string[]> =>
  (await must(server, 'GET', path)).items.map(
    ({ data }: { data: { status?: string; reachable?: boolean } }) => data.status ?? `reachable ${data.reachable}`,
  )

t.test(
  'what runs on an engine that is killed, or cut off, must be unknown, and true again when it is back',
  async (t) => {
    if (!(await requireEngines(t))) return
    await Scene.run(async (scene) => {
      const engine = await scene.engine()
      // No list but those that a new connection asks for, and nothing put right.
      const env = { MOORAGE_OBSERVE_SECONDS: '3600', MOORAGE_RESYNC_SECONDS: '86400' }
      const server = await scene.server({ databaseUrl: await scene.database(), env })
      await addHost(server, 'h1', engine, 'tcp')
      await must(server, 'POST', '/v1/tenants', { name: 'acme' })
      const web = webService(IMAGES.web1, { deploy: { replicas: 2 } })
      t.equal((await deploy(server, 'acme', 'shop', { services: { web } })).status, 'succeeded')
      const ids = (await must(server, 'GET', '/v1/tenants/acme/apps/shop/instances')).items.map(
        ({ nativeId }: { nativeId: string }) => nativeId,
      ) as string[]
      const become = async (what: string, first: RegExp, second: RegExp) => {
        const began = performance.now()
        await eventually(what, async () => {
          const all = await states(server)
          const of = (id = '') => all.find((one) => one.startsWith(id.slice(0, 12))) ?? 'gone'
          return first.test(of(ids[0])) && second.test(of(ids[1]))
        })
        t.comment(`${what}: after ${((performance.now() - began) / 1000).toFixed(1)} s`)
      }
      await become('both run', /running/, /running/)

      await engine.cutOff()
      await become('both are unknown, cut off', /unknown/, /unknown/)
      t.match(await must(server, 'GET', '/v1/hosts/h1'), { status: 'unreachable' })
      await callEngine(engine.socketPath, 'POST', `/containers/${ids[0]}/kill`)
      await engine.heal()
      await become('what was killed meanwhile is seen', /exited|failed/, /running/)

      await engine.kill()
      await become('both are unknown, the engine is killed', /unknown/, /unknown/)
      await engine.restart()
      const came = new Map((await ourContainers(engine)).map(({ id, state }) => [id, state]))
      const now = (id = '') => (came.get(id) === 'running' ? /running|starting/ : /exited|failed/)
      await become('they are seen as they came back', now(ids[0]), now(ids[1]))
      t.match(await must(server, 'GET', '/v1/hosts/h1'), { status: 'ready', message: null })
      await callEngine(engine.socketPath, 'DELETE', `/containers/${ids[0]}?force=true`)
      await become('removed by hand', /gone/, now(ids[1]))

      const told = await eventsOf(server, '/v1/tenants/acme/events?type=instance.changed&limit=200')
      t.ok(told.filter((one) => one === 'reachable false').length >= 4, 'each was told to be unknown, twice')
      const statuses = await eventsOf(server, '/v1/events?type=host.status&limit=200')
      t.ok(statuses.includes('unreachable') && statuses[0] === 'ready', 'and the host, to admins')
    })
  },
)
