import t from 'tap'
import { appOf, atStep, furnish, IMAGES, onStage, runsExactly } from './infrastructure.ts'
import { ended } from '../lab/server.ts'
import { deploy, must } from '../prove/scene.ts'

t.test('a deploy must end truthfully when the engine is killed and started again in the middle', async (t) => {
  await onStage(t, async ({ scene, postgres, engine }) => {
    const server = await scene.server({
      databaseUrl: postgres.url,
      env: { MOORAGE_OBSERVE_SECONDS: '1', MOORAGE_RESYNC_SECONDS: '2' },
    })
    await furnish(server, engine)
    t.match(await deploy(server, 'acme', 'shop', appOf(IMAGES.web1)), { status: 'succeeded' })
    const { operation } = await must(server, 'PUT', '/v1/tenants/acme/apps/shop', { spec: appOf(IMAGES.web2) })
    await atStep(server, operation.id, 3)
    await engine.kill()
    await engine.restart()
    const end = await ended(server, operation, 90_000)
    // Containers that die with their engine may look like a release that keeps exiting: then the one before runs.
    t.match(end.status, /^(succeeded|rolled_back)$/)
    t.equal(end.error === null, end.status === 'succeeded')
    await runsExactly(engine, end.status === 'succeeded' ? IMAGES.web2 : IMAGES.web1)
    t.equal(await server.stop(), 0)
  })
})
