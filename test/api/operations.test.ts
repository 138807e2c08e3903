import t from 'tap'
import { apiHarness } from '../lab/api.ts'
import { appClient, composeOf, end, start } from './scene.ts'

t.test('operations', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')
  const other = await api.tenant('other')
  const shop = appClient(api, acme)
  const queue = async () =>
    (await shop.apply({ compose: composeOf({ tag: String(performance.now()) }) })).body.operation

  t.test('200 lists them newest first, without plan and steps, and filters', async (t) => {
    const first = await queue()
    const second = await queue()
    await appClient(api, acme, 'blog').apply({ compose: composeOf() })
    await appClient(api, other).apply({ compose: composeOf() })
    const list = async (query: string) =>
      (await api.request('GET', `/v1/tenants/acme/operations${query}`, { token: acme.viewer })).body.items
    const ids = (await list('?app=shop')).map(({ id }: { id: string }) => id)
    t.same(ids, [second.id, first.id])
    t.same(
      (await list('?status=cancelled')).map(({ id }: { id: string }) => id),
      [first.id],
    )
    t.same(await list('?kind=remove'), [])
    t.equal((await list('')).length, 3)
    t.notOk('plan' in (await list(''))[0])
    const all = await api.request('GET', '/v1/operations?limit=2')
    t.equal(all.body.items.length, 2)
    const rest = await api.request('GET', `/v1/operations?limit=2&cursor=${all.body.nextCursor}`)
    t.equal(rest.body.items.length, 2)
    t.equal(rest.body.nextCursor, null)
    t.same(new Set([...all.body.items, ...rest.body.items].map(({ tenant }) => tenant)), new Set(['acme', 'other']))
  })

  t.test('403 keeps a tenant out of the list over all', async (t) => {
    for (const [method, path] of [
      ['GET', '/v1/operations'],
      ['GET', '/v1/operations/01890a5d-ac96-774b-bcce-b302099a8057'],
      ['POST', '/v1/operations/01890a5d-ac96-774b-bcce-b302099a8057/cancel'],
    ] as const) {
      t.equal((await api.request(method, path, { token: acme.owner })).status, 403)
    }
  })

  t.test('400 for what is no id or cursor', async (t) => {
    t.equal((await shop.operation('nope')).status, 400)
    t.equal((await api.request('GET', '/v1/operations?cursor=nope')).status, 400)
    t.equal((await api.request('GET', '/v1/operations?status=odd')).status, 400)
  })

  t.test('an admin cancels any operation', async (t) => {
    const { id } = await queue()
    t.match(await api.request('POST', `/v1/operations/${id}/cancel`), {
      status: 202,
      body: { operation: { status: 'cancelled' } },
    })
    t.match(await api.request('GET', `/v1/operations/${id}`), { status: 200, body: { status: 'cancelled' } })
  })

  t.test('steps come in pages, each once, and the last ones with the operation', async (t) => {
    const { id } = await queue()
    await start(api, id)
    await api.db.prisma.step.createMany({
      data: Array.from({ length: 5 }, (_, seq) => ({
        operationId: id,
        seq,
        attempt: 1,
        key: `k${seq}`,
        host: 'one',
        service: 'web',
        action: 'start_container',
        target: `t${seq}`,
        cause: 'a test',
        status: 'succeeded',
        finishedAt: new Date(),
        message: `m${seq}`,
      })),
    })
    const path = `/v1/tenants/acme/operations/${id}/steps`
    const first = (await api.request('GET', `${path}?limit=3`)).body
    const second = (await api.request('GET', `${path}?limit=3&cursor=${first.nextCursor}`)).body
    t.same(
      [...first.items, ...second.items].map(({ message }) => message),
      ['m0', 'm1', 'm2', 'm3', 'm4'],
    )
    t.equal(second.nextCursor, null)
    t.match((await shop.operation(id)).body.steps[4], {
      host: 'one',
      service: 'web',
      action: 'start_container',
      message: 'm4',
    })
    t.equal((await api.request('GET', path, { token: other.owner })).status, 404)
    await end(api, id, 'succeeded')
  })

  t.test('wait holds the answer until the operation ended', async (t) => {
    const { id } = await queue()
    const startedAt = performance.now()
    let answered = false
    const held = shop.operation(id, '?wait=60').finally(() => {
      answered = true
    })
    await start(api, id)
    await shop.get('/releases')
    t.notOk(answered)
    await end(api, id, 'failed', { code: 'health_timeout', message: 'no', service: 'web' })
    t.match((await held).body, { status: 'failed', error: { code: 'health_timeout', service: 'web' } })
    t.ok(performance.now() - startedAt < 30_000)
  })

  t.test('wait on a change: 200 once it ended, 202 when the time is up', async (t) => {
    const late = await shop.apply({ compose: composeOf({ tag: 'late' }) }, { query: '?wait=1' })
    t.match(late, { status: 202, body: { operation: { status: 'queued' } } })
    const held = shop.apply({ compose: composeOf({ tag: 'later' }) }, { query: '?wait=60' })
    const isThere = async () =>
      await api.db.prisma.operation.findFirst({
        where: { status: 'queued', appName: 'shop', tenant: { name: 'acme' }, NOT: { id: late.body.operation.id } },
      })
    let operation = await isThere()
    while (!operation) operation = await isThere()
    await end(api, operation.id, 'succeeded')
    t.match(await held, { status: 200, body: { operation: { id: operation.id, status: 'succeeded' } } })
  })

  t.test('100 that wait leave the database to others', async (t) => {
    const { id } = await queue()
    const held = Array.from({ length: 100 }, async () => await shop.operation(id, '?wait=60'))
    t.equal((await shop.get()).status, 200)
    await end(api, id, 'succeeded')
    t.ok((await Promise.all(held)).every(({ body }) => body.status === 'succeeded'))
  })

  t.test('closing the server ends what waits', async (t) => {
    const { id } = await queue()
    const held = shop.operation(id, '?wait=60')
    // It is held once its own look at the row is behind it; this one is in line after it.
    await shop.get()
    await api.app.close()
    t.match(await held, { status: 200, body: { status: 'queued' } })
  })
})
