import t from 'tap'
import { emit, type NewEvent } from '../../src/events/index.ts'
import { apiHarness } from '../lab/api.ts'
import { eventually } from '../lab/run.ts'
import { appClient, composeOf, end, start } from '../api/scene.ts'
import { liveClient, rawSocket, socketUrl, subscribe } from './live-client.ts'

const api = await apiHarness(t, { graphql: { socket: { initMs: 3000, slowMs: 2000, pingMs: 2000 } } })
const acme = await api.tenant('acme')
const globex = await api.tenant('globex')
const url = await socketUrl(api)
const idOf = async (name: string) => (await api.db.prisma.tenant.findUniqueOrThrow({ where: { name } })).id
const [acmeId, globexId] = [await idOf('acme'), await idOf('globex')]
const write = async (app: string, tenantId = acmeId, more: Partial<NewEvent> = {}) =>
  await api.db.transaction(async (tx) => emit(tx, { tenantId, type: 'app.created', app, ...more }))
const newestId = async () => String((await api.db.prisma.event.findFirst({ orderBy: { id: 'desc' } }))?.id ?? 0)

const EVENTS = `subscription ($tenant: String! = "acme", $app: String, $types: [String!], $after: ID) {
  events(tenant: $tenant, app: $app, types: $types, after: $after) {
    ... on Event { id type app data }
    ... on Gap { after resumed }
  }
}`
const OPERATION = 'subscription ($id: ID!) { operation(id: $id) { id status steps { edges { node { action } } } } }'
const WORKLOADS = `subscription ($tenant: String! = "acme", $app: String) {
  workloads(tenant: $tenant, app: $app) { id app service desired ready status }
}`

t.test('events come live and in order, and again after an id; a gap says that some are kept no more', async (t) => {
  const client = liveClient(t, url, acme.viewer)
  const before = await newestId()
  const live = subscribe(client, EVENTS, { after: before })
  const filtered = subscribe(client, EVENTS, { after: before, app: 'b', types: ['app.*'] })
  await write('a')
  await write('x', globexId)
  await write('b')
  await write('b', acmeId, { type: 'operation.step' })
  await eventually('all came', () => live.data.length === 3 && filtered.data.length === 1)
  t.match(
    live.data.map(({ events }) => events),
    [{ app: 'a' }, { app: 'b' }, { app: 'b', type: 'operation.step' }],
  )
  const after = live.data[0]?.events.id
  const resumed = subscribe(client, EVENTS, { after })
  await eventually('the rest came', () => resumed.data.length === 2)
  const gap = subscribe(client, EVENTS, { after: '9223372036854775807' })
  await eventually('it came', () => gap.data.length === 1)
  t.match(gap.data, [{ events: { after: '9223372036854775807', resumed: /^\d+$/ } }])
  live.leave()
  t.equal(await live.over, null)
})

t.test('an operation comes as it is, after each of its changes, and ends with its end', async (t) => {
  const shop = appClient(api, acme)
  const { body } = await shop.apply({ compose: composeOf() })
  const { id } = body.operation
  const client = liveClient(t, url, acme.viewer)
  const [mine, ofAdmin, ofOther, none, rubbish] = [
    subscribe(client, OPERATION, { id }),
    subscribe(liveClient(t, url, api.adminToken), OPERATION, { id }),
    subscribe(liveClient(t, url, globex.owner), OPERATION, { id }),
    subscribe(client, OPERATION, { id: '01890000-0000-7000-8000-000000000001' }),
    subscribe(client, OPERATION, { id: 'rubbish' }),
  ]
  for (const refused of [ofOther, none, rubbish]) {
    await refused.over
    t.match(refused.errors, [{ extensions: { code: 'not_found' } }])
    t.same(refused.data, [])
  }
  await eventually('as it is', () => mine.data.length >= 1 && ofAdmin.data.length >= 1)
  await start(api, id)
  await write('shop', acmeId, { type: 'operation.started', operationId: id })
  await eventually('it has begun', () => mine.data.at(-1)?.operation.status === 'running')
  await end(api, id, 'succeeded')
  await write('shop', acmeId, { type: 'operation.succeeded', operationId: id })
  t.equal(await mine.over, null, 'it is complete')
  t.equal(await ofAdmin.over, null)
  t.match(
    mine.data.map(({ operation }) => operation.status),
    ['queued', 'running', 'succeeded'],
  )
  const late = subscribe(client, OPERATION, { id })
  t.equal(await late.over, null)
  t.match(late.data, [{ operation: { id, status: 'succeeded' } }])
})

t.test('workloads come all at once, then each that changed; one that is gone comes a last time, empty', async (t) => {
  const client = liveClient(t, url, acme.viewer)
  const all = subscribe(client, WORKLOADS)
  const ofShop = subscribe(client, WORKLOADS, { app: 'shop' })
  await eventually('those of the app', () => all.data.length === 2 && ofShop.data.length === 2)
  t.same(new Set(ofShop.data.map(({ workloads }) => workloads.service)), new Set(['db', 'web']))
  const blog = appClient(api, acme, 'blog')
  await blog.apply({ compose: composeOf() })
  await write('blog', acmeId, { type: 'operation.queued' })
  const ofBlog = () => all.data.map(({ workloads }) => workloads).filter((one) => one.app === 'blog')
  await eventually('the new app', () => new Set(ofBlog().map(({ service }) => service)).size === 2)
  await blog.post('/scale', { services: { web: 5 } })
  await write('blog', acmeId, { type: 'operation.queued' })
  await eventually('the one that changed', () => ofBlog().some((one) => one.service === 'web' && one.desired === 5))
  const told = ofBlog().length
  // Nothing changed by this one.
  await write('blog', acmeId, { type: 'instance.changed' })
  await api.db.prisma.app.delete({ where: { tenantId_name: { tenantId: acmeId, name: 'blog' } } })
  await write('blog', acmeId, { type: 'app.removed' })
  await eventually('they are gone', () => ofBlog().length === told + 2)
  t.match(ofBlog().slice(told), [
    { desired: 0, ready: 0, status: 'missing' },
    { desired: 0, ready: 0, status: 'missing' },
  ])
  t.equal(ofShop.data.length, 2)
  for (const query of [
    'subscription { workloads(tenant: "acme", app: "none") { id } }',
    'subscription { logs(tenant: "acme", app: "none") { text } }',
    'subscription { stats(tenant: "acme", app: "none") { at } }',
  ]) {
    const none = subscribe(client, query)
    await none.over
    t.match(none.errors, [{ extensions: { code: 'not_found' } }], query)
  }
})

t.test("another tenant's subscriptions are not found, and say nothing", async (t) => {
  const client = liveClient(t, url, globex.owner)
  const LOGS = 'subscription { logs(tenant: "acme", app: "shop") { text } }'
  const STATS = 'subscription { stats(tenant: "acme", app: "shop") { at } }'
  for (const query of [EVENTS, WORKLOADS, LOGS, STATS]) {
    const refused = subscribe(client, query)
    await refused.over
    t.match(refused.errors, [{ extensions: { code: 'not_found' } }])
    t.same(refused.data, [])
  }
})

t.test('what is no valid subscription is bad_request, and the socket goes on', async (t) => {
  const client = liveClient(t, url, acme.viewer)
  const refused: [string, Record<string, unknown>?][] = [
    ['subscription {'],
    ['subscription { none }'],
    ['{ whoami { name } }'],
    ['mutation { none }'],
    ['query A { whoami { name } } query B { whoami { name } }'],
    ['subscription { events { __typename } }'],
    ['subscription { events(tenant: "acme", after: "x") { __typename } }'],
    ['subscription { events(tenant: "acme", after: "9223372036854775808") { __typename } }'],
    ['subscription { events(tenant: "acme", types: ["%"]) { __typename } }'],
    [EVENTS, { types: Array.from({ length: 33 }, () => 'app.*') }],
    [EVENTS, { app: 'nul \u0000' }],
    ['subscription { events(tenant: "a\\u0000") { __typename } }'],
    ['subscription { a: events(tenant: "acme") { __typename } b: events(tenant: "acme") { __typename } }'],
    [`subscription { events(tenant: "acme") { ${'__typename '.repeat(3000)} } }`],
  ]
  for (const [query, variables] of refused) {
    const subscription = subscribe(client, query, variables)
    await subscription.over
    t.match(subscription.errors[0], { extensions: { code: 'bad_request' } }, query.slice(0, 70))
    t.same(subscription.data, [])
    t.notMatch(JSON.stringify(subscription.errors), /\.ts:|node_modules/)
  }
  const fine = subscribe(client, EVENTS)
  await eventually('it is open', async () => {
    await write('on')
    return fine.data.length > 0
  })
})

t.test('no token, a bad one, and none in time: 4403 and 4408; another protocol: 4406', async (t) => {
  const init = (payload?: object) => ({ type: 'connection_init', ...(payload && { payload }) })
  const closedAfter = async (message: object | null, options?: Parameters<typeof rawSocket>[1]) => {
    const socket = await rawSocket(url, options)
    if (message) socket.send(message)
    return await socket.closed
  }
  t.match(await closedAfter(init()), { code: 4403 })
  t.match(await closedAfter(init({ authorization: 'Bearer mrg_none' })), { code: 4403 })
  t.match(await closedAfter(init({ authorization: 7 })), { code: 4403 })
  t.match(await closedAfter(null), { code: 4408 })
  t.match(await closedAfter({ id: '1', type: 'subscribe', payload: { query: EVENTS } }), { code: 4401 })
  t.match(await closedAfter(null, { protocols: ['v5.channel.k8s.io'] }), { code: 4406 })
  t.match(await closedAfter(null, { protocols: [] }), { code: 4406 })
  const byHeader = await rawSocket(url, { headers: { authorization: `Bearer ${acme.viewer}` } })
  byHeader.send(init())
  await eventually('it is acknowledged', () => byHeader.messages.length > 0)
  t.match(byHeader.messages[0], /connection_ack/)
  byHeader.socket.close()
  const bothTokens = await closedAfter(init({ authorization: 'Bearer mrg_none' }), {
    headers: { authorization: `Bearer ${acme.viewer}` },
  })
  t.match(bothTokens, { code: 4403 }, 'the one that it says itself counts')
})

t.test('rubbish closes its own socket and harms no other', async (t) => {
  const client = liveClient(t, url, acme.viewer)
  const other = subscribe(client, EVENTS)
  const rubbish: (string | Buffer)[] = [
    '',
    'x',
    '{}',
    '[]',
    'null',
    '{"type":"none"}',
    '{"type":"connection_init","payload":7}',
    '{"type":"subscribe"}',
    '{"type":"subscribe","id":"","payload":{}}',
    '{"type":"subscribe","id":"1","payload":{"query":7}}',
    '{"type":"next","id":"1","payload":{}}',
    '{"type":"complete","id":"__proto__"}',
    `{"type":"ping","payload":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
    Buffer.from([0xff, 0xfe]),
    'y'.repeat(2_000_000),
  ]
  for (const message of rubbish) {
    for (const isKnown of [true, false]) {
      const raw = await rawSocket(url)
      if (isKnown) raw.send({ type: 'connection_init', payload: { authorization: `Bearer ${acme.viewer}` } })
      raw.socket.send(message)
      raw.socket.send('{"type":"subscribe","id":"1","payload":{"query":"subscription{none}"}}')
      raw.socket.close()
      const { code } = await raw.closed
      t.ok(code >= 1000, `${String(message).slice(0, 40)}: ${code}`)
    }
  }
  await eventually('the other goes on', async () => {
    await write('on')
    return other.data.length > 0
  })
})

t.test('a token that is revoked or expires ends its socket with 4403 within a second', async (t) => {
  const make = async (expiresAt?: string) =>
    (await api.request('POST', '/v1/tenants/acme/tokens', { body: { name: 'x', role: 'viewer', expiresAt } })).body
  const revoked = await make()
  const subscription = subscribe(liveClient(t, url, revoked.token), EVENTS)
  await eventually('it is open', async () => {
    await write('on')
    return subscription.data.length > 0
  })
  const revokedAt = performance.now()
  await api.request('DELETE', `/v1/tenants/acme/tokens/${revoked.id}`)
  t.match(await subscription.over, { code: 4403, reason: /^unauthorized/ })
  const took = performance.now() - revokedAt
  t.comment(`revoked: closed after ${took.toFixed(0)} ms`)
  t.ok(took < 3000)

  const expiresAt = Date.now() + 1500
  const { token } = await make(new Date(expiresAt).toISOString())
  const expiring = subscribe(liveClient(t, url, token), EVENTS)
  t.match(await expiring.over, { code: 4403 })
  t.comment(`expired: closed after ${Date.now() - expiresAt} ms`)
  t.ok(Date.now() >= expiresAt && Date.now() - expiresAt < 3000)
})

t.test('a socket has 100 subscriptions, each gets everything once, and those that are left make room', async (t) => {
  const client = liveClient(t, url, acme.viewer)
  const many = Array.from({ length: 100 }, () => subscribe(client, EVENTS))
  await eventually('all are open', async () => {
    await write('on')
    return many.every(({ data }) => data.length > 0)
  })
  const over = subscribe(client, EVENTS)
  await over.over
  t.match(over.errors, [{ extensions: { code: 'too_many_streams' } }])
  const after = await newestId()
  for (let count = 0; count < 20; count++) await write(`n${count}`)
  const names = (one: (typeof many)[number]) =>
    one.data.filter(({ events }) => BigInt(events.id) > BigInt(after)).map(({ events }) => events.app)
  await eventually('each has all', () => many.every((one) => names(one).length === 20))
  t.ok(many.every((one) => names(one).every((name, index) => name === `n${index}`)))
  for (const one of many) one.leave()
  const again = await eventually('there is room again', async () => {
    const one = subscribe(client, EVENTS, { after })
    await eventually('it is told', () => one.errors.length > 0 || one.data.length > 0)
    return one.data.length > 0 ? one : null
  })
  again.leave()
})

t.test('a client that does not read is cut off with 4503, and goes on without loss', async (t) => {
  const after = await newestId()
  await api.db.prisma.$executeRaw`
    SELECT append_events(jsonb_agg(jsonb_build_object(
      'tenantId', ${acmeId}::uuid, 'type', 'app.created', 'app', 'n' || n, 'data', jsonb_build_object('id', repeat('x', 16000)))))
    FROM generate_series(0, 1999) AS n`
  const raw = await rawSocket(url)
  raw.send({ type: 'connection_init', payload: { authorization: `Bearer ${acme.viewer}` } })
  await eventually('it is known', () => raw.messages.length > 0)
  raw.send({ type: 'subscribe', id: '1', payload: { query: EVENTS, variables: { after } } })
  await eventually('it has begun', () => raw.messages.length > 2)
  raw.socket.pause()
  const until = performance.now() + 5000
  await eventually('the server had the time to give up on it', () => performance.now() > until)
  raw.socket.resume()
  t.match(await raw.closed, { code: 4503, reason: /^slow_reader/ })
  const taken = raw.messages.map((text) => JSON.parse(text)).filter(({ type }) => type === 'next')
  t.notOk(
    raw.messages.some((text) => JSON.parse(text).type === 'complete'),
    'it is not told that this is all',
  )
  t.ok(taken.length < 1900, `${taken.length} were in the buffers`)
  const last = taken.at(-1).payload.data.events.id
  const rest = subscribe(liveClient(t, url, acme.viewer), EVENTS, { after: last })
  await eventually('the rest came', () => taken.length + rest.data.length >= 2000)
  t.same(
    [...taken.map(({ payload }) => payload.data.events.app), ...rest.data.map(({ events }) => events.app)],
    Array.from({ length: 2000 }, (_, index) => `n${index}`),
  )
})

t.test('a client that asks without end and reads nothing costs no memory without end', async (t) => {
  const raw = await rawSocket(url)
  raw.send({ type: 'connection_init', payload: { authorization: `Bearer ${acme.viewer}` } })
  await eventually('it is known', () => raw.messages.length > 0)
  raw.socket.pause()
  const ping = JSON.stringify({ type: 'ping', payload: { text: 'x'.repeat(100_000) } })
  for (let count = 0; count < 1000 && raw.socket.readyState === raw.socket.OPEN; count++)
    await new Promise((resolve) => raw.socket.send(ping, resolve))
  raw.socket.resume()
  const { code } = await raw.closed
  t.ok([1006, 4503].includes(code), `it was closed with ${code}`)
})

t.test('a client that is silent is asked for a sign of life, and cut off where it gives none', async (t) => {
  const dead = await rawSocket(url)
  dead.socket.pong = () => {}
  Reflect.set(dead.socket, '_autoPong', false)
  const alive = subscribe(liveClient(t, url, acme.viewer), EVENTS)
  dead.send({ type: 'connection_init', payload: { authorization: `Bearer ${acme.viewer}` } })
  t.match(await dead.closed, { code: 1006 })
  await eventually('the other goes on', async () => {
    await write('on')
    return alive.data.length > 0
  })
})

t.test('a server that stops closes with 1012, so that clients come back', async (t) => {
  const subscription = subscribe(liveClient(t, url, acme.viewer), EVENTS)
  const dead = await rawSocket(url)
  dead.send({ type: 'connection_init', payload: { authorization: `Bearer ${acme.viewer}` } })
  await eventually('it is open', async () => {
    await write('on')
    return subscription.data.length > 0 && dead.messages.length > 0
  })
  dead.socket.pause()
  const beganAt = performance.now()
  const closed = api.app.close()
  t.match(await subscription.over, { code: 1012, reason: /^unavailable/ })
  await closed
  t.ok(performance.now() - beganAt < 5000, 'it waits for no client that does not answer')
  dead.socket.terminate()
})
