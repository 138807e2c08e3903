import t from 'tap'
import { eventually } from '../lab/run.ts'
import { listen, openStream, type OpenStream } from '../events/sse.ts'
import { runnerLab, specOf, web } from '../runner/lab.ts'

const lab = await runnerLab(t)
const { api, engine } = lab
const url = await listen(api)
const path = '/v1/tenants/acme/apps/shop/stats'
const token = async (tenant: string, role = 'viewer') => {
  const { body } = await api.request('POST', `/v1/tenants/${tenant}/tokens`, {
    body: { name: `t-${Math.random()}`, role },
  })
  return { id: String(body.id), text: String(body.token) }
}
const viewer = (await token('acme')).text
const get = async (at: string, as: string | null = viewer) => await api.request('GET', at, { token: as })
const documents = ({ events }: OpenStream) =>
  events.filter(({ event }) => event === 'stats').map(({ data }) => JSON.parse(data))
const follow = async (at = path, as = viewer) => await openStream(`${url}${at}?follow=true`, as)
const noneOpen = async () => await eventually('no engine stream is left', () => engine.stats.streams === 0, 1500)

const worker = await lab.worker({ observeMs: 200 })
await lab.ended((await lab.apply('shop', specOf({ web: web({ deploy: { replicas: 2 } }), api: web() }))).id)
await lab.ended((await lab.apply('blog', specOf({ web: web() }))).id)

t.test('an app tells what it, its services and its instances use, a tenant what its apps do', async (t) => {
  const { status, body } = await get(path)
  t.equal(status, 200)
  t.same(
    body.services.map(({ service }: { service: string }) => service),
    ['api', 'web'],
  )
  t.equal(body.instances.length, 3)
  t.same(body.missing, [])
  for (const { host, usage } of body.instances) {
    t.equal(host, 'h1')
    t.ok(usage.cpu.cores > 0.4 && usage.cpu.cores < 0.6, `half a core: ${usage.cpu.cores}`)
    t.match(usage, {
      cpu: { limitCores: 1 },
      memory: { bytes: 8_388_608, limitBytes: 16_777_216 },
      blockIo: { readBytes: 4096 },
    })
  }
  t.ok(body.usage.cpu.cores > 1.2 && body.usage.cpu.cores < 1.8)
  t.match(body.usage, { cpu: { limitCores: 3 }, memory: { bytes: 3 * 8_388_608 } })
  t.match(body.services[1].usage, { memory: { bytes: 2 * 8_388_608 } })
  const tenant = await get('/v1/tenants/acme/stats')
  t.match(tenant.body, { usage: { memory: { bytes: 4 * 8_388_608 } }, missing: [] })
  t.same(
    tenant.body.apps.map(({ app }: { app: string }) => app),
    ['blog', 'shop'],
  )
  t.equal(engine.stats.streams, 0, 'a read leaves no stream open')
})

t.test('404 hides another tenant and its apps, 401 without a token, 400 says what does not fit', async (t) => {
  const other = (await token('other', 'owner')).text
  t.match(await get(path, other), { status: 404, body: { code: 'not_found' } })
  t.match(await get('/v1/tenants/acme/stats', other), { status: 404 })
  t.match(await get('/v1/tenants/other/apps/shop/stats', other), { status: 404 })
  t.match(await get('/v1/tenants/other/apps/shop/stats?history=true', other), { status: 404 })
  t.match(await get('/v1/tenants/acme/apps/none/stats'), { status: 404 })
  for (const at of [path, '/v1/tenants/acme/stats']) {
    const stream = await follow(at, other)
    t.equal(stream.status, 404)
    stream.leave()
  }
  t.match(await get('/v1/tenants/other/stats', other), {
    status: 200,
    body: { apps: [], usage: { cpu: { cores: 0 } } },
  })
  t.match(await get(path, null), { status: 401 })
  for (const query of ['follow=maybe', 'follow=true&history=true', 'history=', 'x=1', 'follow=true&follow=true'])
    t.match(await get(`${path}?${query}`), { status: 400, body: { code: 'bad_request' } }, query)
  t.match(await get('/v1/tenants/acme/apps/%00/stats'), { status: 400 })
})

t.test('50 who watch share one engine stream a container, which ends within a second of the last one', async (t) => {
  const streams = await Promise.all(Array.from({ length: 50 }, async () => await follow()))
  await eventually('all have three documents', () => streams.every((stream) => documents(stream).length >= 3))
  t.equal(engine.stats.streams, 3)
  const tenant = await follow('/v1/tenants/acme/stats')
  await eventually('the tenant is told as well', () => documents(tenant).length >= 2)
  t.equal(engine.stats.streams, 4, 'and the tenant adds those of its other app alone')
  t.match(documents(tenant).at(-1), { apps: [{ app: 'blog' }, { app: 'shop' }], missing: [] })
  t.match(await get(path), { status: 200, body: { missing: [] } })
  const [last, ...others] = streams
  for (const stream of [tenant, ...others]) stream.leave()
  await eventually('those of the app are left', () => engine.stats.streams === 3)
  const seen = last ? documents(last).length : 0
  await eventually('the last one goes on', () => last && documents(last).length > seen + 1)
  const document = last && documents(last).at(-1)
  t.match(document, { instances: [{ service: 'api' }, { service: 'web' }, { service: 'web' }], missing: [] })
  t.ok(document.usage.cpu.cores > 1.2 && document.usage.cpu.cores < 1.8)
  last?.leave()
  await noneOpen()
})

t.test('NDJSON has the same documents, one a line', async (t) => {
  const stream = await openStream(`${url}${path}?follow=true`, viewer, { accept: 'application/x-ndjson' })
  t.match(stream.headers, { 'content-type': 'application/x-ndjson' })
  await eventually('two came', () => stream.text.split('\n').length > 2)
  t.match(JSON.parse(stream.text.split('\n')[0] ?? ''), { usage: { cpu: {} }, services: [{}, {}] })
  stream.leave()
  await noneOpen()
})

t.test('a stream ends within a second of its token, and no engine stream outlives it', async (t) => {
  const { id, text } = await token('acme')
  const stream = await follow(path, text)
  await eventually('it came', () => documents(stream).length > 0)
  const at = performance.now()
  t.equal((await api.request('DELETE', `/v1/tenants/acme/tokens/${id}`)).status, 204)
  await stream.ended
  t.ok(performance.now() - at < 2000)
  t.match(stream.problem, { code: 'unauthorized' })
  await noneOpen()
})

t.test('a host that does not answer: its instances are named as missing, and come back by themselves', async (t) => {
  const stream = await follow()
  await eventually('it came', () => documents(stream).length > 0)
  engine.away = true
  const lost = await eventually('they are missing', () => {
    const last = documents(stream).at(-1)
    return last.missing.length === 3 && last
  })
  t.match(lost, {
    instances: [],
    services: [],
    usage: { cpu: { cores: 0 } },
    missing: [{ host: 'h1', reason: String }],
  })
  const read = await get('/v1/tenants/acme/stats')
  t.equal(read.status, 200)
  t.match(
    read.body.missing.map(({ app }: { app: string }) => app),
    ['blog', 'shop', 'shop', 'shop'],
  )
  engine.away = false
  await eventually('they are back', () => documents(stream).at(-1).instances.length === 3)
  stream.leave()
  await noneOpen()
})

t.test('instances that come and go are followed; the stream ends with its app', async (t) => {
  const stream = await follow('/v1/tenants/acme/apps/blog/stats')
  const names = () => documents(stream).at(-1)?.instances.length
  await eventually('one', () => names() === 1)
  await lab.ended((await lab.request('POST', '/v1/tenants/acme/apps/blog/scale', { services: { web: 3 } })).id)
  await eventually('three', () => names() === 3)
  await lab.ended((await lab.request('POST', '/v1/tenants/acme/apps/blog/stop', {})).id)
  await eventually('none', () => names() === 0)
  t.match(documents(stream).at(-1), { missing: [], services: [], usage: { memory: { bytes: 0 } } })
  await lab.ended((await lab.request('DELETE', '/v1/tenants/acme/apps/blog')).id)
  t.equal(await stream.ended, true)
  t.equal(stream.problem, null, 'as there is nothing more to tell')
  await noneOpen()
})

t.test('a server that stops ends its streams, and every engine stream', async (t) => {
  const streams = await Promise.all([follow(), follow('/v1/tenants/acme/stats')])
  await eventually('they came', () => streams.every((stream) => documents(stream).length > 0))
  await worker.stop()
  await api.app.close()
  for (const stream of streams) {
    await stream.ended
    t.match(stream.problem, { code: 'unavailable' })
  }
  await noneOpen()
})
