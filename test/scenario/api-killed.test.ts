import t from 'tap'
import { appOf, atStep, furnish, IMAGES, onStage, runsExactly } from './infrastructure.ts'
import { ended } from '../lab/server.ts'
import { must } from '../prove/scene.ts'

t.test('a deploy must go on when the API process is killed, and the next one answers for it', async (t) => {
  await onStage(t, async ({ scene, postgres, engine }) => {
    const databaseUrl = postgres.url
    const api = await scene.server({ databaseUrl, roles: 'api' })
    await scene.server({ databaseUrl, roles: 'worker' })
    await furnish(api, engine)
    const headers = { 'idempotency-key': 'deploy-1' }
    const spec = appOf(IMAGES.web1)
    const { operation } = await must(api, 'PUT', '/v1/tenants/acme/apps/shop', { spec }, headers)
    await atStep(api, operation.id, 1)
    api.kill('SIGKILL')
    await api.exited
    const next = await scene.server({ databaseUrl, roles: 'api' })
    const again = await must(next, 'PUT', '/v1/tenants/acme/apps/shop', { spec }, headers)
    t.equal(again.operation.id, operation.id, 'the same request with its key gives the same operation')
    t.match(await ended(next, operation), { status: 'succeeded', attempts: 1 })
    await runsExactly(engine, IMAGES.web1)
  })
})
