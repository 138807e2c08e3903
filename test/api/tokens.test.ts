import t from 'tap'
import { sha256 } from '../../src/lib/ids.ts'
import { apiHarness } from '../lab/api.ts'

t.test('tokens', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')
  const other = await api.tenant('other')
  const path = '/v1/tenants/acme/tokens'
  const make = async (body: object, token = acme.owner) => await api.request('POST', path, { token, body })

  t.test('201 shows the text once, and the database never has it', async (t) => {
    const { status, headers, body } = await make({ name: 'ci', role: 'developer' })
    t.equal(status, 201)
    t.match(body, { name: 'ci', role: 'developer', tenant: 'acme', createdBy: 'token:owner', expiresAt: null })
    t.match(body.token, /^mrg_[A-Za-z0-9_-]{43}$/)
    t.equal(headers.location, `${path}/${body.id}`)
    const list = await api.request('GET', path, { token: acme.owner })
    t.notOk(list.text.includes('mrg_'))
    const rows = await api.db.prisma.token.findMany()
    t.notOk(JSON.stringify(rows).includes(body.token))
    t.ok(rows.some(({ hash }) => hash === sha256(body.token)))
    t.match(await api.request('GET', '/v1/whoami', { token: body.token }), {
      status: 200,
      body: { kind: 'token', id: body.id, name: 'ci', role: 'developer', tenant: 'acme' },
    })
  })

  t.test('200 whoami of a platform token has no tenant', async (t) => {
    t.match(await api.request('GET', '/v1/whoami'), {
      status: 200,
      body: { name: 'bootstrap', role: 'admin', tenant: null, scopes: [] },
    })
  })

  t.test('201 a replay of an idempotency key gives the same text, which is sealed where it is kept', async (t) => {
    const send = async () =>
      await api.request('POST', path, {
        token: acme.owner,
        body: { name: 'again', role: 'viewer' },
        headers: { 'idempotency-key': 'k-1' },
      })
    const answers = await Promise.all(Array.from({ length: 20 }, send))
    t.same(new Set(answers.map(({ text }) => text)).size, 1)
    const { token, id } = answers[0]?.body ?? {}
    t.equal((await api.request('GET', '/v1/whoami', { token })).body.id, id)
    const [record] = await api.db.prisma.idempotencyRecord.findMany()
    t.notOk(
      Buffer.from(record?.body ?? [])
        .toString('latin1')
        .includes(token),
    )
    t.equal(await api.db.prisma.token.count({ where: { name: 'again' } }), 1)
  })

  t.test('200 lists the tokens of one tenant in pages', async (t) => {
    const first = await api.request('GET', `${path}?limit=2`, { token: acme.owner })
    t.equal(first.body.items.length, 2)
    const rest = await api.request('GET', `${path}?cursor=${first.body.nextCursor}`, { token: acme.owner })
    const names = [...first.body.items, ...rest.body.items].map(({ name }: { name: string }) => name)
    t.same(names.toSorted(), ['again', 'ci', 'developer', 'owner', 'viewer'])
    t.same((await api.request('GET', '/v1/tenants/other/tokens', { token: other.owner })).body.items.length, 3)
  })

  t.test('204 revokes at once', async (t) => {
    const { body } = await make({ name: 'short', role: 'viewer' })
    t.equal((await api.request('DELETE', `${path}/${body.id}`, { token: acme.owner })).status, 204)
    t.match(await api.request('GET', '/v1/whoami', { token: body.token }), {
      status: 401,
      body: { code: 'unauthorized' },
    })
    t.equal((await api.request('DELETE', `${path}/${body.id}`, { token: acme.owner })).status, 404)
  })

  t.test('401 once it has expired', async (t) => {
    const { body } = await make({
      name: 'soon',
      role: 'viewer',
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    })
    t.equal((await api.request('GET', '/v1/whoami', { token: body.token })).status, 200)
    await api.db.prisma.token.update({ where: { id: body.id }, data: { expiresAt: new Date(Date.now() - 1000) } })
    t.equal((await api.request('GET', '/v1/whoami', { token: body.token })).status, 401)
  })

  t.test('400 for roles and times that a tenant token can not have', async (t) => {
    const wrong: [object, string][] = [
      [{ name: 'x', role: 'admin' }, '/body/role'],
      [{ name: 'x' }, '/body/role'],
      [{ name: '', role: 'viewer' }, '/body/name'],
      [{ name: 'x', role: 'viewer', expiresAt: 'tomorrow' }, '/body/expiresAt'],
      [{ name: 'x', role: 'viewer', expiresAt: '2020-01-01T00:00:00Z' }, '/body/expiresAt'],
      [{ name: 'x', role: 'viewer', expiresAt: '9999-12-31T23:59:59Z' }, '/body/expiresAt'],
      [{ name: 'x', role: 'viewer', expiresAt: '2026-06-30T23:59:60Z' }, '/body/expiresAt'],
      [{ name: 'x', role: 'viewer', scopes: [] }, '/body/scopes'],
    ]
    for (const [body, place] of wrong)
      t.match(await make(body), { status: 400, body: { errors: [{ path: place }] } }, JSON.stringify(body))
    t.match(await api.request('DELETE', `${path}/nope`, { token: acme.owner }), {
      status: 400,
      body: { errors: [{ path: '/params/id' }] },
    })
  })

  t.test('403 for roles that may not manage tokens', async (t) => {
    for (const token of [acme.developer, acme.viewer]) {
      t.match(await make({ name: 'x', role: 'viewer' }, token), { status: 403, body: { code: 'forbidden' } })
      t.equal((await api.request('GET', path, { token })).status, 403)
    }
    for (const [method, url, body] of [
      ['POST', '/v1/tokens', { name: 'x' }],
      ['GET', '/v1/tokens', undefined],
      ['DELETE', '/v1/tokens/00000000-0000-7000-8000-000000000000', undefined],
    ] as const) {
      t.equal((await api.request(method, url, { token: acme.owner, body })).status, 403)
    }
  })

  t.test('404 hides another tenant and its tokens', async (t) => {
    const foreign = (await api.request('GET', path)).body.items[0].id
    t.equal((await api.request('GET', path, { token: other.owner })).status, 404)
    t.equal((await make({ name: 'x', role: 'owner' }, other.owner)).status, 404)
    t.equal((await api.request('DELETE', `${path}/${foreign}`, { token: other.owner })).status, 404)
    t.equal((await api.request('DELETE', `/v1/tenants/other/tokens/${foreign}`, { token: other.owner })).status, 404)
    t.equal((await api.request('DELETE', `/v1/tokens/${foreign}`)).status, 404, 'a tenant’s token is no platform token')
    t.equal((await api.request('GET', '/v1/tenants/nobody/tokens')).status, 404)
  })

  t.test('201 platform tokens are made, listed and revoked by admins', async (t) => {
    const { status, body } = await api.request('POST', '/v1/tokens', { body: { name: 'ops' } })
    t.equal(status, 201)
    t.match(body, { role: 'admin', tenant: null })
    t.equal((await api.request('GET', '/v1/tenants', { token: body.token })).status, 200)
    t.same(
      (await api.request('GET', '/v1/tokens')).body.items.map(({ name }: { name: string }) => name),
      ['bootstrap', 'ops'],
    )
    t.equal((await api.request('DELETE', `/v1/tokens/${body.id}`)).status, 204)
    t.equal((await api.request('GET', '/v1/tenants', { token: body.token })).status, 401)
  })
})
