import t from 'tap'
import { furnish, IMAGES, onStage } from './infrastructure.ts'
import { ended, eventually } from '../lab/server.ts'
import { must, webService } from '../prove/scene.ts'

const CANARY = 'canary-in-the-environment'

interface Told {
  readonly id: string
  readonly type: string
  readonly tenant: string | null
  readonly app: string | null
  readonly operation: string | null
  readonly actor: string | null
  // oxlint-disable-next-line typescript/no-explicit-any -- by type
  readonly data: any
}

t.test('what happens to an app must be told in order, once, with its steps, and without what is secret', async (t) => {
  await onStage(t, async ({ scene, postgres, engine }) => {
    const server = await scene.server({ databaseUrl: postgres.url })
    await furnish(server, engine)
    const app = '/v1/tenants/acme/apps/shop'
    const spec = (image: string) => ({
      services: { web: { ...webService(image), environment: { PASSWORD: CANARY } } },
    })
    const apply = async (image: string) => {
      const { operation } = await must(server, 'PUT', app, { spec: spec(image) })
      return await ended(server, operation)
    }
    const told = async (query = ''): Promise<Told[]> =>
      (await must(server, 'GET', `/v1/tenants/acme/events?limit=200${query}`)).items.toReversed()

    const good = await apply(IMAGES.web1)
    t.equal(good.status, 'succeeded')
    const bad = await apply(IMAGES.broken)
    t.equal(bad.status, 'rolled_back')
    const removal = await must(server, 'DELETE', app)
    t.equal((await ended(server, removal.operation)).status, 'succeeded')

    const ofGood = (await told(`&operation=${good.id}`)).filter(({ type }) => type !== 'operation.step')
    t.same(
      ofGood.map(({ type }) => type),
      ['operation.queued', 'operation.started', 'operation.succeeded'],
    )
    t.match(ofGood[0], { app: 'shop', tenant: 'acme', data: { kind: 'deploy', release: 1 } })
    t.match(ofGood[0]?.actor, /^token:/)

    const steps = await told(`&operation=${good.id}&type=operation.step`)
    const begun = steps.filter(({ data }) => data.status === 'running')
    t.same(
      begun.map(({ data }) => data.action),
      good.steps.map(({ action }) => action),
      'each step began once, in order',
    )
    for (const { data } of begun) {
      const statuses = steps.filter((step) => step.data.seq === data.seq).map((step) => step.data.status)
      t.same(statuses, ['running', 'succeeded'], `${data.action} ended once`)
    }

    const ofBad = (await told(`&operation=${bad.id}`)).map(({ type }) => type)
    t.ok(ofBad.includes('operation.reverting'))
    t.equal(ofBad.at(-1), 'operation.rolled_back')

    const ofApp = await told('&app=shop&type=app.*')
    t.same(
      ofApp.map(({ type }) => type),
      ['app.created', 'app.removed'],
    )

    const all = await told()
    t.same(
      all.map(({ id }) => BigInt(id)),
      all.map(({ id }) => BigInt(id)).toSorted((a, b) => (a < b ? -1 : 1)),
      'ids grow',
    )
    t.ok(all.every(({ tenant }) => tenant === 'acme'))
    t.notOk(JSON.stringify(all).includes(CANARY), 'nothing of the environment is told')

    const platform = await eventually('the platform tells of its hosts and tenants', async () => {
      const { items } = await must(server, 'GET', '/v1/events?limit=200')
      const types = new Set(items.map(({ type }: Told) => type))
      return types.has('host.registered') && types.has('tenant.created') ? items : null
    })
    const text = JSON.stringify(platform)
    t.notOk(/mrg_[A-Za-z0-9]/.test(text), 'no token is told')
    t.notOk(text.includes('BEGIN'), 'no key is told')
  })
})
