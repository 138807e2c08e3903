import { Webhook } from 'standardwebhooks'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import { openDatabase } from '../../src/db/index.ts'
import { labDatabase, quiet } from '../lab/database.ts'
import { startReceiver } from '../lab/receiver.ts'
import { eventually, startServer } from '../lab/server.ts'

t.test(
  'a worker that is killed in the middle of a delivery: the next one sends it again, the same, and then it is done',
  async (t) => {
    const { url } = await labDatabase(t)
    const env = { MOORAGE_OUTBOUND_ALLOW: '127.0.0.0/8', MOORAGE_LOG_LEVEL: 'trace' }
    const held: ServerResponse[] = []
    const receiver = await startReceiver(t, (response) => void held.push(response))
    const [api, first] = await Promise.all([
      startServer({ databaseUrl: url, roles: 'api', env }),
      startServer({ databaseUrl: url, roles: 'worker', env }),
    ])
    t.teardown(async () => await api.stop())
    const made = await api.request('POST', '/v1/tenants', { body: { name: 'acme' } })
    t.equal(made.status, 201)
    const hooks = '/v1/tenants/acme/webhooks'
    const { body: webhook } = await api.request('POST', hooks, {
      body: { url: `${receiver.url}/hook`, types: ['token.*'] },
    })
    const token = { name: 'ci', role: 'viewer' }
    t.equal((await api.request('POST', '/v1/tenants/acme/tokens', { body: token })).status, 201)
    await eventually('it is under way', () => held.length === 1)
    first.kill('SIGKILL')
    await first.exited

    const second = await startServer({ databaseUrl: url, roles: 'worker', env })
    t.teardown(async () => void (await second.stop()))
    const deliveries = async () => (await api.request('GET', `${hooks}/${webhook.id}/deliveries`)).body.items
    t.match(await deliveries(), [{ status: 'pending', attempts: 1, finishedAt: null }])
    t.equal(receiver.received.length, 1, 'nobody sends it while its lease holds')
    const db = await openDatabase({ url, log: quiet })
    t.teardown(async () => await db.close())
    await db.prisma.$executeRaw`UPDATE webhook_deliveries SET next_attempt_at = now(), lease_until = now()`
    receiver.answer = (response) => void response.writeHead(204).end()
    await eventually('it is sent again', () => receiver.received.length === 2)
    await eventually('it is done', async () => (await deliveries())[0].status === 'succeeded')
    t.match(await deliveries(), [{ attempts: 2, responseStatus: 204, type: 'token.created' }])
    const [one, two] = receiver.received
    t.equal(one?.headers['webhook-id'], two?.headers['webhook-id'])
    t.equal(one?.body, two?.body)
    for (const { headers, body } of receiver.received)
      t.match(new Webhook(webhook.secret).verify(body, headers as Record<string, string>), {
        type: 'token.created',
        data: { data: token },
      })

    const canary = String(webhook.secret).slice('whsec_'.length)
    const lines = [...api.lines, ...first.lines, ...second.lines]
    t.ok(lines.length > 10)
    t.notOk(
      lines.some((line) => line.includes(canary)),
      'the secret is in no line of any process',
    )

    receiver.answer = (response) => void held.push(response)
    t.equal((await api.request('POST', '/v1/tenants/acme/tokens', { body: { ...token, name: 'cd' } })).status, 201)
    await eventually('another one is under way', () => receiver.received.length === 3)
    const startedAt = performance.now()
    t.equal(await second.stop(), 0)
    t.ok(performance.now() - startedAt < 10_000, 'and yet a worker stops in time')
    t.match((await deliveries())[0], { status: 'pending', attempts: 1 })
  },
)

t.test('without an allow-list nothing inside is called', async (t) => {
  const { url } = await labDatabase(t)
  const receiver = await startReceiver(t)
  const server = await startServer({ databaseUrl: url })
  t.teardown(async () => void (await server.stop()))
  await server.request('POST', '/v1/tenants', { body: { name: 'acme' } })
  const hooks = '/v1/tenants/acme/webhooks'
  for (const bad of [receiver.url, receiver.url.replace('http', 'https'), 'http://localhost/', 'https://0x7f000001/'])
    t.equal((await server.request('POST', hooks, { body: { url: bad } })).status, 400, bad)
  const { body } = await server.request('POST', hooks, { body: { url: `https://localhost:${receiver.port}/` } })
  const one = await eventually('its first delivery fails', async () => {
    const { body: page } = await server.request('GET', `${hooks}/${body.id}/deliveries`)
    return page.items[0]?.error !== null && page.items[0]
  })
  t.match(one, {
    status: 'pending',
    responseStatus: null,
    responseMs: null,
    error: 'the name has no address that is allowed',
  })
  t.same(receiver.received, [])
})
