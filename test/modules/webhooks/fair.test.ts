import type { ServerResponse } from 'node:http'
import t from 'tap'
import { startReceiver } from '../../lab/receiver.ts'
import { eventually } from '../../lab/run.ts'
import { QUICK, webhookScene } from './scene.ts'

t.test(
  'tenants that hold all places with slow receivers and have more waiting give way to one that has none',
  async (t) => {
    const scene = await webhookScene(t)
    await scene.api.tenant('third')
    const held: ServerResponse[] = []
    const slow = await startReceiver(t, (response) => void held.push(response))
    const healthy = await startReceiver(t)
    await scene.webhook(slow.url, ['app.created'])
    await scene.webhook(slow.url, ['app.created'], 'other')
    await scene.webhook(healthy.url, ['app.created'], 'third')
    for (const tenant of ['acme', 'other'])
      for (let nth = 0; nth < 10; nth += 1) await scene.emit({ type: 'app.created' }, tenant)
    await scene.deliverer({
      limits: { all: 4, ofTenant: 2, ofWebhook: 2 },
      timing: { ...QUICK, attemptMs: 60_000, leaseMs: 90_000 },
    })
    await eventually('all places are taken', () => held.length === 4)
    await scene.emit({ type: 'app.created' }, 'third')
    held.shift()?.writeHead(204).end()
    await eventually('the first place that is free is for the third', () => healthy.received.length === 1)
    t.ok(slow.received.length <= 5, `${slow.received.length} were sent to the slow ones`)
  },
)

t.test('what is pending of a disabled webhook is given up, however busy the worker is with others', async (t) => {
  const scene = await webhookScene(t)
  const healthy = await startReceiver(t)
  await scene.webhook(healthy.url, ['app.removed'], 'other')
  const disabled = await scene.webhook('http://127.0.0.1:1/', ['app.created'])
  await scene.deliverer({ timing: { pollMs: 500 } })
  await scene.emit({ type: 'app.created' })
  await scene.until(disabled, 'it waits for its second attempt', ([one]) => one?.error === 'the connection was refused')
  let isOver = false
  const busy = (async () => {
    while (!isOver) await scene.emit({ type: 'app.removed' }, 'other')
  })()
  await eventually('the worker is busy', () => healthy.received.length > 10)
  await scene.api.request('PATCH', `/v1/tenants/acme/webhooks/${disabled.id}`, { body: { enabled: false } })
  const givenUp = eventually(
    'it is given up',
    async () => (await scene.deliveries(disabled))[0]?.status === 'failed',
    5000,
  )
  await givenUp.finally(() => (isOver = true))
  await busy
})

t.test('an answer from the address before says nothing of the new one', async (t) => {
  const scene = await webhookScene(t)
  const held: ServerResponse[] = []
  const before = await startReceiver(t, (response) => void held.push(response))
  const after = await startReceiver(t)
  const webhook = await scene.webhook(before.url, ['app.created'])
  await scene.deliverer()
  await scene.emit({ type: 'app.created' })
  await eventually('it is under way', () => held.length === 1)
  await scene.api.request('PATCH', `/v1/tenants/acme/webhooks/${webhook.id}`, { body: { url: after.url } })
  held.shift()?.writeHead(410).end()
  await scene.until(webhook, 'it is delivered to the new one', ([one]) => one?.status === 'succeeded')
  t.match(await scene.shown(webhook), { enabled: true, failingSince: null, disabledReason: null })
})

t.test('a receiver that says 200 at once and drips its body for ever holds its place for a second', async (t) => {
  const scene = await webhookScene(t)
  const drips = await startReceiver(t, (response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('.'), 50)
    response.once('close', () => clearInterval(timer))
  })
  const webhook = await scene.webhook(drips.url, ['app.created'])
  await scene.deliverer({ timing: { ...QUICK, attemptMs: 20_000, leaseMs: 30_000 } })
  await scene.emit({ type: 'app.created' })
  const [one] = await scene.until(webhook, 'it is delivered', ([first]) => first?.status === 'succeeded')
  t.match(one, { responseStatus: 200, attempts: 1 })
  t.ok((one?.responseMs ?? Infinity) < 10_000, `${one?.responseMs} ms`)
})

t.test('slow receivers of a tenant give way to its other webhooks', async (t) => {
  const scene = await webhookScene(t)
  const held: ServerResponse[] = []
  const slow = await startReceiver(t, (response) => void held.push(response))
  const healthy = await startReceiver(t)
  for (let nth = 0; nth < 2; nth += 1) await scene.webhook(slow.url, ['app.created'])
  await scene.webhook(healthy.url, ['app.removed'])
  for (let nth = 0; nth < 10; nth += 1) await scene.emit({ type: 'app.created' })
  await scene.deliverer({
    limits: { all: 8, ofTenant: 4, ofWebhook: 3 },
    timing: { ...QUICK, attemptMs: 60_000, leaseMs: 90_000 },
  })
  await eventually('its places are taken', () => held.length === 4)
  await scene.emit({ type: 'app.removed' })
  held.shift()?.writeHead(204).end()
  await eventually('the first place that is free is for the other one', () => healthy.received.length === 1)
  t.ok(slow.received.length <= 5, `${slow.received.length} were sent to the slow ones`)
})
