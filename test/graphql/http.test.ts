import { auditServer } from 'graphql-http'
import t from 'tap'
import { apiHarness } from '../lab/api.ts'

/** What the suite says a server may do and ours does not. */
const NOT_DONE: readonly string[] = []

t.test('GraphQL over HTTP', async (t) => {
  const api = await apiHarness(t)
  const acme = await api.tenant('acme')
  await api.tenant('other')
  const url = `${await api.app.listen({ host: '127.0.0.1', port: 0 })}/graphql`
  const fetchFn: typeof fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${acme.viewer}`)
    return await fetch(input, { ...init, headers })
  }

  t.test('every MUST and SHOULD of the audit, over a socket', async (t) => {
    const results = await auditServer({ url, fetchFn })
    t.ok(results.length > 60, `${results.length} audits`)
    for (const result of results) {
      if (result.status === 'ok' || NOT_DONE.includes(result.id)) t.equal(result.status, 'ok', result.name)
      else t.fail(`${result.id} ${result.name}: ${result.reason}`)
    }
  })

  const post = async (body: unknown, headers: Record<string, string> = {}) =>
    await fetchFn(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const code = async (response: Response) => ((await response.json()) as Told).errors[0]?.extensions.code

  t.test('401 is a problem document with the challenge, whatever else is wrong', async (t) => {
    for (const authorization of [undefined, 'Bearer nope', 'Basic eDp5']) {
      for (const init of [
        { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } },
        { method: 'GET' },
        { method: 'DELETE' },
      ]) {
        const response = await fetch(url, {
          ...init,
          headers: { ...init.headers, ...(authorization && { authorization }) },
        })
        t.equal(response.status, 401)
        t.equal(response.headers.get('www-authenticate'), 'Bearer')
        t.match(response.headers.get('content-type'), 'application/problem+json')
        t.match(await response.json(), { code: 'unauthorized' })
      }
    }
  })

  t.test('405 names the methods, also for a mutation by GET', async (t) => {
    for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const response = await fetchFn(url, { method })
      t.equal(response.status, 405, method)
      t.equal(response.headers.get('allow'), 'GET, POST')
      t.equal(await code(response), 'method_not_allowed')
    }
    const response = await fetchFn(`${url}?query=${encodeURIComponent('mutation { __typename }')}`)
    t.equal(response.status, 405)
    t.equal(response.headers.get('allow'), 'POST')
  })

  t.test('400, 413 and 415 have the form of GraphQL', async (t) => {
    const cases: [number, string, Response][] = [
      [400, 'bad_request', await post('{"query": ')],
      [400, 'bad_request', await post([{ query: '{ whoami { name } }' }])],
      [400, 'bad_request', await post({ query: '{ whoami { name } }', variables: [1] })],
      [400, 'bad_request', await post('')],
      [400, 'bad_request', await fetchFn(`${url}?query={__typename}&variables=[1]`)],
      [400, 'bad_request', await fetchFn(`${url}?query={__typename}&variables={`)],
      [400, 'bad_request', await fetchFn(url)],
      [413, 'payload_too_large', await post({ query: ' '.repeat(1_100_000) })],
      [415, 'unsupported_media_type', await post('query={__typename}', { 'content-type': 'application/graphql' })],
      [415, 'unsupported_media_type', await post('a=b', { 'content-type': 'multipart/form-data; boundary=x' })],
    ]
    for (const [status, expected, response] of cases) {
      t.equal(response.status, status, expected)
      t.match(response.headers.get('content-type'), /^application\/json; charset=utf-8/)
      t.equal(await code(response), expected)
    }
  })

  t.test('the answer has the type that was asked for', async (t) => {
    const types: [string, string][] = [
      ['application/graphql-response+json', 'application/graphql-response+json'],
      ['application/graphql-response+json; charset=utf-8, application/json;q=0.9', 'application/graphql-response+json'],
      ['application/json, application/graphql-response+json;q=0.5', 'application/json'],
      ['text/html, */*;q=0.1', 'application/json'],
      ['image/png', 'application/json'],
    ]
    for (const [accept, type] of types) {
      const response = await post({ query: '{ whoami { name } }' }, { accept })
      t.equal(response.status, 200, accept)
      t.equal(response.headers.get('content-type'), `${type}; charset=utf-8`)
      t.equal(response.headers.get('vary'), 'accept')
    }
  })
})

interface Told {
  readonly errors: readonly { readonly extensions: { readonly code: string } }[]
}
