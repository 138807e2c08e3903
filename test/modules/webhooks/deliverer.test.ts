import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { eventually } from '../../lab/run.ts'
import { type Received, startReceiver } from '../../lab/receiver.ts'
import { QUICK, webhookScene } from './scene.ts'

const typesOf = (received: readonly Received[]) => received.map(({ body }) => String(JSON.parse(body).type)).toSorted()

t.test(
  'an event is delivered once, signed as the stock library checks it, with the event as the API shows it',
  async (t) => {
    const scene = await webhookScene(t)
    const receiver = await startReceiver(t)
    const { id, secret } = await scene.webhook(`${receiver.url}/hooks?a=b`, ['app.*'])
    await scene.deliverer()
    await scene.emit({ type: 'app.created', app: 'shop', actor: 'token:ci', data: { text: 'ümlaut ✓' } })
    const [delivery] = await scene.until({ id }, 'it is delivered', ([one]) => one?.status === 'succeeded')
    t.match(delivery, {
      type: 'app.created',
      attempts: 1,
      responseStatus: 204,
      error: null,
      nextAttemptAt: null,
      redelivery: false,
    })
    t.ok(Number(delivery?.responseMs) >= 0)
    const [got, ...more] = receiver.received
    t.same(more, [])
    t.match(got, {
      method: 'POST',
      path: '/hooks?a=b',
      headers: { 'content-type': 'application/json', 'user-agent': /^Moorage\// },
    })
    const headers = Object.fromEntries(Object.entries(got?.headers ?? {}).map(([name, value]) => [name, String(value)]))
    const { body: events } = await scene.api.request('GET', '/v1/tenants/acme/events?type=app.created')
    const message = new Webhook(secret).verify(got?.body ?? '', headers)
    t.same(message, { type: 'app.created', timestamp: events.items[0].at, data: events.items[0] })
    t.equal(events.items[0].id, delivery?.event)
    const other = await scene.webhook(receiver.url)
    t.throws(() => new Webhook(other.secret).verify(got?.body ?? '', headers), 'not with another secret')
    t.throws(() => new Webhook(secret).verify(`${got?.body} `, headers), 'nor with another body')
  },
)

t.test('a webhook gets the types that it asked for, of its own tenant alone', async (t) => {
  const scene = await webhookScene(t)
  const [all, some, exact, foreign] = await Promise.all([1, 2, 3, 4].map(async () => await startReceiver(t)))
  if (!all || !some || !exact || !foreign) throw new Error('no receivers')
  await scene.webhook(some.url, ['operation.*'])
  await scene.webhook(exact.url, ['operation.failed', 'app.created'])
  await scene.webhook(all.url)
  await scene.webhook(foreign.url, [], 'other')
  await scene.deliverer()
  for (const type of ['app.created', 'operation.queued', 'operation.failed', 'instance.changed'] as const)
    await scene.emit({ type })
  await scene.emit({ type: 'app.removed' }, 'other')
  await eventually(
    'all are there',
    () =>
      all.received.length >= 5 &&
      some.received.length >= 2 &&
      exact.received.length >= 2 &&
      foreign.received.length >= 2,
  )
  await eventually(
    'nothing is left',
    async () => (await scene.api.db.prisma.webhookDelivery.count({ where: { status: 'pending' } })) === 0,
  )
  t.same(typesOf(all.received), [
    'app.created',
    'instance.changed',
    'operation.failed',
    'operation.queued',
    'webhook.created',
  ])
  t.same(typesOf(some.received), ['operation.failed', 'operation.queued'])
  t.same(typesOf(exact.received), ['app.created', 'operation.failed'])
  t.same(typesOf(foreign.received), ['app.removed', 'webhook.created'])
})

t.test('what fails is sent again with the same id and a new time, until it succeeds', async (t) => {
  const scene = await webhookScene(t)
  const answers = [500, 302, 404, 0, 200]
  const receiver = await startReceiver(t, (response, _one, nth) => {
    const status = answers[nth - 1] ?? 200
    if (status === 0) response.destroy()
    else response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('ignored')
  })
  const webhook = await scene.webhook(receiver.url, ['app.created'])
  await scene.deliverer()
  await scene.emit({ type: 'app.created' })
  const seen = new Set<string | null>()
  const [delivery] = await scene.until(webhook, 'it is delivered', ([one]) => {
    seen.add(one?.error ?? null)
    return one?.status === 'succeeded'
  })
  t.match(delivery, { attempts: 5, responseStatus: 200, error: null })
  t.equal(receiver.received.length, 5)
  t.same(new Set(receiver.received.map(({ path }) => path)), new Set(['/']), 'no redirect is followed')
  t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1)
  t.match(receiver.received[0]?.headers['webhook-id'], /^msg_[0-9a-f]{32}$/)
  t.match(await scene.shown(webhook), { failingSince: null, enabled: true })
})

t.test('a failure says why, and when it is tried again', async (t) => {
  const scene = await webhookScene(t)
  const receiver = await startReceiver(t, (response) => void response.writeHead(503, { 'retry-after': '120' }).end())
  const [busy, redirects] = [
    receiver,
    await startReceiver(t, (response) => void response.writeHead(308, { location: 'http://169.254.169.254/' }).end()),
  ]
  const webhooks = {
    busy: await scene.webhook(busy.url, ['app.created']),
    redirects: await scene.webhook(redirects.url, ['app.created']),
    refused: await scene.webhook('http://127.0.0.1:1/', ['app.created']),
  }
  // One whose address was allowed when it was registered, and is not any more.
  const banned = await scene.webhook('http://127.0.0.1:1/banned', ['app.created'])
  await scene.api.db.prisma.webhook.update({ where: { id: banned.id }, data: { url: 'http://169.254.169.254/latest' } })
  await scene.deliverer({ timing: {} })
  await scene.emit({ type: 'app.created' })
  const failed = async (webhook: { id: string }) =>
    (await scene.until(webhook, 'it has failed', ([one]) => one?.error !== null && one !== undefined))[0]
  const inMs = (text: string | null | undefined) => Date.parse(text ?? '') - Date.now()
  const one = await failed(webhooks.busy)
  t.match(one, { status: 'pending', attempts: 1, responseStatus: 503, error: 'it answered 503' })
  t.ok(inMs(one?.nextAttemptAt) > 100_000 && inMs(one?.nextAttemptAt) <= 120_000, 'as Retry-After asks')
  const refused = await failed(webhooks.refused)
  t.match(refused, { status: 'pending', responseStatus: null, error: 'the connection was refused' })
  t.ok(inMs(refused?.nextAttemptAt) > 0 && inMs(refused?.nextAttemptAt) <= 10_000)
  t.match(await failed(webhooks.redirects), { responseStatus: 308, error: /redirects are not followed/ })
  t.match(await failed(banned), { responseStatus: null, responseMs: null, error: /this address is not allowed/ })
  t.match(await scene.shown(webhooks.busy), { enabled: true, failingSince: String })
})

t.test(
  'the waits grow, with jitter, to a day; then the delivery has failed, its webhook is disabled, and the others are told',
  async (t) => {
    const scene = await webhookScene(t)
    const receiver = await startReceiver(t, (response) => void response.writeHead(500).end())
    const healthy = await startReceiver(t)
    const webhook = await scene.webhook(receiver.url, ['app.created', 'webhook.disabled'])
    await scene.webhook(healthy.url, ['webhook.disabled'])
    await scene.webhook(healthy.url, ['webhook.disabled'], 'other')
    await scene.deliverer({ timing: { pollMs: 20 } })
    await scene.emit({ type: 'app.created' })
    const waits: number[] = []
    for (let attempt = 1; attempt < 40; attempt += 1) {
      const row = await eventually(`attempt ${attempt} has failed`, async () => {
        const found = await scene.api.db.prisma.webhookDelivery.findFirstOrThrow({ where: { webhookId: webhook.id } })
        return found.attempts === attempt && found.leaseUntil === null && found
      })
      if (row.status === 'failed') break
      const wait = (row.nextAttemptAt?.getTime() ?? 0) - Date.now()
      waits.push(wait)
      await scene.pass(Math.ceil(wait / 60_000))
    }
    const [last] = await scene.deliveries(webhook)
    t.match(last, { status: 'failed', error: 'it answered 500', nextAttemptAt: null })
    t.ok(waits.length >= 8 && waits.length <= 30, `${waits.length} waits`)
    t.ok(Number(waits[0]) <= 10_000)
    waits.slice(1, 8).forEach((wait, at) => t.ok(wait > (waits[at] ?? 0) * 0.9, 'each is longer'))
    t.ok(Math.max(...waits) <= 4 * 3_600_000)
    const shown = await eventually('it is disabled', async () => {
      const found = await scene.shown(webhook)
      return found.enabled === false && found
    })
    t.match(shown, { disabledReason: 'no delivery has succeeded for a day', failingSince: String })
    await eventually('another one is told', () => healthy.received.length > 0)
    t.same(typesOf(healthy.received), ['webhook.disabled'], 'of its own tenant alone, and once')
    t.match(JSON.parse(healthy.received[0]?.body ?? ''), {
      data: { data: { id: webhook.id }, actor: 'system:webhooks' },
    })
    const asked = receiver.received.length
    await scene.emit({ type: 'app.created' })
    await scene.until(webhook, 'nothing is pending', (all) => all.every(({ status }) => status !== 'pending'))
    t.equal(receiver.received.length, asked, 'a disabled webhook is sent nothing')
    const { body } = await scene.api.request('PATCH', `/v1/tenants/acme/webhooks/${webhook.id}`, {
      body: { enabled: true },
    })
    t.match(body, { enabled: true, failingSince: null, disabledReason: null })
    await scene.emit({ type: 'app.created' })
    await eventually('and is sent what comes from then on', () => receiver.received.length > asked)
  },
)

t.test('one success in a day keeps a webhook that fails all other times', async (t) => {
  const scene = await webhookScene(t)
  let isUp = false
  const receiver = await startReceiver(t, (response) => void response.writeHead(isUp ? 200 : 500).end())
  const webhook = await scene.webhook(receiver.url, ['app.created'])
  await scene.deliverer({ timing: { ...QUICK, baseMs: 3_600_000, maxMs: 3_600_000 } })
  await scene.emit({ type: 'app.created', app: 'one' })
  await scene.until(webhook, 'the first fails', ([one]) => one?.error === 'it answered 500')
  await eventually('it is noted', async () => (await scene.shown(webhook)).failingSince !== null)
  await scene.pass(20 * 60)
  isUp = true
  await scene.until(webhook, 'it succeeds', ([one]) => one?.status === 'succeeded')
  isUp = false
  await scene.emit({ type: 'app.created', app: 'two' })
  await scene.until(webhook, 'the second fails', ([one]) => one?.error === 'it answered 500')
  await scene.pass(20 * 60)
  await scene.until(
    webhook,
    'it fails again',
    ([one]) => one?.attempts === 2 && one.status === 'pending' && one.error !== null,
  )
  t.match(await scene.shown(webhook), { enabled: true })
})

t.test('410 disables at once', async (t) => {
  const scene = await webhookScene(t)
  const receiver = await startReceiver(t, (response) => void response.writeHead(410).end())
  const webhook = await scene.webhook(receiver.url, ['app.created'])
  await scene.deliverer()
  await scene.emit({ type: 'app.created' })
  const [one] = await scene.until(webhook, 'it has failed', ([first]) => first?.status === 'failed')
  t.match(one, { attempts: 1, responseStatus: 410 })
  t.match(await scene.shown(webhook), { enabled: false, disabledReason: 'the receiver answered 410 Gone' })
  const { body } = await scene.api.request('GET', '/v1/tenants/acme/events?type=webhook.disabled')
  t.match(body.items, [{ data: { id: webhook.id }, actor: 'system:webhooks' }])
})

t.test('redelivered by hand, it is the same message again', async (t) => {
  const scene = await webhookScene(t)
  const receiver = await startReceiver(t)
  const webhook = await scene.webhook(receiver.url, ['app.created'])
  await scene.deliverer()
  await scene.emit({ type: 'app.created', app: 'shop' })
  const [first] = await scene.until(webhook, 'it is delivered', ([one]) => one?.status === 'succeeded')
  const again = await scene.api.request(
    'POST',
    `/v1/tenants/acme/webhooks/${webhook.id}/deliveries/${first?.id}/redeliver`,
  )
  t.match(again, { status: 202, body: { redelivery: true, status: 'pending', event: first?.event } })
  const all = await scene.until(
    webhook,
    'it is delivered again',
    ([one]) => one?.status === 'succeeded' && one.redelivery,
  )
  t.equal(all.length, 2)
  const [one, two] = receiver.received
  t.equal(one?.headers['webhook-id'], two?.headers['webhook-id'])
  t.equal(one?.body, two?.body)
  const twice = await scene.api.request(
    'POST',
    `/v1/tenants/acme/webhooks/${webhook.id}/deliveries/${again.body.id}/redeliver`,
  )
  t.equal(twice.status, 202)
  await eventually(
    'and a redelivery of that',
    () => receiver.received[2]?.headers['webhook-id'] === one?.headers['webhook-id'],
  )
})

t.test('an event that is pruned takes its deliveries with it', async (t) => {
  const scene = await webhookScene(t)
  const webhook = await scene.webhook('http://127.0.0.1:1/', ['app.created'])
  await scene.emit({ type: 'app.created' })
  t.equal((await scene.deliveries(webhook)).length, 1)
  await scene.api.db.prisma.event.deleteMany({ where: { type: 'app.created' } })
  t.same(await scene.deliveries(webhook), [])
})

t.test('the secret is in no log line, whatever goes wrong', async (t) => {
  const scene = await webhookScene(t)
  const receiver = await startReceiver(
    t,
    (response, _one, nth) => void (nth % 2 ? response.destroy() : response.writeHead(500).end()),
  )
  const webhook = await scene.webhook(`${receiver.url}/?token=canary-in-url`, ['app.created'])
  await scene.deliverer()
  await scene.emit({ type: 'app.created' })
  await scene.until(webhook, 'it fails some times', ([one]) => Number(one?.attempts) >= 4)
  await scene.api.db.prisma.webhook.update({ where: { id: webhook.id }, data: { secret: Buffer.from('damaged') } })
  await scene.until(webhook, 'its secret is unreadable', ([one]) => /unsealed/.test(one?.error ?? ''))
  t.match(scene.log.text, /a delivery failed/)
  for (const canary of [webhook.secret, webhook.secret.slice(6), 'canary-in-url', 'damaged'])
    t.notOk(scene.log.text.includes(canary), canary)
})
