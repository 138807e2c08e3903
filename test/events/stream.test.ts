import t from 'tap'
import { createMoorageClient, followStream, MoorageError } from '../../clients/typescript/src/index.ts'
import { emit } from '../../src/events/index.ts'
import { apiHarness } from '../lab/api.ts'
import { eventually } from '../lab/run.ts'
import { listen, openStream } from './sse.ts'

const api = await apiHarness(t, { liveTiming: { heartbeatMs: 100, slowMs: 1000 } })
const acme = await api.tenant('acme')
const globex = await api.tenant('globex')
const url = await listen(api)
const path = '/v1/tenants/acme/events'
const idOf = async (name: string) => (await api.db.prisma.tenant.findUniqueOrThrow({ where: { name } })).id
const [acmeId, globexId] = [await idOf('acme'), await idOf('globex')]
const write = async (app: string, tenantId: string | null = acmeId) =>
  await api.db.transaction(async (tx) => emit(tx, { tenantId, type: 'app.created', app, data: { id: 'x' } }))
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `n${from + index}`)
const appOf = ({ data }: { data: string }) => (JSON.parse(data) as { app: string }).app
const newestId = async () => String((await api.db.prisma.event.findFirst({ orderBy: { id: 'desc' } }))?.id ?? 0)

t.test('a stream brings each event under its type with its id, and says that it is there', async (t) => {
  const stream = await openStream(`${url}${path}`, acme.viewer)
  t.match(stream, {
    status: 200,
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-request-id': String },
  })
  await write('a')
  await write('b', globexId)
  await write('c')
  await eventually('both came', () => stream.events.length === 2)
  t.match(stream.text, /^: at (\d+)\nid: \1\n\n/, 'first where it begins')
  const [first] = stream.events
  const event = JSON.parse(first?.data ?? '{}')
  t.match(first, { event: 'app.created', id: event.id })
  t.same(event, {
    id: event.id,
    type: 'app.created',
    tenant: 'acme',
    app: 'a',
    host: null,
    service: null,
    operation: null,
    actor: null,
    at: event.at,
    data: { id: 'x' },
  })
  t.same(stream.events.map(appOf), ['a', 'c'])
  await eventually('it is alive', () => stream.comments.includes('still here'))
  stream.leave()
})

t.test('a stream goes on after Last-Event-ID, which comes before ?after', async (t) => {
  const before = await newestId()
  for (const name of numbers(0, 5)) await write(name)
  const whole = await openStream(`${url}${path}?after=${before}`, acme.viewer)
  await eventually('all came', () => whole.events.length === 5)
  const middle = whole.events[2]?.id ?? ''
  const rest = await openStream(`${url}${path}?after=${before}`, acme.viewer, { 'last-event-id': middle })
  await eventually('the rest came', () => rest.events.length === 2)
  t.same(rest.events.map(appOf), ['n3', 'n4'])
  const ofApp = await openStream(`${url}${path}?after=${before}&app=n1&type=app.*`, acme.viewer)
  await eventually('it came', () => ofApp.events.length === 1)
  const gap = await openStream(`${url}${path}`, acme.viewer, { 'last-event-id': '9223372036854775807' })
  await eventually('it came', () => gap.events.length === 1)
  t.match(gap.events[0], { event: 'gap', data: /"after":"9223372036854775807","resumed":"\d+"/, id: /\d+/ })
  for (const stream of [whole, rest, ofApp, gap]) stream.leave()
})

t.test(
  '401 without a token, 404 hides another tenant, 403 keeps the platform to admins, 400 names what is no id',
  async (t) => {
    const asked = async (at: string, token: string, headers = {}) => {
      const stream = await openStream(`${url}${at}`, token, headers)
      await stream.ended
      return { status: stream.status, code: (JSON.parse(stream.text) as { code: string }).code }
    }
    t.same(await asked(path, 'mrg_none'), { status: 401, code: 'unauthorized' })
    t.same(await asked(path, globex.owner), { status: 404, code: 'not_found' })
    t.same(await asked('/v1/tenants/none/events', acme.owner), { status: 404, code: 'not_found' })
    t.same(await asked('/v1/events', acme.owner), { status: 403, code: 'forbidden' })
    const bad = { status: 400, code: 'bad_request' }
    for (const id of ['-1', 'x', '1.5', '9223372036854775808', '99999999999999999999', '1'.repeat(65), '0x10'])
      t.same(await asked(path, acme.owner, { 'last-event-id': id }), bad, id)
    for (const query of [
      'after=x',
      'after=9223372036854775808',
      'type=x',
      `type=${'app.*,'.repeat(40)}app.*`,
      'operation=1',
    ])
      t.same(await asked(`${path}?${query}`, acme.owner), bad, query)
  },
)

t.test('HEAD answers the head alone, and the connection is free again', async (t) => {
  const stream = await openStream(`${url}${path}`, acme.viewer, {}, 'HEAD')
  t.equal(stream.status, 200)
  t.match(stream.headers, { 'content-type': 'text/event-stream' })
  t.equal(await stream.ended, true)
})

t.test(
  'the client follows across cut connections: no event lost and none twice, also before the first one',
  async (t) => {
    const client = createMoorageClient({ baseUrl: url, token: acme.viewer })
    const leave = new AbortController()
    const seen: string[] = []
    const following = (async () => {
      for await (const event of followStream(client, path, { signal: leave.signal })) seen.push(appOf(event))
    })()
    // Heartbeats have come by then.
    const until = performance.now() + 500
    await eventually('it is connected', () => performance.now() > until)
    api.app.server.closeAllConnections()
    for (const name of numbers(0, 400)) {
      await write(name)
      if (Number(name.slice(1)) % 60 === 7) api.app.server.closeAllConnections()
    }
    await eventually('all came', () => seen.length >= 400)
    t.same(seen, numbers(0, 400))
    leave.abort()
    await following
  },
)

t.test('a reader that takes nothing is cut off with slow_reader, and goes on without loss', async (t) => {
  const before = await newestId()
  // More than the sockets' buffers hold.
  await api.db.prisma.$executeRaw`
    SELECT append_events(jsonb_agg(jsonb_build_object(
      'tenantId', ${acmeId}::uuid, 'type', 'app.created', 'app', 'n' || n, 'data', jsonb_build_object('id', repeat('x', 16000)))))
    FROM generate_series(0, 1999) AS n`
  const stream = await openStream(`${url}${path}?after=${before}`, acme.viewer)
  stream.pause()
  const until = performance.now() + 3000
  await eventually('the server had the time to give up on it', () => performance.now() > until)
  stream.resume()
  t.equal(await stream.ended, true)
  t.match(stream.problem, { code: 'slow_reader', status: 503 })
  const taken = stream.events.filter(({ event }) => event !== 'error')
  t.ok(taken.length < 1900, `${taken.length} were in the buffers`)
  t.same(taken.map(appOf), numbers(0, taken.length))
  const rest = await openStream(`${url}${path}`, acme.viewer, { 'last-event-id': taken.at(-1)?.id ?? '' })
  await eventually('the rest came', () => rest.events.length >= 2000 - taken.length)
  t.same(rest.events.slice(0, 2000 - taken.length).map(appOf), numbers(taken.length, 2000))
  rest.leave()
})

t.test('a token that is revoked or expires ends its streams within a second, and no other', async (t) => {
  const make = async (expiresAt?: string) =>
    (await api.request('POST', '/v1/tenants/acme/tokens', { body: { name: 'x', role: 'viewer', expiresAt } })).body
  const other = await openStream(`${url}${path}`, acme.viewer)
  const revoked = await make()
  const stream = await openStream(`${url}${path}`, revoked.token)
  const paused = await openStream(`${url}${path}`, revoked.token)
  const revokedAt = performance.now()
  await api.request('DELETE', `/v1/tenants/acme/tokens/${revoked.id}`)
  t.equal(await stream.ended, true)
  const took = performance.now() - revokedAt
  t.comment(`revoked: ended after ${took.toFixed(0)} ms`)
  t.ok(took < 3000)
  t.match(stream.problem, { code: 'unauthorized', status: 401 })
  t.equal(await paused.ended, true)

  const expiresAt = Date.now() + 1500
  const { token } = await make(new Date(expiresAt).toISOString())
  const expiring = await openStream(`${url}${path}`, token)
  t.equal(await expiring.ended, true)
  t.comment(`expired: ended after ${Date.now() - expiresAt} ms`)
  t.ok(Date.now() >= expiresAt && Date.now() - expiresAt < 3000)
  t.match(expiring.problem, { code: 'unauthorized' })

  const client = createMoorageClient({ baseUrl: url, token })
  const error = await followStream(client, path)
    .next()
    .catch((reason: unknown) => reason)
  t.ok(error instanceof MoorageError && error.status === 401, 'the client does not come back for ever')
  await write('last')
  await eventually('the other goes on', () => other.events.length > 0)
  other.leave()
})

t.test("a list's pages and filters show each event once, newest first", async (t) => {
  const all = await api.db.prisma.event.findMany({ where: { tenantId: acmeId }, orderBy: { id: 'desc' }, take: 30 })
  const listed: string[] = []
  let cursor: string | null = ''
  while (listed.length < 30) {
    const { status, body }: { status: number; body: { items: { id: string }[]; nextCursor: string | null } } =
      await api.request('GET', `${path}?limit=7${cursor ? `&cursor=${cursor}` : ''}`, { token: acme.viewer })
    t.equal(status, 200)
    listed.push(...body.items.map(({ id }) => id))
    cursor = body.nextCursor
  }
  t.same(
    listed.slice(0, 30),
    all.map(({ id }) => String(id)),
  )
  const query = async (text: string, token = acme.viewer) => await api.request('GET', `${path}?${text}`, { token })
  t.match((await query('app=last&limit=200')).body.items, [{ app: 'last', tenant: 'acme' }])
  t.same((await query('app=none')).body, { items: [], nextCursor: null })
  t.same((await query('type=webhook.*')).body.items, [])
  t.ok((await query('type=app.created,token.revoked&limit=5')).body.items.length > 0)
  t.equal((await query('cursor=rubbish')).status, 400)
  t.equal((await query('limit=5', globex.viewer)).status, 404)
  const platform = await api.request('GET', '/v1/events?limit=200')
  t.ok(new Set(platform.body.items.map(({ tenant }: { tenant: string }) => tenant)).has('acme'))
})
