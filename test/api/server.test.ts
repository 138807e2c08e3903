import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { ERROR_CODES } from '../../src/errors/codes.ts'
import { apiHarness } from '../lab/api.ts'

t.test('what every route has', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')

  t.test('x-request-id is the caller’s where it is sane, and the problem’s instance', async (t) => {
    const { headers, body } = await api.request('GET', '/v1/tenants/none', { headers: { 'x-request-id': 'abc-1' } })
    t.equal(headers['x-request-id'], 'abc-1')
    t.equal(body.instance, 'abc-1')
    for (const id of ['a b', 'x'.repeat(129), '"', 'a\tb']) {
      const given = (await api.request('GET', '/healthz', { token: null, headers: { 'x-request-id': id } })).headers[
        'x-request-id'
      ]
      t.match(given, /^[0-9a-f-]{36}$/)
    }
  })

  t.test('400 for bodies that are not JSON, or too much of it', async (t) => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    for (const body of [
      '{',
      'nonsense',
      '{"name":"x"',
      '[',
      '"\\ud800"',
      deep,
      '{"__proto__":{"x":1}}',
      '{"name":1e999}',
      'null',
      '7',
      '{"constructor":{"prototype":{}}}',
    ]) {
      t.match(
        await api.request('POST', '/v1/tenants', { body }),
        { status: 400, body: { code: 'bad_request' } },
        body.slice(0, 40),
      )
    }
    t.match(
      await api.request('POST', '/v1/tenants', { headers: { 'content-type': 'application/json' } }),
      { status: 400 },
      'empty',
    )
    t.match(await api.request('POST', '/v1/tenants', { body: '{"name":"a\\u0000"}' }), {
      status: 400,
      body: { errors: [{ path: '/body/name' }] },
    })
  })

  t.test('400 for URLs that are not well-formed, or hold what nothing can', async (t) => {
    for (const path of [
      '/v1/tenants/%',
      '/v1/tenants/%ff',
      '/v1/tenants/%00',
      `/v1/tenants/${'a'.repeat(500)}`,
      '/v1/tenants?cursor=%00',
    ]) {
      t.match(await api.request('GET', path), { status: 400, body: { code: 'bad_request' } }, path.slice(0, 40))
    }
  })

  t.test('404 and 405 for paths and methods that are not there', async (t) => {
    t.match(await api.request('GET', '/nope', { token: null }), { status: 404, body: { code: 'not_found' } })
    t.match(await api.request('GET', '/v1/nope'), { status: 404, body: { code: 'not_found' } })
    t.match(
      await api.request('GET', '/v1/nope', { token: null }),
      { status: 401 },
      'nothing below /v1 is told without a token',
    )
    t.match(await api.request('PUT', '/v1/tenants/acme', { body: {} }), {
      status: 405,
      body: { code: 'method_not_allowed' },
      headers: { allow: 'DELETE, GET, HEAD, PATCH' },
    })
    t.match(await api.request('POST', '/healthz', { token: null }), { status: 405, headers: { allow: 'GET, HEAD' } })
  })

  t.test('405 says which methods are allowed', async (t) => {
    const { body } = await api.request('POST', '/healthz', { token: null })
    t.equal(body.detail, 'POST is not allowed here; GET, HEAD are')
  })

  t.test('what does not have its form is told in words, not as a pattern', async (t) => {
    const { body } = await api.request('POST', '/v1/tenants', { body: { name: 'Not_A_Name' } })
    t.same(body.errors, [
      {
        path: '/body/name',
        message: 'does not have the form that it needs: At most 40 of a-z, 0-9 and -; a letter first, no - at the end.',
      },
    ])
    const stale = await api.request('PATCH', '/v1/tenants/acme', { body: {}, headers: { 'if-match': '1' } })
    t.match(stale, { status: 400, body: { detail: /needs: The version that the change is meant for, quoted/ } })
  })

  t.test('the `type` of a problem is a page that says how to mend it, without a token', async (t) => {
    const { body } = await api.request('GET', '/v1/tenants/none')
    const page = await api.request('GET', body.type, { token: null })
    t.equal(page.status, 200)
    t.match(page.headers['content-type'], /^text\/html/)
    t.match(String(page.body), /<code>not_found<\/code>, status 404/)
    for (const [code, { title, status }] of Object.entries(ERROR_CODES)) {
      const each = await api.request('GET', `/problems/${code}`, { token: null })
      t.ok(each.status === 200 && each.text.includes(title) && each.text.includes(`status ${status}`), code)
    }
    t.match(await api.request('GET', '/problems/constructor'), { status: 404, body: { code: 'not_found' } })
  })

  t.test('the page of the API and its files need no token, and only files of its own are there', async (t) => {
    for (const path of ['/docs', '/docs/', '/docs/static/swagger-ui-bundle.js', '/docs/static/theme/narrow.css']) {
      const { statusCode, headers } = await api.app.inject(path)
      t.equal(statusCode, 200, path)
      t.match(headers['content-security-policy'], /^default-src 'none'; script-src 'self'; style-src 'self';/, path)
    }
    for (const path of ['/docs/static/none.js', '/docs/static/../package.json', '/docs/static/%2e%2e/package.json']) {
      const answer = await api.app.inject(path)
      t.match(answer.json(), { status: answer.statusCode }, path)
      t.ok([400, 403, 404].includes(answer.statusCode), path)
    }
    t.equal((await api.app.inject({ method: 'POST', url: '/docs' })).json().code, 'method_not_allowed')
  })

  t.test('413 and 415', async (t) => {
    t.match(await api.request('POST', '/v1/tenants', { body: { name: 'x'.repeat(1_100_000) } }), {
      status: 413,
      body: { code: 'payload_too_large' },
    })
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data', 'x']) {
      t.match(
        await api.request('POST', '/v1/tenants', { body: 'x', headers: { 'content-type': type } }),
        { status: 415, body: { code: 'unsupported_media_type' } },
        type,
      )
    }
  })

  t.test('500 tells nothing of what broke', async (t) => {
    const broken = await apiHarness(t, {
      routes: [
        async (app) =>
          void app.get('/v1/broken', async () => {
            throw new TypeError('the password is hunter2')
          }),
      ],
    })
    const response = await broken.app.inject({
      url: '/v1/broken',
      headers: { authorization: `Bearer ${broken.adminToken}` },
    })
    t.equal(response.statusCode, 500)
    t.match(response.json(), { code: 'internal', type: '/problems/internal' })
    t.notMatch(response.body, /hunter2|TypeError|at /)
  })

  t.test('200 alive, ready, documented and measured without a token', async (t) => {
    t.match(await api.request('GET', '/healthz', { token: null }), { status: 200, body: { status: 'ok' } })
    t.match(await api.request('GET', '/readyz', { token: null }), {
      status: 200,
      body: { status: 'ready', checks: { database: { ok: true } } },
    })
    t.match(await api.request('GET', '/openapi.json', { token: null }), { status: 200, body: { openapi: '3.1.0' } })
    const metrics = await api.request('GET', '/metrics', { token: null })
    t.match(metrics.text, /http_request_duration_seconds_bucket\{.*route="\/v1\/tenants\/:tenant"/)
    t.match(metrics.text, /moorage_queue_depth 0/)
    t.equal((await api.request('GET', '/metrics', { token: 'nonsense' })).status, 401)
  })

  t.test('200 metrics name tenants for an admin token alone', async (t) => {
    for (const token of [null, acme.owner]) t.notMatch((await api.request('GET', '/metrics', { token })).text, /acme/)
    t.match((await api.request('GET', '/metrics')).text, /moorage_tenant_apps\{tenant="acme"\} 0/)
  })

  t.test('503 while it drains, on a connection that is kept', async (t) => {
    const draining = await apiHarness(t)
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    draining.app.server.prependListener('request', (request) => {
      if (request.url === '/readyz') begin()
    })
    const url = new URL(await draining.app.listen({ host: '127.0.0.1', port: 0 }))
    const ping = draining.db.ping.bind(draining.db)
    draining.db.ping = async () => {
      await held
      await ping()
    }
    const socket = connect(Number(url.port), url.hostname)
    await once(socket, 'connect')
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    // The second one is in the same connection, behind the first, which the drain lets end.
    socket.write(`GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n`)
    await begun
    const closed = draining.app.close()
    socket.write(`GET /v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n`)
    release()
    await Promise.all([once(socket, 'close'), closed])
    t.match(text, /^HTTP\/1\.1 200/)
    t.match(text, /HTTP\/1\.1 503.*"code":"unavailable"/s)
  })
})

t.test('503 when the database does not answer', async (t) => {
  const api = await apiHarness(t)
  await api.db.close()
  t.match(await api.request('GET', '/v1/tenants'), { status: 503, body: { code: 'unavailable' } })
  t.match(await api.request('GET', '/readyz', { token: null }), {
    status: 503,
    body: { status: 'unready', checks: { database: { ok: false } } },
  })
  t.match(await api.request('GET', '/healthz', { token: null }), { status: 200 })
  t.match(await api.request('GET', '/metrics', { token: null }), { status: 200 })
})
