import type { ServerResponse } from 'node:http'
import t from 'tap'
import { eventually } from '../../lab/run.ts'
import { startReceiver } from '../../lab/receiver.ts'
import { QUICK, webhookScene } from './scene.ts'

t.test('several workers deliver each event once, together', async (t) => {
  const scene = await webhookScene(t)
  let sending = 0
  let most = 0
  const receiver = await startReceiver(t, (response) => {
    most = Math.max(most, ++sending)
    setTimeout(() => {
      sending -= 1
      response.writeHead(204).end()
    }, 5)
  })
  const webhook = await scene.webhook(receiver.url, ['app.created'])
  await Promise.all([1, 2, 3].map(async () => await scene.deliverer()))
  await Promise.all(
    Array.from({ length: 10 }, async (_, nth) => {
      for (let more = 0; more < 10; more += 1) await scene.emit({ type: 'app.created', app: `app-${nth}-${more}` })
    }),
  )
  await scene.until(
    webhook,
    'all are delivered',
    (all) => all.length === 100 && all.every(({ status }) => status === 'succeeded'),
  )
  t.equal(receiver.received.length, 100)
  t.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 100)
  t.ok(most <= 12, `${most} at once of three workers with four each`)
  t.ok((await scene.deliveries(webhook)).every(({ attempts }) => attempts === 1))
})

t.test('a receiver that hangs and one that never ends hold up nobody else', async (t) => {
  const scene = await webhookScene(t)
  const held: ServerResponse[] = []
  const hangs = await startReceiver(t, (response) => void held.push(response))
  const endless = await startReceiver(t, (response) => {
    const more = (): void => {
      if (!response.destroyed && response.write('x'.repeat(65_536))) setImmediate(more)
      else response.once('drain', more)
    }
    more()
  })
  const healthy = await startReceiver(t)
  const [slow, streams, good] = [
    await scene.webhook(hangs.url, ['app.created']),
    await scene.webhook(endless.url, ['app.created']),
    await scene.webhook(healthy.url, ['app.created'], 'other'),
  ]
  await scene.deliverer({
    limits: { all: 6, ofTenant: 5, ofWebhook: 4 },
    timing: { ...QUICK, attemptMs: 60_000, leaseMs: 90_000 },
  })
  for (let nth = 0; nth < 30; nth += 1) await scene.emit({ type: 'app.created' })
  for (let nth = 0; nth < 10; nth += 1) await scene.emit({ type: 'app.created' }, 'other')
  await eventually('the other tenant has its events', async () =>
    (await scene.deliveries(good, 'other')).every(({ status }) => status === 'succeeded'),
  )
  t.equal(healthy.received.length, 10)
  // Its status is all that counts; what follows is cut off.
  await scene.until(
    streams,
    'what streams for ever has succeeded',
    (all) => all.filter(({ status }) => status === 'succeeded').length === 30,
  )
  // While the other webhook had some due, it came first: it had fewer under way.
  await eventually('as many at once as a webhook may have', () => hangs.received.length === 4)
  t.ok((await scene.deliveries(slow)).every(({ status }) => status === 'pending'))
  for (const response of held.splice(0)) response.writeHead(500).end()
  await eventually('a webhook that fails gets one at a time', () => hangs.received.length === 5)
})

t.test('an attempt that is not answered in time has failed', async (t) => {
  const scene = await webhookScene(t)
  const hangs = await startReceiver(t, () => {})
  const webhook = await scene.webhook(hangs.url, ['app.created'])
  await scene.deliverer({ timing: { ...QUICK, baseMs: 60_000, maxMs: 60_000, attemptMs: 200 } })
  await scene.emit({ type: 'app.created' })
  const [one] = await scene.until(webhook, 'it has failed', ([first]) => first?.error !== null && first !== undefined)
  t.match(one, { status: 'pending', attempts: 1, responseStatus: null, error: 'it did not answer in time' })
  t.ok(Number(one?.responseMs) >= 190)
})

t.test('a worker that stops lets what is under way end, and gives the rest back at once', async (t) => {
  const scene = await webhookScene(t)
  const held: ServerResponse[] = []
  const receiver = await startReceiver(t, (response, { body }) => {
    if (body.includes('quick')) setTimeout(() => response.writeHead(204).end(), 50)
    else held.push(response)
  })
  const webhook = await scene.webhook(receiver.url, ['app.created'])
  const deliverer = await scene.deliverer({ timing: { ...QUICK, graceMs: 300 } })
  await scene.emit({ type: 'app.created', app: 'hangs' })
  await scene.emit({ type: 'app.created', app: 'quick' })
  await eventually('both are under way', () => receiver.received.length === 2)
  const startedAt = performance.now()
  await deliverer.stop()
  t.ok(performance.now() - startedAt < 3000)
  t.equal(deliverer.sending, 0)
  const all = await scene.deliveries(webhook)
  t.same(all.map(({ status }) => status).toSorted(), ['pending', 'succeeded'])
  await scene.deliverer()
  await eventually('another worker sends the rest', () => receiver.received.length === 3, 5000)
  t.equal(receiver.received[2]?.headers['webhook-id'], receiver.received[0]?.headers['webhook-id'])
  for (const response of held) response.writeHead(204).end()
})

t.test('what is disabled or deleted while it is pending is not sent', async (t) => {
  const scene = await webhookScene(t)
  const receiver = await startReceiver(t)
  const [disabled, deleted] = [
    await scene.webhook(receiver.url, ['app.created']),
    await scene.webhook(receiver.url, ['app.created']),
  ]
  await scene.emit({ type: 'app.created' })
  await scene.api.request('PATCH', `/v1/tenants/acme/webhooks/${disabled.id}`, { body: { enabled: false } })
  await scene.api.request('DELETE', `/v1/tenants/acme/webhooks/${deleted.id}`)
  await scene.deliverer()
  const [one] = await scene.until(disabled, 'it is given up', ([first]) => first?.status === 'failed')
  t.match(one, { attempts: 0, error: /was disabled before/ })
  t.same(receiver.received, [])
})

t.test('a webhook that is deleted or disabled while it is sent to is no trouble', async (t) => {
  const scene = await webhookScene(t)
  const held: ServerResponse[] = []
  const receiver = await startReceiver(t, (response) => void held.push(response))
  const [deleted, disabled] = [
    await scene.webhook(receiver.url, ['app.created']),
    await scene.webhook(receiver.url, ['app.created']),
  ]
  await scene.deliverer()
  await scene.emit({ type: 'app.created' })
  await eventually('both are under way', () => held.length === 2)
  await scene.api.request('DELETE', `/v1/tenants/acme/webhooks/${deleted.id}`)
  await scene.api.request('PATCH', `/v1/tenants/acme/webhooks/${disabled.id}`, { body: { enabled: false } })
  for (const response of held.splice(0)) response.writeHead(500).end()
  const [one] = await scene.until(disabled, 'it is given up', ([first]) => first?.status === 'failed')
  t.match(one, { attempts: 1 })
  t.notMatch(scene.log.text, /could not be written/)
})

t.test('a hundred thousand that wait for one receiver do not slow the others down', async (t) => {
  const scene = await webhookScene(t)
  const [gone, healthy] = [await startReceiver(t, () => {}), await startReceiver(t)]
  const backlog = await scene.webhook(gone.url, ['app.removed'])
  const good = await scene.webhook(healthy.url, ['app.created'], 'other')
  const { db } = scene.api
  await db.prisma.$executeRaw`
    WITH e AS (INSERT INTO events (tenant_id, type) SELECT w.tenant_id, 'app.removed' FROM webhooks w, generate_series(1, 100000)
      WHERE w.id = ${backlog.id}::uuid RETURNING id)
    INSERT INTO webhook_deliveries (webhook_id, event_id, next_attempt_at) SELECT ${backlog.id}::uuid, id, now() - interval '1 h' FROM e`
  await db.prisma.$executeRaw`ANALYZE webhook_deliveries`
  await scene.deliverer()
  await eventually('it is sent to', () => gone.received.length === 4)
  const times: number[] = []
  for (let nth = 0; nth < 20; nth += 1) {
    const startedAt = performance.now()
    await scene.emit({ type: 'app.created' }, 'other')
    await eventually('it is there', () => healthy.received.length > nth, 10_000)
    times.push(performance.now() - startedAt)
  }
  const median = times.toSorted((a, b) => a - b)[10] ?? 0
  t.comment(`from commit to receiver: ${Math.round(median)} ms`)
  t.ok(median < 1500, `${median} ms`)
  t.ok((await scene.deliveries(good, 'other')).length === 20)
})
