import t from 'tap'
import { furnish, IMAGES, onStage } from './infrastructure.ts'
import { ended } from '../lab/server.ts'
import { must, ourContainers, webService } from '../prove/scene.ts'

const DEPLOYS = 10

t.test('two workers and two APIs on one database must run ten deploys, each once', async (t) => {
  await onStage(t, async ({ scene, postgres, engine }) => {
    const databaseUrl = postgres.url
    const [one, two] = await Promise.all([
      scene.server({ databaseUrl, roles: 'api' }),
      scene.server({ databaseUrl, roles: 'api' }),
      scene.server({ databaseUrl, roles: 'worker' }),
      scene.server({ databaseUrl, roles: 'worker' }),
    ])
    await furnish(one, engine)
    const spec = { services: { web: webService(IMAGES.web1) } }
    const operations = await Promise.all(
      Array.from({ length: DEPLOYS }, async (_, index) => {
        const api = index % 2 === 0 ? one : two
        return (await must(api, 'PUT', `/v1/tenants/acme/apps/app-${index}`, { spec })).operation
      }),
    )
    const ends = await Promise.all(operations.map(async (operation) => await ended(two, operation)))
    for (const end of ends) {
      t.match(end, { status: 'succeeded', attempts: 1, error: null }, `${end.app}`)
      const made = end.steps.filter(({ action }) => action === 'create_container')
      t.equal(made.length, 1, 'one container was made, once')
    }
    const containers = await ourContainers(engine)
    t.equal(containers.length, DEPLOYS)
    t.equal(new Set(containers.map(({ app }) => app)).size, DEPLOYS)
    const all = await must(one, 'GET', '/v1/operations?limit=100')
    t.equal(all.items.length, DEPLOYS, 'and there are no other operations')
  })
})
