import t from 'tap'
import { appOf, atStep, furnish, IMAGES, onStage, runsExactly } from './infrastructure.ts'
import { ended, eventually } from '../lab/server.ts'
import { deploy, must } from '../prove/scene.ts'

t.test('a deploy must end truthfully when Postgres is killed in the middle', async (t) => {
  await onStage(t, async ({ scene, postgres, engine }) => {
    const server = await scene.server({ databaseUrl: postgres.url })
    await furnish(server, engine)
    t.match(await deploy(server, 'acme', 'shop', appOf(IMAGES.web1)), { status: 'succeeded' })
    const { operation } = await must(server, 'PUT', '/v1/tenants/acme/apps/shop', { spec: appOf(IMAGES.web2) })
    await atStep(server, operation.id, 2)
    await postgres.kill()
    const answer = await server.request('GET', '/v1/tenants/acme/apps/shop')
    t.match(answer, { status: 503, body: { code: 'unavailable', status: 503 } })
    t.match(answer.headers.get('content-type'), /^application\/problem\+json/)
    t.match(await server.request('GET', '/readyz'), {
      status: 503,
      body: { status: 'unready', checks: { database: { ok: false } } },
    })
    t.match(await server.request('GET', '/healthz'), { status: 200 })
    await postgres.start()
    await eventually(
      'it is ready again by itself',
      async () => (await server.request('GET', '/readyz')).status === 200,
      15_000,
    )
    const end = await ended(server, operation, 60_000)
    t.match(end, { status: 'succeeded', error: null })
    t.ok(end.steps.every(({ status }: { status: string }) => status !== 'running'))
    await runsExactly(engine, IMAGES.web2)
    t.equal(await server.stop(), 0)
  })
})

t.test('a deploy must end truthfully when Postgres is away for longer than a lease lasts', async (t) => {
  await onStage(t, async ({ scene, postgres, engine }) => {
    const server = await scene.server({ databaseUrl: postgres.url })
    await furnish(server, engine)
    const { operation } = await must(server, 'PUT', '/v1/tenants/acme/apps/shop', { spec: appOf(IMAGES.web1) })
    await atStep(server, operation.id, 2)
    await postgres.kill()
    const says = (text: string) => async () => server.lines.some((line) => line.includes(text))
    await eventually('the worker gives the operation up', says('another attempt'), 20_000)
    await postgres.start()
    t.match(await ended(server, operation, 60_000), { status: 'succeeded', error: null })
    await runsExactly(engine, IMAGES.web1)
    t.equal(await server.stop(), 0)
  })
})
