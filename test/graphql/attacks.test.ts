import fc from 'fast-check'
import { getIntrospectionQuery } from 'graphql'
import t from 'tap'
import { apiHarness } from '../lab/api.ts'
import { watchStatements } from '../lab/statements.ts'
import { ask } from './client.ts'
import { fleet } from './scene.ts'

const repeat = (count: number, make: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => make(at)).join(' ')

t.test('documents that ask for too much, or for nonsense', async (t) => {
  const api = await apiHarness(t)
  const { acme } = await fleet(api, 1)
  const watch = watchStatements(t)
  const send = async (query: string, variables?: Record<string, unknown>) =>
    await ask(api, query, { token: acme.developer, ...(variables && { variables }) })
  // Loads it, so that what follows is measured without that.
  await send('{ whoami { name } }')

  t.test('each is refused before it is carried out, and soon', async (t) => {
    const nested = (depth: number): string =>
      depth === 0 ? 'name' : `operations { edges { node { ${nested(depth - 1)} } } }`
    const documents: Record<string, string> = {
      'deeper than may be':
        '{ tenant(name: "acme") { apps { edges { node { operations { edges { node { plan { steps { id } } steps { edges { node { action } } } } } } } } } } }'.replace(
          'plan',
          'x: plan',
        ),
      'an unknown field, deep': `{ tenant(name: "acme") { ${nested(40)} } }`,
      'every list by default':
        '{ tenants { edges { node { apps { edges { node { workloads { edges { node { instances { id name state } } } } } } } } } } }',
      '500 aliases of an expensive field': `{ tenant(name: "acme") { ${repeat(500, (at) => `a${at}: workloads(first: ${(at % 200) + 1}) { edges { cursor } }`)} } }`,
      '250 aliases of a list': `{ tenant(name: "acme") { ${repeat(250, (at) => `a${at}: apps(first: 1) { pageInfo { hasNextPage } }`)} } }`,
      '100 changes in one document': `mutation { ${repeat(60, (at) => `a${at}: stop(tenant: "acme", app: "x${at}") { planDigest }`)} }`,
      'fragments that go round':
        '{ tenant(name: "acme") { ...a } } fragment a on Tenant { ...b } fragment b on Tenant { ...a }',
      'a fragment of itself': '{ tenant(name: "acme") { ...a } } fragment a on Tenant { name ...a }',
      'fragments that double': `{ tenant(name: "acme") { ...g0 } } ${repeat(40, (at) => `fragment g${at} on Tenant { ...g${at + 1} ...g${at + 1} }`)} fragment g40 on Tenant { apps(first: 1) { edges { cursor } } }`,
      'a huge document': `{ ${repeat(40_000, (at) => `a${at}`)} }`,
      'many tokens': `{ whoami { ${'name '.repeat(3000)} } }`,
      'a deep selection': `${'{ a '.repeat(900)}${'}'.repeat(900)}`,
      'a deep value': `{ tenant(name: ${'['.repeat(900)}${']'.repeat(900)}) { name } }`,
      'many directives': `{ whoami { name ${'@skip(if: false) '.repeat(500)} } }`,
      'unknown directives': `{ whoami { name ${'@no '.repeat(500)} } }`,
      'the schema, deep':
        '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }',
      'the schema, by many names': `{ __schema { types { ${repeat(12, (at) => `a${at}: fields { ...g }`)} } } }
        fragment g on __Field { ${repeat(12, (at) => `b${at}: args { ...h }`)} }
        fragment h on __InputValue { ${repeat(12, (at) => `c${at}: type { name }`)} }`,
      'the schema, again and again': `{ ${repeat(60, (at) => `a${at}: __schema { ...s }`)} } fragment s on __Schema { types { fields { name args { name type { name ofType { name } } } } } }`,
      'a type, again and again': `{ ${repeat(150, (at) => `a${at}: __type(name: "App") { ...s }`)} } fragment s on __Type { ${repeat(30, (at) => `f${at}: fields { name args { name type { name ofType { name } } } }`)} }`,
      'specs that are long':
        '{ tenant(name: "acme") { app(name: "app-0") { releases(first: 60) { edges { node { a: spec b: spec } } } } } }',
      'a list of documents': '[{ "query": "{ whoami { name } }" }]',
      'a document that is parsed': '{"kind": "Document", "definitions": []}',
      'a text that can not be stored': '{ tenant(name: "\\u0000") { name } }',
      'half a surrogate pair': '{ tenant(name: "\\ud800") { name } }',
      'a number beyond all': '{ tenants(first: 99999999999) { edges { cursor } } }',
      nothing: '',
      'no operation': 'fragment a on Tenant { name }',
      'two of one name': 'query a { whoami { name } } query a { whoami { id } }',
      'two and no name': 'query a { whoami { name } } query b { whoami { id } }',
      'a subscription': 'subscription { operation(id: "x") { id } }',
    }
    for (const [name, query] of Object.entries(documents)) {
      let status = 0
      const begin = performance.now()
      const statements = await watch(async () => {
        const { body, status: answered } = await send(query)
        status = answered
        t.match(body.errors, [{ message: String, extensions: { code: 'bad_request' } }], name)
        t.notOk('data' in body && body.data, name)
      })
      t.equal(status, 400, name)
      t.ok(statements.length <= 1, `${name}: only the token is looked up, not ${statements.length}`)
      const tookMs = performance.now() - begin
      t.ok(tookMs < 2000, `${name}: ${tookMs.toFixed(0)} ms`)
    }
  })

  t.test('variables of wrong types are refused, and count with their values', async (t) => {
    const query =
      'query($first: Int, $name: String!) { tenant(name: $name) { apps(first: $first) { edges { node { workloads(first: $first) { edges { node { instances { id } } } } } } } } }'
    for (const variables of [
      {},
      { name: 1 },
      { name: null },
      { name: ['acme'] },
      { name: { a: 1 } },
      { name: 'acme', first: '1' },
      { name: 'acme', first: 1.5 },
      { name: 'acme', first: 1e300 },
      { name: 'acme', first: 200 },
    ]) {
      const { status, body } = await send(query, variables)
      t.equal(status, 400, JSON.stringify(variables))
      t.match(body.errors, [{ extensions: { code: 'bad_request' } }])
    }
    const deep = (name: string, value: number): string =>
      `query($${name}: Int = ${value}) { tenant(name: "acme") { apps(first: $${name}) { edges { node { operations(first: $${name}) { edges { node { steps(first: $${name}) { edges { cursor } } } } } } } } } }`
    t.match((await send(deep('first', 1))).body, { data: { tenant: { apps: {} } } })
    t.match(await send(deep('first', 1), { first: null }), { status: 400 }, 'null takes no default of a variable')
    for (const name of ['constructor', '__proto__'])
      t.match(await send(deep(name, 200)), { status: 400 }, `${name} that is not sent is its default`)
    t.match((await send(query, { name: 'acme', first: 5 })).body, { data: { tenant: { apps: {} } } })
    t.match((await send(query, { name: 'acme', first: -5 })).body.errors, [{ extensions: { code: 'bad_request' } }])
  })

  t.test('cursors that no list made are refused', async (t) => {
    const cursor = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    for (const list of ['apps', 'workloads', 'instances', 'operations', 'events'])
      for (const after of [
        '',
        'x',
        '€',
        'a'.repeat(2000),
        cursor(null),
        cursor([]),
        cursor({ name: 1 }),
        cursor({ offset: -1 }),
        cursor({ app: 'a', offset: 1e20 }),
        cursor({ id: 'x' }),
        cursor({ id: '9'.repeat(19) + '9' }),
        cursor({ name: '\u0000' }),
        cursor({ app: '\u0000', offset: 0 }),
      ]) {
        const { status, body } = await send(
          `query($after: String) { tenant(name: "acme") { ${list}(after: $after) { edges { cursor } } } }`,
          { after },
        )
        t.equal(status, 200, `${list} ${after.slice(0, 40)}`)
        t.match(body.errors, [{ extensions: { code: 'bad_request' } }], `${list} ${after.slice(0, 40)}`)
      }
  })

  t.test('two hundred documents of random words: none breaks the server', async (t) => {
    const words = [
      '{',
      '}',
      '(',
      ')',
      ':',
      '$a',
      '"x"',
      '1',
      'query',
      'mutation',
      'fragment',
      'on',
      '...',
      '@skip(if: true)',
      'tenant',
      'name',
      'apps',
      'first',
      'edges',
      'node',
      'Tenant',
      '__typename',
      '[',
      ']',
      '!',
      '"""',
      '\\',
      '#',
      '\n',
      'null',
      'true',
      '-1e9',
      '\ufeff',
      '𝕏',
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ maxLength: 300, unit: 'binary' }),
          fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((list) => list.join(' ')),
          fc
            .array(fc.constantFrom(...words), { maxLength: 20 })
            .map((list) => `{ tenant(name: "acme") { ${list.join(' ')} } }`),
        ),
        fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3 }),
        async (query, variables) => {
          const { status } = await send(query, variables as Record<string, unknown>)
          return status < 500
        },
      ),
      { numRuns: 200 },
    )
    t.match((await send('{ whoami { name } }')).body, { data: { whoami: { name: 'developer' } } })
  })

  t.test('what breaks inside says nothing of it', async (t) => {
    const { db } = api
    await db.prisma.$executeRaw`ALTER TABLE apps RENAME TO apps_away`
    const { body, status, text } = await send(
      '{ whoami { name } tenant(name: "acme") { name apps { edges { cursor } } } }',
    )
    await db.prisma.$executeRaw`ALTER TABLE apps_away RENAME TO apps`
    t.equal(status, 200)
    t.match(body, {
      data: { whoami: { name: 'developer' }, tenant: null },
      errors: [{ path: ['tenant', 'apps'], extensions: { code: 'internal', requestId: String } }],
    })
    t.notMatch(text, /apps_away|relation|prisma/i)
  })
})

t.test('what tools ask of the schema is answered', async (t) => {
  const api = await apiHarness(t)
  const all = {
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  }
  for (const query of [getIntrospectionQuery(), getIntrospectionQuery(all)])
    t.match(await ask(api, query), { status: 200, body: { data: { __schema: { types: Array } } } })
})

t.test('without introspection the schema is not told, and all else is as ever', async (t) => {
  const api = await apiHarness(t, { graphql: { introspection: false } })
  for (const query of ['{ __schema { types { name } } }', '{ __type(name: "App") { name } }'])
    t.match(await ask(api, query), { status: 400, body: { errors: [{ extensions: { code: 'bad_request' } }] } })
  t.match((await ask(api, '{ __typename whoami { __typename name } }')).body.data, { __typename: 'Query' })
})
