import t from 'tap'
import { apiHarness } from '../lab/api.ts'
import { watchStatements } from '../lab/statements.ts'
import { ask } from './client.ts'
import { fleet, runningApp } from './scene.ts'

const NESTED = `{ tenants(first: 10) { edges { node { name apps(first: 50) { edges { node { name host
  currentRelease { number }
  workloads(first: 20) { edges { node { service desired ready status instances { id name state } } } } } } } } } } }`

const EVERYTHING = `{ tenants(first: 2) { edges { node { name
  workloads(first: 10) { edges { node { id } } }
  instances(first: 10) { edges { node { id } } }
  operations(first: 10) { edges { node { id plan { digest } steps(first: 10) { edges { node { action } } } } } }
  events(first: 10) { edges { node { id } } }
  apps(first: 12) { edges { node { name
    release(number: 1) { spec }
    releases(first: 2) { edges { node { number spec } } }
    instances(first: 10) { edges { node { id } } }
    operations(first: 10) { edges { node { id } } }
    events(first: 10) { edges { node { id } } } } } } } } }
  hosts { edges { node { name } } } }`

t.test('a list that nests is one read for all its parents', async (t) => {
  const api = await apiHarness(t)
  const { acme, other, hostId } = await fleet(api, 2)
  const watch = watchStatements(t)
  const counted = async (query: string, token?: string) => {
    let edges = 0
    const statements = await watch(async () => {
      const { body } = await ask(api, query, { ...(token !== undefined && { token }) })
      if (body.errors) throw new Error(JSON.stringify(body.errors))
      edges = JSON.stringify(body).split('"node"').length
    })
    return { count: statements.length, edges, statements }
  }
  // Whatever a first call does once.
  for (const query of [NESTED, EVERYTHING]) await counted(query)
  const few = { nested: await counted(NESTED), everything: await counted(EVERYTHING) }
  t.comment(`${few.nested.count} and ${few.everything.count} statements`)

  for (let at = 2; at < 12; at += 1)
    for (const tenant of [acme, other]) await runningApp(api, tenant, `app-${at}`, hostId)
  const many = { nested: await counted(NESTED), everything: await counted(EVERYTHING) }

  t.ok(many.nested.edges > 4 * few.nested.edges)
  t.equal(many.nested.count, few.nested.count, 'nested')
  t.ok(few.nested.count <= 8, `${few.nested.count} statements`)
  t.equal(many.everything.count, few.everything.count, 'everything')
  t.ok(few.everything.count <= 35, `${few.everything.count} statements`)

  const aliases = Array.from({ length: 30 }, (_, at) => `t${at}: tenant(name: "acme") { name }`).join(' ')
  t.ok((await counted(`{ ${aliases} }`)).count <= 2, 'the same thing under thirty names is one read too')
})
