import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { apiHarness } from '../lab/api.ts'

t.test('what a peer without a token can do', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')
  const url = new URL(await api.app.listen({ host: '127.0.0.1', port: 0 }))

  /** Sends bytes as they are; the answer is all that comes until the server closes. */
  const send = async (...lines: string[]): Promise<{ status: number; type: string; body: string }> => {
    const socket = connect(Number(url.port), url.hostname)
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    socket.on('error', () => {})
    socket.write(lines.join('\r\n'))
    await once(socket, 'close')
    const [head = '', body = ''] = text.split('\r\n\r\n')
    return {
      status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
      type: /^content-type: (.*)$/im.exec(head)?.[1] ?? '',
      body,
    }
  }
  const common = ['Host: x', 'Connection: close']

  t.test('401 however the path of a protected route is written, before its body is looked at', async (t) => {
    const body = ['Content-Type: application/json', 'Content-Length: 10', '', '{"name":7}']
    for (const path of [
      '/v1/tenants',
      '/%761/tenants',
      '/v%31/tenants',
      '/%76%31/%74enants',
      'http://any/v1/tenants',
    ]) {
      const { status, type } = await send(`POST ${path} HTTP/1.1`, ...common, ...body)
      t.match({ status, type }, { status: 401, type: 'application/problem+json' }, path)
    }
    for (const path of ['/%761/whoami', 'http://any/v1/hosts', '/v1/hosts', '/%761/hosts/%6cocal'])
      t.match(await send(`GET ${path} HTTP/1.1`, ...common, '', ''), { status: 401 }, path)
  })

  t.test('404 for another tenant however its name is written', async (t) => {
    await api.tenant('other')
    for (const path of [
      '/v1/tenants/other',
      '/v1/tenants/%6fther',
      '/%761/tenants/%6F%74%68%65%72/apps',
      'http://any/v1/tenants/other',
      '/v1/tenants/other?tenant=acme',
    ])
      t.match(
        await send(`GET ${path} HTTP/1.1`, ...common, `Authorization: Bearer ${acme.owner}`, '', ''),
        { status: 404, type: 'application/problem+json' },
        path,
      )
  })

  t.test('a problem document for what is not HTTP', async (t) => {
    const asked: readonly (readonly [status: number, ...lines: string[]])[] = [
      [400, 'garbage', '', ''],
      [400, 'FOO /v1/hosts HTTP/1.1', ...common, '', ''],
      [400, 'POST /healthz HTTP/1.1', ...common, 'Transfer-Encoding: chunked', 'Content-Length: 5', '', '0', '', ''],
      [413, 'GET /healthz HTTP/1.1', ...common, `X: ${'a'.repeat(20_000)}`, '', ''],
    ]
    for (const [status, ...lines] of asked) {
      const answer = await send(...lines)
      t.match(answer, { status, type: 'application/problem+json' }, lines.join(' ').slice(0, 40))
      t.match(JSON.parse(answer.body), { status, type: /^\/problems\// })
    }
  })

  t.test('no connection is held by a request that never comes to its end', async (t) => {
    const { requestTimeout, headersTimeout } = api.app.server
    t.ok(requestTimeout > 0 && requestTimeout <= 60_000, `all of it: ${requestTimeout}`)
    t.ok(headersTimeout > 0 && headersTimeout <= 15_000, `its headers: ${headersTimeout}`)
    // The same, made short for the test: the server looks every 5 s.
    api.app.server.requestTimeout = 100
    api.app.server.headersTimeout = 100
    const length = ['Content-Type: application/json', 'Content-Length: 10']
    const answers = await Promise.all([
      send('POST /nope HTTP/1.1', 'Host: x', ...length, '', '{'),
      send('GET /healthz HTTP/1.1', 'Host: x', 'X-Slow'),
    ])
    t.match(answers[1], { status: 400, type: 'application/problem+json' })
    t.match(answers[1]?.body, /did not come in time/)
  })
})
