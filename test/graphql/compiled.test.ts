import t from 'tap'
import { apiHarness } from '../lab/api.ts'
import { ask } from './client.ts'
import { fleet } from './scene.ts'

t.test('a document is answered the same when it is compiled, from its second time on', async (t) => {
  const api = await apiHarness(t)
  const { acme } = await fleet(api, 2)
  const [operation] = (await api.request('GET', '/v1/tenants/acme/operations')).body.items
  const list = 'edges { cursor node { name } } pageInfo { hasNextPage endCursor }'
  const cases: [string, Record<string, unknown>?][] = [
    ['{ __typename whoami { __typename name role scopes } }'],
    [
      `query($n: String!, $first: Int = 1, $after: String) { tenant(name: $n) { apps(first: $first, after: $after) { ${list} } } }`,
      { n: 'acme' },
    ],
    [
      `query($n: String!, $first: Int = 1, $after: String) { tenant(name: $n) { apps(first: $first, after: $after) { ${list} } } }`,
      { n: 'acme', first: null },
    ],
    [
      `query($n: String!, $first: Int = 1) { tenant(name: $n) { apps(first: $first) { ${list} } } }`,
      { n: 'acme', first: 500 },
    ],
    [
      `query($n: String!, $first: Int) { tenant(name: $n) { apps(first: $first) { ${list} } } }`,
      { n: 'acme', first: 'x' },
    ],
    [`query($n: String!, $first: Int) { tenant(name: $n) { apps(first: $first) { ${list} } } }`, { first: 1 }],
    [
      'query($no: Boolean!) { whoami { name @skip(if: $no) ...f @include(if: $no) } } fragment f on Whoami { id role }',
      { no: true },
    ],
    [
      'query($no: Boolean!) { whoami { name @skip(if: $no) ...f @include(if: $no) } } fragment f on Whoami { id role }',
      { no: false },
    ],
    [
      'query($id: ID!) { operation(id: $id) { id kind status error { code } plan { digest } steps { edges { node { action } } } createdAt } }',
      { id: operation.id },
    ],
    ['query($id: ID!) { operation(id: $id) { id } }', { id: 'nope' }],
    ['{ hosts { edges { cursor } } whoami { name } }'],
    ['{ a: tenant(name: "acme") { x: name name } b: tenant(name: "other") { name } }'],
    [
      `{ tenant(name: "acme") { labelled: apps { edges { node { labels wanted { replicas release } currentRelease { spec notes { path } }
        workloads { edges { node { id status drift { path } instances { id addresses ports { hostPort } exitCode startedAt } } } }
        events(first: 2) { edges { node { data at } } } } } } } }`,
    ],
    ['query A { whoami { id } } query B { whoami { name } }'],
    [
      'mutation { start(tenant: "acme", app: "app-0") { operation { id } } scale(tenant: "acme", app: "nope", services: { web: 1 }) { planDigest } }',
    ],
    [
      'query($kinds: [String!]) { tenant(name: "acme") { events(types: $kinds, first: 3) { edges { node { type } } } } }',
      { kinds: 'app.*' },
    ],
    [
      'query($constructor: Int = 1) { tenant(name: "acme") { apps(first: $constructor) { edges { node { name } } } } whoami { name @skip(if: false) } }',
    ],
    ['query($first: Int! = 1) { tenant(name: "acme") { apps(first: $first) { edges { node { name } } } } }'],
    ['query($first: Int! = 1) { tenant(name: "acme") { apps(first: $first) { edges { cursor } } } }', { first: 2 }],
    ['query($name: String = "acme") { tenant(name: $name) { name } }', { name: null }],
    ['query($name: String = "acme") { tenant(name: $name) { name } }'],
    [
      'query($types: [String!] = "app.*") { tenant(name: "acme") { events(types: $types) { edges { node { type } } } } }',
    ],
    [
      'query($type: String!) { tenant(name: "acme") { events(types: [$type, "app.*"], first: 3) { edges { node { type } } } } }',
      { type: 'operation.*' },
    ],
    [
      'mutation($web: JSON!) { scale(tenant: "acme", app: "app-0", services: { web: $web }, dryRun: true) { planDigest } }',
      { web: 4 },
    ],
    [
      'mutation($value: JSON) { deploy(tenant: "acme", app: "app-0", env: { web: { MODE: $value } }, dryRun: true) { plan { text } } }',
      { value: 'fast' },
    ],
    [
      'mutation { updateApp(tenant: "acme", app: "app-0", labels: { __proto__: { a: "b" } }, dryRun: true) { planDigest } }',
    ],
    ['query($services: JSON!) { __typename tenant(name: "acme") { name } } ', { services: { a: [1, null] } }],
  ]
  for (const [query, variables] of cases) {
    const answers = []
    for (let time = 0; time < 4; time += 1) {
      const { status, body } = await ask(api, query, { token: acme.developer, ...(variables && { variables }) })
      for (const error of body.errors ?? []) {
        delete error.extensions.requestId
        // What is wrong with the request is told in other words.
        if (!error.path) delete error.message
      }
      answers.push({ status, body })
    }
    t.same(new Set(answers.map(({ status }) => status)).size, 1, query)
    for (const answer of answers) t.same(answer, answers[0], `${query} ${JSON.stringify(variables)}`)
  }

  const two =
    'query A { whoami { name } } query B { whoami { role } } mutation C { createTenant(name: "sneaked") { tenant { id } } }'
  for (let time = 0; time < 4; time += 1) {
    for (const operationName of ['C', 'A', 'B', 'A\n{ whoami { id } }'] as const) {
      const { body } = await ask(api, two, { operationName, token: acme.developer })
      if (operationName === 'A') t.same(body, { data: { whoami: { name: 'developer' } } }, 'each operation is its own')
      else if (operationName === 'B') t.same(body, { data: { whoami: { role: 'developer' } } })
      else if (operationName === 'C') t.match(body.errors, [{ extensions: { code: 'forbidden' } }])
      else t.match(body.errors, [{ extensions: { code: 'bad_request' } }])
    }
    const url = `/graphql?query=${encodeURIComponent(two)}&operationName=`
    const headers = { authorization: `Bearer ${acme.developer}` }
    t.same((await api.app.inject({ url: `${url}A`, headers })).json(), { data: { whoami: { name: 'developer' } } })
    t.equal((await api.app.inject({ url: `${url}C`, headers })).statusCode, 405, 'no change by GET')
  }
})
