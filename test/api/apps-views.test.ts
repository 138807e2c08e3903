import t from 'tap'
import { newId } from '../../src/lib/ids.ts'
import { effectiveDigestOf } from '../../src/planning/index.ts'
import { apiHarness } from '../lab/api.ts'
import { addHost, appClient, composeOf, succeed } from './scene.ts'

t.test('what an app shows of itself', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')
  await api.tenant('other')
  const shop = appClient(api, acme)
  const { prisma } = api.db
  const hostId = await addHost(api, 'one')

  await succeed(api, (await shop.apply({ compose: composeOf({ secret: 'old-secret' }) })).body.operation.id)
  await succeed(api, (await shop.apply({ compose: composeOf({ tag: '2', secret: 'new-secret' }) })).body.operation.id)
  const app = await prisma.app.findFirstOrThrow({ where: { name: 'shop' } })
  await prisma.app.update({ where: { id: app.id }, data: { hostId } })
  const release = await prisma.release.findFirstOrThrow({ where: { appId: app.id, number: 2 } })
  const digests = release.serviceDigests as Record<string, string>
  const instance = (service: string, ordinal: number, change: object = {}) => ({
    id: newId(),
    nativeId: `${service}${ordinal}`,
    hostId,
    appId: app.id,
    name: `mrg-${service}-${ordinal}`,
    service,
    ordinal,
    serviceDigest: digests[service] ?? '',
    state: 'running',
    serving: true,
    image: 'registry.example.com/shop/web:2',
    imageDigest: `sha256:${'0'.repeat(64)}`,
    addresses: ['10.201.0.2'],
    ports: [{ containerPort: 80, hostPort: 8080, hostIp: '0.0.0.0', protocol: 'tcp' }],
    startedAt: new Date(Date.now() - 60_000),
    observedAt: new Date(),
    ...change,
  })

  t.test('200 lists releases newest first, in pages', async (t) => {
    const first = (await shop.get('/releases?limit=1')).body
    t.match(first.items, [{ number: 2, succeededAt: String }])
    t.notOk('spec' in first.items[0])
    const second = (await shop.get(`/releases?limit=1&cursor=${first.nextCursor}`)).body
    t.match(second, { items: [{ number: 1 }], nextCursor: null })
  })

  t.test('200 shows what a release changes, but no value of a variable', async (t) => {
    const { status, body, text } = await shop.get('/releases/1/diff?to=2')
    t.equal(status, 200)
    t.match(body, { from: 1, to: 2 })
    t.same(body.changes, [
      { path: '/services/web/environment/PASSWORD', from: '***', to: '***' },
      { path: '/services/web/image', from: 'registry.example.com/shop/web:1', to: 'registry.example.com/shop/web:2' },
    ])
    t.notMatch(text, 'secret')
    t.match((await shop.get('/releases/1/diff')).body, { to: 2 }, 'by default with the wanted one')
    t.same((await shop.get('/releases/2/diff?to=2')).body.changes, [])
    t.equal((await shop.get('/releases/1/diff?to=9')).status, 404)
  })

  t.test('the values of variables are for those who may deploy', async (t) => {
    const path = `${shop.path}/releases/1`
    t.match((await shop.get('/releases/1')).body.spec.services.web.environment, { PASSWORD: 'old-secret' })
    const seen = await api.request('GET', path, { token: acme.viewer })
    t.same(seen.body.spec.services.web.environment, { PASSWORD: '***' })
    t.notMatch(seen.text, 'secret')
  })

  t.test('workloads that are missing', async (t) => {
    t.match((await shop.get('/workloads')).body, {
      items: [
        {
          id: 'shop.db.one',
          service: 'db',
          host: 'one',
          desired: 1,
          ready: 0,
          status: 'missing',
          drift: [],
          instances: [],
        },
        { id: 'shop.web.one', service: 'web', desired: 2, status: 'missing', release: null },
      ],
      nextCursor: null,
    })
    t.same((await shop.get('/instances')).body.items, [])
  })

  t.test('an instance is of the release whose service it is, restarted or not', async (t) => {
    const first = await prisma.release.findFirstOrThrow({ where: { appId: app.id, number: 1 } })
    const old = (first.serviceDigests as Record<string, string>).web ?? ''
    const restarted = (digest: string) => ({
      serviceDigest: effectiveDigestOf(digest, 3),
      restartGeneration: 3,
    })
    const made = [
      instance('web', 1, { serviceDigest: old }),
      instance('web', 2, restarted(old)),
      instance('web', 3, restarted(digests.web ?? '')),
      instance('web', 4),
      instance('web', 5, { serviceDigest: 'of none' }),
      instance('gone', 1),
    ]
    await prisma.instance.createMany({ data: made })
    const { items } = (await shop.get('/instances')).body
    t.same(
      items.map(({ nativeId, release: number }: Record<string, unknown>) => [nativeId, number]),
      [
        ['gone1', null],
        ['web1', 1],
        ['web2', 1],
        ['web3', 2],
        ['web4', 2],
        ['web5', null],
      ],
    )
    const { items: workloads } = (await shop.get('/workloads')).body
    t.match(workloads, [
      { service: 'db', status: 'missing' },
      { service: 'gone', status: 'orphan', release: null },
      { service: 'web', release: 2, instances: made.slice(0, 5).map(({ id }) => ({ id })) },
    ])
    await prisma.instance.deleteMany({ where: { appId: app.id } })
  })

  t.test('instances and workloads as they were last observed', async (t) => {
    await prisma.instance.createMany({
      data: [instance('web', 1), instance('web', 2, { reachable: false }), instance('db', 1)],
    })
    const { items } = (await shop.get('/instances')).body
    t.match(
      items.map(({ service, release, state, host }: Record<string, unknown>) => ({ service, release, state, host })),
      [
        { service: 'db', release: 2, state: 'running', host: 'one' },
        { service: 'web', release: 2, state: 'running' },
        { service: 'web', release: 2, state: 'unknown' },
      ],
    )
    t.match(items[1], {
      nativeId: 'web1',
      ports: [{ containerPort: 80, hostPort: 8080 }],
      addresses: ['10.201.0.2'],
      restarts: 0,
      exitCode: null,
    })
    const workloads = (await shop.get('/workloads')).body.items
    t.match(workloads, [
      { service: 'db', status: 'running', ready: 1, release: 2 },
      {
        service: 'web',
        status: 'degraded',
        desired: 2,
        ready: 1,
        instances: [{ nativeId: 'web1' }, { nativeId: 'web2' }],
      },
    ])
    const page = (await shop.get('/instances?limit=2')).body
    t.equal(page.items.length, 2)
    t.same((await shop.get(`/instances?limit=2&cursor=${page.nextCursor}`)).body, {
      items: [items[2]],
      nextCursor: null,
    })
  })
})
