import t from 'tap'
import { apiHarness } from '../lab/api.ts'

t.test('idempotency keys', async (t) => {
  const api = await apiHarness(t)
  const post = async (key: string, body: object, options: { token?: string; path?: string } = {}) =>
    await api.request('POST', options.path ?? '/v1/tenants', {
      body,
      headers: { 'idempotency-key': key },
      ...(options.token === undefined ? {} : { token: options.token }),
    })

  t.test('201 fifty at once with one key: one effect, equal answers', async (t) => {
    const answers = await Promise.all(Array.from({ length: 50 }, async () => await post('fifty', { name: 'fifty' })))
    t.same([...new Set(answers.map(({ status }) => status))], [201])
    t.equal(new Set(answers.map(({ text }) => text)).size, 1)
    t.same([...new Set(answers.map(({ headers }) => headers.location))], ['/v1/tenants/fifty'])
    t.equal(await api.db.prisma.tenant.count({ where: { name: 'fifty' } }), 1)
  })

  t.test('201 the answer stays the first one, whatever happened since', async (t) => {
    const first = await post('stays', { name: 'stays' })
    await api.request('DELETE', '/v1/tenants/stays')
    t.equal((await post('stays', { name: 'stays' })).text, first.text)
    t.equal((await api.request('GET', '/v1/tenants/stays')).status, 404)
  })

  t.test('201 key order and white space of the body do not matter', async (t) => {
    const headers = { 'idempotency-key': 'order' }
    const one = await api.request('POST', '/v1/tenants', { headers, body: '{"name":"order","displayName":"x"}' })
    const two = await api.request('POST', '/v1/tenants', { headers, body: '{ "displayName": "x", "name": "order" }' })
    t.equal(two.text, one.text)
  })

  t.test('204 is replayed too', async (t) => {
    await post('x', { name: 'twice' })
    const remove = async () =>
      await api.request('DELETE', '/v1/tenants/twice', { headers: { 'idempotency-key': 'gone' } })
    t.equal((await remove()).status, 204)
    t.equal((await remove()).status, 204)
  })

  t.test('422 with another body, query or If-Match', async (t) => {
    await post('same', { name: 'same' })
    t.match(await post('same', { name: 'different' }), { status: 422, body: { code: 'idempotency_key_reused' } })
    const patch = async (ifMatch: string) =>
      await api.request('PATCH', '/v1/tenants/same', {
        body: { displayName: 'x' },
        headers: { 'idempotency-key': 'p', 'if-match': ifMatch },
      })
    t.equal((await patch('"1"')).status, 200)
    t.equal((await patch('"1"')).status, 200, 'the same one again')
    t.match(await patch('"2"'), { status: 422, body: { code: 'idempotency_key_reused' } })
  })

  t.test('a key belongs to principal, method and path', async (t) => {
    const other = (await api.request('POST', '/v1/tokens', { body: { name: 'other' } })).body.token
    t.equal((await post('mine', { name: 'mine' })).status, 201)
    t.equal((await post('mine', { name: 'theirs' }, { token: other })).status, 201)
    t.equal((await post('mine', { name: 'elsewhere' }, { path: '/v1/tokens' })).status, 201)
  })

  t.test('errors are not kept: the same key may succeed later', async (t) => {
    await api.request('POST', '/v1/tenants', { body: { name: 'busy' } })
    t.equal((await post('later', { name: 'busy' })).status, 409)
    await api.request('DELETE', '/v1/tenants/busy')
    t.equal((await post('later', { name: 'busy' })).status, 201)
  })

  t.test('401 and 403 come before a replay', async (t) => {
    const made = await api.request('POST', '/v1/tokens', { body: { name: 'brief' } })
    t.equal((await post('auth', { name: 'auth' }, { token: made.body.token })).status, 201)
    await api.request('DELETE', `/v1/tokens/${made.body.id}`)
    t.equal((await post('auth', { name: 'auth' }, { token: made.body.token })).status, 401)
  })

  t.test('201 anew once the record is older than a day', async (t) => {
    await post('old', { name: 'old' })
    await api.db.prisma.idempotencyRecord.updateMany({
      where: { key: 'old' },
      data: { createdAt: new Date(Date.now() - 25 * 3_600_000) },
    })
    const answers = await Promise.all(Array.from({ length: 5 }, async () => await post('old', { name: 'newer' })))
    t.same([...new Set(answers.map(({ status }) => status))], [201])
    t.equal(new Set(answers.map(({ text }) => text)).size, 1)
  })

  t.test('400 for what is no key', async (t) => {
    for (const key of ['', ' ', 'a b', 'ü', 'x'.repeat(256)]) {
      t.match(
        await post(key, { name: 'nokey' }),
        { status: 400, body: { errors: [{ path: '/headers/idempotency-key' }] } },
        key,
      )
    }
    t.equal((await post('x'.repeat(255), { name: 'longkey' })).status, 201)
  })
})
