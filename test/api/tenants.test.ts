import t from 'tap'
import { newId } from '../../src/lib/ids.ts'
import { apiHarness } from '../lab/api.ts'

t.test('tenants', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')
  const other = await api.tenant('other')

  t.test('201 creates a tenant, with its place and version', async (t) => {
    const { status, headers, body } = await api.request('POST', '/v1/tenants', {
      body: { name: 'blue', displayName: 'Blue & Co' },
    })
    t.equal(status, 201)
    t.equal(headers.location, '/v1/tenants/blue')
    t.equal(headers.etag, '"1"')
    t.match(body, { name: 'blue', displayName: 'Blue & Co', version: 1 })
    t.match(await api.request('GET', '/v1/tenants/blue'), { status: 200, body })
  })

  t.test('200 shows a tenant its own', async (t) => {
    for (const token of [acme.owner, acme.developer, acme.viewer])
      t.match(await api.request('GET', '/v1/tenants/acme', { token }), { status: 200, body: { name: 'acme' } })
  })

  t.test('200 lists all tenants in pages, each once', async (t) => {
    const names: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body }: { body: { items: { name: string }[]; nextCursor: string | null } } = await api.request(
        'GET',
        `/v1/tenants?limit=1${cursor && `&cursor=${cursor}`}`,
      )
      t.equal(body.items.length, 1)
      names.push(...body.items.map(({ name }) => name))
      cursor = body.nextCursor
    }
    t.same(names, ['acme', 'blue', 'other'])
  })

  t.test('200 changes the display name, and takes it away', async (t) => {
    const { body } = await api.request('PATCH', '/v1/tenants/blue', {
      body: { displayName: 'Blue' },
      headers: { 'if-match': '"1"' },
    })
    t.match(body, { displayName: 'Blue', version: 2 })
    t.match(
      (await api.request('PATCH', '/v1/tenants/blue', { body: { displayName: null }, headers: { 'if-match': '*' } }))
        .body,
      { displayName: null, version: 3 },
    )
  })

  t.test('400 names what is wrong', async (t) => {
    const wrong: [unknown, string][] = [
      [{ name: 'Not a name' }, '/body/name'],
      [{ name: 'a'.repeat(41) }, '/body/name'],
      [{}, '/body/name'],
      [{ name: 'x', quota: {} }, '/body/quota'],
      [{ name: 'x', displayName: '' }, '/body/displayName'],
      [{ name: 'x', displayName: 'a\u0000b' }, '/body/displayName'],
      [{ name: 'x', displayName: 7 }, '/body/displayName'],
    ]
    for (const [body, path] of wrong)
      t.match(
        await api.request('POST', '/v1/tenants', { body }),
        { status: 400, body: { code: 'bad_request', errors: [{ path }] } },
        path,
      )
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'limit=1&limit=2', 'cursor=!', 'cursor=bm8', 'other=1']) {
      const { status, body } = await api.request('GET', `/v1/tenants?${query}`)
      t.equal(status, 400, query)
      t.match(body.errors, [{ path: `/query/${query.split('=')[0]}` }], query)
    }
    t.match(await api.request('GET', '/v1/tenants/NO'), { status: 400, body: { errors: [{ path: '/params/tenant' }] } })
  })

  t.test('401 without a token, and with one that is none', async (t) => {
    for (const [token, headers] of [
      [null, {}],
      ['mrg_unknownunknownunknownunknownunknown', {}],
      ['x', {}],
      [null, { authorization: 'Basic eDp5' }],
    ] as const) {
      const response = await api.request('GET', '/v1/tenants', { token, headers })
      t.match(response, { status: 401, body: { code: 'unauthorized' }, headers: { 'www-authenticate': 'Bearer' } })
    }
  })

  t.test('403 keeps tenants from what is the platform’s', async (t) => {
    for (const token of [acme.owner, acme.developer, acme.viewer]) {
      t.match(await api.request('GET', '/v1/tenants', { token }), { status: 403, body: { code: 'forbidden' } })
      t.match(await api.request('POST', '/v1/tenants', { token, body: { name: 'mine' } }), { status: 403 })
      t.match(await api.request('PATCH', '/v1/tenants/acme', { token, body: {} }), { status: 403 })
      t.match(await api.request('DELETE', '/v1/tenants/acme', { token }), { status: 403 })
    }
  })

  t.test('404 hides another tenant', async (t) => {
    const missing = await api.request('GET', '/v1/tenants/nobody', { token: acme.owner })
    for (const [method, body] of [
      ['GET', undefined],
      ['PATCH', {}],
      ['DELETE', undefined],
    ] as const) {
      const { status, body: problem } = await api.request(method, '/v1/tenants/other', { token: acme.owner, body })
      t.equal(status, 404)
      t.same(
        { ...problem, instance: '', detail: '' },
        { ...missing.body, instance: '', detail: '' },
        'it looks like one that is not there',
      )
    }
    t.match(await api.request('GET', '/v1/tenants/nobody'), { status: 404 }, 'for admins too')
    t.match(await api.request('PATCH', '/v1/tenants/nobody', { body: {} }), { status: 404 })
    t.match(await api.request('DELETE', '/v1/tenants/nobody'), { status: 404 })
  })

  t.test('409 already_exists, also when two come at once', async (t) => {
    t.match(await api.request('POST', '/v1/tenants', { body: { name: 'acme' } }), {
      status: 409,
      body: { code: 'already_exists' },
    })
    const both = await Promise.all(
      [1, 2].map(async () => await api.request('POST', '/v1/tenants', { body: { name: 'twin' } })),
    )
    t.same(
      both.map(({ status }) => status).toSorted((a, b) => a - b),
      [201, 409],
    )
  })

  t.test('409 tenant_not_empty while there are apps', async (t) => {
    const { id } = (await api.request('GET', '/v1/tenants/other')).body
    const app = await api.db.prisma.app.create({ data: { id: newId(), tenantId: id, name: 'shop' } })
    t.match(await api.request('DELETE', '/v1/tenants/other'), { status: 409, body: { code: 'tenant_not_empty' } })
    t.match(await api.request('GET', '/v1/tenants/other', { token: other.viewer }), { status: 200 })
    await api.db.prisma.app.delete({ where: { id: app.id } })
  })

  t.test('409 conflict while a host is for the tenant alone', async (t) => {
    const { id } = (await api.request('POST', '/v1/tenants', { body: { name: 'alone' } })).body
    const host = await api.db.prisma.host.create({
      data: {
        id: newId(),
        name: 'h',
        kind: 'docker',
        endpoint: Uint8Array.of(1),
        transport: {},
        tenants: { create: { tenantId: id } },
      },
    })
    t.match(await api.request('DELETE', '/v1/tenants/alone'), { status: 409, body: { code: 'conflict' } })
    await api.db.prisma.host.delete({ where: { id: host.id } })
    t.equal((await api.request('DELETE', '/v1/tenants/alone')).status, 204)
  })

  t.test('412 when the version is another', async (t) => {
    for (const tag of ['"9"', '"x"', '"99999999999999"', '"0"']) {
      t.match(
        await api.request('PATCH', '/v1/tenants/acme', { body: { displayName: 'x' }, headers: { 'if-match': tag } }),
        { status: 412, body: { code: 'version_mismatch' } },
      )
      t.match(await api.request('DELETE', '/v1/tenants/acme', { headers: { 'if-match': tag } }), { status: 412 })
    }
    t.match(
      await api.request('PATCH', '/v1/tenants/acme', { body: {}, headers: { 'if-match': '9' } }),
      { status: 400 },
      'what is no tag is 400',
    )
  })

  t.test('204 deletes a tenant and its tokens', async (t) => {
    const gone = await api.tenant('gone')
    t.equal((await api.request('DELETE', '/v1/tenants/gone', { headers: { 'if-match': '"1"' } })).status, 204)
    t.equal((await api.request('GET', '/v1/tenants/gone')).status, 404)
    t.equal((await api.request('GET', '/v1/whoami', { token: gone.owner })).status, 401)
  })
})
