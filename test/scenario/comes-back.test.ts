import t from 'tap'
import { requireEngines } from '../lab/engines.ts'
import { IMAGES } from '../lab/images.ts'
import { ended } from '../lab/server.ts'
import { addHost, deploy, must, ourContainers, Scene, webService } from '../prove/scene.ts'

t.test('an app that was removed without its volumes must find their data when it comes back', async (t) => {
  if (!(await requireEngines(t))) return
  await Scene.run(async (scene) => {
    const engine = await scene.engine({ tcp: false })
    const env = { MOORAGE_OBSERVE_SECONDS: '1', MOORAGE_RESYNC_SECONDS: '1' }
    const server = await scene.server({ databaseUrl: await scene.database(), env })
    await addHost(server, 'h1', engine)
    await must(server, 'POST', '/v1/tenants', { name: 'acme' })
    const spec = { services: { web: webService(IMAGES.web1, { volumes: ['kept:/data/kept'] }) }, volumes: { kept: {} } }
    const container = async () => (await ourContainers(engine))[0]?.id ?? ''
    const remove = async (query: string) => {
      const { operation } = await must(server, 'DELETE', `/v1/tenants/acme/apps/shop${query}`)
      t.equal((await ended(server, operation)).status, 'succeeded')
      t.same(await ourContainers(engine), [])
    }

    t.equal((await deploy(server, 'acme', 'shop', spec)).status, 'succeeded')
    await engine.docker(['exec', await container(), 'sh', '-c', 'echo mine > /data/kept/file'])
    await remove('')
    t.equal((await deploy(server, 'acme', 'shop', spec)).status, 'succeeded')
    t.equal(await engine.docker(['exec', await container(), 'cat', '/data/kept/file']), 'mine\n')

    await remove('?volumes=true')
    const left = await engine.docker(['volume', 'ls', '-q', '--filter', 'label=moorage.io/app'])
    t.equal(left, '', 'with volumes=true nothing is left')
    const reconciles = await must(server, 'GET', '/v1/operations?kind=reconcile')
    t.same(reconciles.items, [], 'nothing had to be put right')
  })
})
