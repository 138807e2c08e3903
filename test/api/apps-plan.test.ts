import t from 'tap'
import { apiHarness } from '../lab/api.ts'
import { addHost, appClient, composeOf } from './scene.ts'

t.test('plans of changes', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')
  await api.tenant('other')
  const counts = async () =>
    await Promise.all([api.db.prisma.app.count(), api.db.prisma.release.count(), api.db.prisma.operation.count()])

  t.test('422 while no host can take the app; the request itself waits for one', async (t) => {
    const shop = appClient(api, acme, 'homeless')
    t.match(await shop.apply({ compose: composeOf(), dryRun: true }), {
      status: 422,
      body: { code: 'no_eligible_host' },
    })
    t.equal((await shop.apply({ compose: composeOf() })).status, 202)
  })

  t.test('200 plans an app that does not exist yet, always with the same digest, and stores nothing', async (t) => {
    await addHost(api, 'one')
    const shop = appClient(api, acme, 'planned')
    const before = await counts()
    const { status, body } = await shop.apply({ compose: composeOf(), dryRun: true })
    t.equal(status, 200)
    t.match(body, { dryRun: true, planDigest: body.plan.digest })
    const actions = new Set(body.plan.steps.map(({ action }: { action: string }) => action))
    for (const action of ['create_network', 'create_volume', 'create_container', 'start_container'])
      t.ok(actions.has(action), action)
    t.ok(body.plan.steps.every(({ host }: { host: string }) => host === 'one'))
    t.notMatch(JSON.stringify(body), 'hunter2')
    t.equal((await shop.apply({ compose: composeOf(), dryRun: true })).body.planDigest, body.planDigest)
    t.same(await counts(), before)
    t.equal((await shop.get()).status, 404)

    t.match(await shop.apply({ compose: composeOf(), expectPlan: body.planDigest }), { status: 202 })
  })

  t.test('409 plan_changed carries the new plan, and stores nothing', async (t) => {
    const shop = appClient(api, acme, 'changed')
    const { planDigest } = (await shop.apply({ compose: composeOf(), dryRun: true })).body
    const before = await counts()
    const { status, body } = await shop.apply({ compose: composeOf({ replicas: 3 }), expectPlan: planDigest })
    t.match({ status, code: body.code }, { status: 409, code: 'plan_changed' })
    t.not(body.planDigest, planDigest)
    t.same(await counts(), before)
    t.equal((await shop.apply({ compose: composeOf({ replicas: 3 }), expectPlan: body.planDigest })).status, 202)
  })

  t.test('every change has a dry run', async (t) => {
    const shop = appClient(api, acme, 'every')
    await shop.apply({ compose: composeOf() })
    const before = await counts()
    const version = (await shop.get()).body.version
    for (const [below, body] of [
      ['/scale', { services: { web: 4 } }],
      ['/stop', {}],
      ['/start', {}],
      ['/restart', {}],
      ['/rollback', { release: 1 }],
      ['/deployments', { images: { web: 'registry.example.com/shop/web:2' } }],
    ] as const) {
      t.match(await shop.post(below, { ...body, dryRun: true }), { status: 200, body: { dryRun: true } }, below)
    }
    t.match(await shop.remove('?dryRun=true'), { status: 200, body: { dryRun: true } })
    t.same(await counts(), before)
    t.equal((await shop.get()).body.version, version)
    const wrong = '0'.repeat(64)
    t.match(await shop.remove(`?expectPlan=${wrong}`), { status: 409, body: { code: 'plan_changed' } })
    t.match(await shop.post('/scale', { services: { web: 4 }, expectPlan: wrong }), { status: 409 })
    t.match(await shop.post('/scale', { services: { web: 4 }, dryRun: true }, { token: acme.viewer }), { status: 403 })
    t.match(await shop.apply({ compose: composeOf(), dryRun: true }, { headers: { 'if-match': '"9"' } }), {
      status: 412,
    })
  })
})

t.test('no answer tells a tenant of hosts that are not open to it', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')
  const other = await api.tenant('other')
  const tenantId = (await api.request('GET', `/v1/tenants/${other.name}`)).body.id
  const hostId = await addHost(api, 'secret-host')
  await api.db.prisma.hostTenant.create({ data: { hostId, tenantId } })
  const answer = await appClient(api, acme).apply({ compose: composeOf(), dryRun: true })
  t.match(answer, { status: 422, body: { code: 'no_eligible_host' } })
  t.notMatch(answer.text, /secret-host/)
  await addHost(api, 'open-host')
  const eu = `${composeOf()}x-moorage: { placement: { hosts: { region: eu } } }\n`
  const lacking = await appClient(api, acme).apply({ compose: eu, dryRun: true })
  t.match(lacking.body.detail, /open-host: it lacks the label region=eu/)
  t.notMatch(lacking.text, /secret-host/)
})

t.test('422 a release that the app’s own host can not have; nothing moves, and nothing is stored', async (t) => {
  const api = await apiHarness(t)
  const shop = appClient(api, await api.tenant('acme'))
  const hostId = await addHost(api, 'near')
  t.equal((await shop.apply({ compose: composeOf() })).status, 202)
  await api.db.prisma.app.updateMany({ data: { hostId } })
  const far = `${composeOf()}x-moorage: { placement: { hosts: { zone: far } } }\n`
  for (const dryRun of [true, false]) {
    const answer = await shop.apply({ compose: far, dryRun })
    t.match(answer, { status: 422, body: { code: 'no_eligible_host' } })
    t.match(answer.body.detail, /on host near, and it lacks the label zone=far: an app does not move/)
  }
  t.equal(await api.db.prisma.release.count(), 1)
  await api.db.prisma.host.update({ where: { id: hostId }, data: { labels: { zone: 'far' } } })
  t.equal((await shop.apply({ compose: far })).status, 202)
})

t.test('202 the plan of an app that does not exist yet is the one that is made of it, on a cluster too', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')
  await api.tenant('other')
  await addHost(api, 'cluster', 'kubernetes')
  const shop = appClient(api, acme, 'shop')
  const { body } = await shop.apply({ compose: composeOf(), dryRun: true })
  t.ok(body.plan.steps.some(({ target }: { target: string }) => target.startsWith('Secret/web--env-')))
  t.match(await shop.apply({ compose: composeOf(), expectPlan: body.planDigest }), { status: 202 })
})
