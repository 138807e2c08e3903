import t from 'tap'
import { apiHarness } from '../lab/api.ts'
import { addHost, appClient, composeOf, succeed } from './scene.ts'

const ROUTES = `
  routes: [{ host: shop.example.com, service: web, port: 80 }]`
const placed = (kinds: string): string => `
  placement: { kinds: [${kinds}] }`
const moorage = (...parts: string[]): string => `${composeOf()}x-moorage:${parts.join('')}\n`

t.test('what a kind of host refuses', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')
  await api.tenant('other')
  const counts = async () =>
    await Promise.all([api.db.prisma.app.count(), api.db.prisma.release.count(), api.db.prisma.operation.count()])

  t.test('422 where every kind that the placement allows refuses something, with each key and kind', async (t) => {
    const before = await counts()
    const shop = appClient(api, acme, 'nowhere')
    for (const dryRun of [false, true]) {
      const { status, body } = await shop.apply({ compose: moorage(placed('docker'), ROUTES), dryRun })
      t.match({ status, code: body.code }, { status: 422, code: 'unsupported' })
      t.same(body.errors, [
        { path: '/x-moorage/routes', message: 'on docker: routes are not served on docker hosts yet' },
      ])
    }
    const neither = moorage(ROUTES).replace('web:\n', 'web:\n    user: app\n    domainname: example.com\n')
    const { status, body } = await shop.apply({ compose: neither })
    t.match({ status, code: body.code }, { status: 422, code: 'unsupported' })
    t.match(
      body.errors.map(({ path, message }: { path: string; message: string }) => [path, message.split(':')[0]]),
      [
        ['/x-moorage/routes', 'on docker'],
        ['/services/web/domainname', 'on kubernetes'],
        ['/services/web/user', 'on kubernetes'],
      ],
    )
    t.same(await counts(), before, 'nothing is stored')
  })

  t.test(
    '202 where a kind that the placement allows takes all; the plan waits for such a host, and says why',
    async (t) => {
      const shop = appClient(api, acme, 'waits')
      await addHost(api, 'one')
      t.equal((await shop.apply({ compose: moorage(ROUTES) })).status, 202)
      t.equal((await shop.apply({ compose: moorage(placed('kubernetes'), ROUTES) })).status, 202)
      const { status, body } = await shop.apply({ compose: moorage(ROUTES), dryRun: true })
      t.match({ status, code: body.code }, { status: 422, code: 'no_eligible_host' })
      t.match(body.detail, 'one: it is of kind docker, which refuses /x-moorage/routes')
    },
  )

  t.test('422 of an app that has a host whose kind refuses something, with each key', async (t) => {
    const shop = appClient(api, acme, 'settled')
    const { body: accepted } = await shop.apply({ compose: composeOf() })
    await succeed(api, accepted.operation.id)
    const one = await api.db.prisma.host.findFirstOrThrow({ where: { name: 'one' } })
    await api.db.prisma.app.updateMany({ where: { name: 'settled' }, data: { hostId: one.id } })
    const { status, body } = await shop.apply({ compose: moorage(ROUTES) })
    t.match({ status, code: body.code }, { status: 422, code: 'unsupported' })
    t.same(body.errors, [{ path: '/x-moorage/routes', message: 'routes are not served on docker hosts yet' }])
    t.match(body.detail, 'the app is on host one of kind docker')
    const kubernetesRefuses = composeOf().replace('web:\n', 'web:\n    user: app\n')
    t.equal((await shop.apply({ compose: kubernetesRefuses })).status, 202, 'what another kind refuses is no matter')
  })

  t.test('200 a release tells of which kinds its notes are', async (t) => {
    const shop = appClient(api, acme, 'told')
    const compose = composeOf().replace('web:\n', 'web:\n    user: app\n    attach: false\n')
    await shop.apply({ compose })
    const { status, body } = await shop.get('/releases/1')
    t.equal(status, 200)
    t.match(
      body.notes.map(({ path, level, kinds }: { path: string; level: string; kinds?: string[] }) => [
        path,
        level,
        kinds ?? null,
      ]),
      [
        ['/services/web/attach', 'approximated', null],
        ['/services/web/user', 'refused', ['kubernetes']],
        ['/services/db/volumes', 'approximated', ['kubernetes']],
      ],
    )
    const plan = (await shop.post('/restart', { dryRun: true })).body.plan
    t.same(
      plan.capabilities.map(({ path }: { path: string }) => path),
      ['/services/web/attach'],
      'a plan for a host tells what counts there',
    )
  })

  t.test('202 a variable that one kind refuses is known of a deployment, too', async (t) => {
    const shop = appClient(api, acme, 'renoted')
    await shop.apply({ compose: composeOf() })
    t.equal((await shop.post('/deployments', { env: { web: { 'a b': 'x' } } })).status, 202)
    const refused = async (release: number) =>
      (await shop.get(`/releases/${release}`)).body.notes
        .filter(({ level }: { level: string }) => level === 'refused')
        .map(({ path }: { path: string }) => path)
    t.same(await refused(2), ['/services/web/environment/a b'])
    t.equal((await shop.post('/deployments', { env: { web: { 'a b': null } } })).status, 202)
    t.same(await refused(3), [])
  })

  t.test('422 a service that is on each node is not scaled, and is never carried a number', async (t) => {
    const shop = appClient(api, acme, 'each')
    await shop.apply({ compose: composeOf() })
    await shop.post('/scale', { services: { web: 5 } })
    const global = composeOf().replace('deploy: { replicas: 2 }', 'deploy: { mode: global }')
    t.equal((await shop.apply({ compose: global })).status, 202)
    t.match((await shop.get()).body.wanted.replicas, { web: 1 })
    const { status, body } = await shop.post('/scale', { services: { web: 2, db: 2 } })
    t.match({ status, code: body.code }, { status: 422, code: 'unsupported' })
    t.match(body.errors, [{ path: '/body/services/web' }])
    t.equal((await shop.post('/scale', { services: { db: 2 } })).status, 202)
    await shop.post('/deployments', { images: { web: 'registry.example.com/shop/web:2' } })
    t.match((await shop.get()).body.wanted.replicas, { web: 1, db: 2 })
  })
})
