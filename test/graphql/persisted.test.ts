import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readPersistedQueries } from '../../src/graphql/index.ts'
import { apiHarness, type ApiHarness } from '../lab/api.ts'

const QUERY = 'query Who { whoami { name } }'
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const persisted = new Map([[hashOf(QUERY), QUERY]])
const naming = (sha256Hash: unknown) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } })

async function post(api: ApiHarness, payload: object) {
  const headers = {
    authorization: `Bearer ${api.adminToken}`,
    'content-type': 'application/json',
    accept: 'application/graphql-response+json',
  }
  const answer = await api.app.inject({ method: 'POST', url: '/graphql', headers, payload: JSON.stringify(payload) })
  return { status: answer.statusCode, body: answer.json() }
}

t.test('a document that is known may be named by its hash; others are sent', async (t) => {
  const api = await apiHarness(t, { graphql: { persisted } })
  const data = { whoami: { name: 'bootstrap' } }
  t.same((await post(api, naming(hashOf(QUERY)))).body, { data })
  t.same((await post(api, { query: '{ whoami { name } }' })).body, { data })
  t.same((await post(api, { query: '', ...naming(hashOf(QUERY)) })).body, { data }, 'nothing is no document')
  const url = `/graphql?extensions=${encodeURIComponent(JSON.stringify(naming(hashOf(QUERY)).extensions))}`
  const headers = { authorization: `Bearer ${api.adminToken}` }
  t.same((await api.app.inject({ url, headers })).json(), { data }, 'by GET too')
  for (const request of [
    naming(hashOf('x')),
    naming(1),
    naming(null),
    {},
    { query: '{ a }', ...naming(hashOf(QUERY)) },
  ])
    t.match(await post(api, request), { status: 400, body: { errors: [{ extensions: { code: 'bad_request' } }] } })
})

t.test('where only these are allowed, all others are refused', async (t) => {
  const api = await apiHarness(t, { graphql: { persisted, onlyPersisted: true } })
  t.match(await post(api, naming(hashOf(QUERY))), { status: 200, body: { data: { whoami: {} } } })
  t.match(await post(api, { query: QUERY }), { status: 200 }, 'in full too')
  for (const query of ['{ whoami { name } }', `${QUERY} `, '{ __schema { types { name } } }'])
    t.match(await post(api, { query }), { status: 400, body: { errors: [{ extensions: { code: 'bad_request' } }] } })
})

t.test('a file that is not what it says is refused at the start', async (t) => {
  const path = join(t.testdir(), 'queries.json')
  const read = (value: unknown) => {
    writeFileSync(path, JSON.stringify(value))
    return readPersistedQueries(path)
  }
  t.equal(read(Object.fromEntries(persisted)).size, 1)
  for (const value of [[], null, { x: QUERY }, { [hashOf(QUERY)]: 1 }]) t.throws(() => read(value))
})
