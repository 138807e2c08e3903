import t from 'tap'
import { apiHarness } from '../lab/api.ts'
import { ask } from './client.ts'
import { fleet } from './scene.ts'

t.test('queries', async (t) => {
  const api = await apiHarness(t)
  const { acme, other } = await fleet(api, 3)
  const rest = async (path: string, token?: string) =>
    (await api.request('GET', path, { ...(token && { token }) })).body

  t.test('what an app shows is what REST shows', async (t) => {
    const { status, body } = await ask(
      api,
      `{ tenant(name: "acme") { id name displayName version createdAt updatedAt
        app(name: "app-1") { id tenant name labels host version removing createdAt updatedAt
          wanted { release replicas running restartGeneration }
          currentRelease { number digest notes { path level message kinds } createdBy createdAt succeededAt spec }
          releases { edges { node { number } } }
          workloads { edges { node { id app service host release desired ready status drift { path desired actual } instances {
            id nativeId name host service release state health image imageDigest addresses
            ports { containerPort hostPort hostIp protocol } restarts exitCode startedAt } } } }
          instances { edges { node { id state } } }
          operations { edges { node { id tenant app parent kind status reason release error { code } requestedBy createdAt
            startedAt finishedAt attempts nextAttemptAt } } }
        } } }`,
      { token: acme.viewer },
    )
    t.equal(status, 200)
    t.notOk(body.errors)
    const { app: shown, ...tenant } = body.data.tenant
    t.same(tenant, await rest('/v1/tenants/acme'))
    const path = '/v1/tenants/acme/apps/app-1'
    const { workloads, instances, operations, releases, currentRelease, ...app } = shown
    const { currentRelease: number, ...expected } = await rest(path)
    t.same(app, expected)
    t.same(currentRelease, await rest(`${path}/releases/${number}`, acme.viewer), 'its spec masked, for a viewer')
    t.match(JSON.stringify(currentRelease.spec), '"PASSWORD":"***"')
    t.same(
      releases.edges.map(({ node }: { node: { number: number } }) => node.number),
      [1],
    )
    const items = async (url: string) => (await rest(url)).items
    t.same(nodes(workloads), await items(`${path}/workloads`))
    t.match(nodes(workloads), [
      { service: 'db', status: 'running', ready: 1 },
      { service: 'web', status: 'running', ready: 2, instances: [{ state: 'running' }, { state: 'running' }] },
    ])
    t.match(await items(`${path}/instances`), nodes(instances))
    t.same(nodes(operations), await items('/v1/tenants/acme/operations?app=app-1'))
  })

  t.test('the values of variables are for those who may deploy', async (t) => {
    const { text } = await ask(api, '{ tenant(name: "acme") { app(name: "app-0") { release(number: 1) { spec } } } }', {
      token: acme.developer,
    })
    t.match(text, 'hunter2')
  })

  t.test('an operation with its plan and steps, hosts, and who asks', async (t) => {
    const [operation] = (await rest('/v1/tenants/acme/operations')).items
    await api.db.prisma.step.createMany({
      data: [1, 2, 3].map((seq) => ({
        ...{
          operationId: operation.id,
          seq,
          attempt: 1,
          key: `k${seq}`,
          host: 'one',
          service: 'web',
          action: 'create',
        },
        ...{ target: 'x', cause: 'y', status: 'succeeded' },
      })),
    })
    const { body } = await ask(
      api,
      `query($id: ID!) { operation(id: $id) { id kind plan { digest } steps(first: 2) { edges { cursor node { action status } } pageInfo { hasNextPage endCursor } } }
        whoami { name role tenant scopes } host(name: "one") { name kind status labels endpoint allocated { instances cpus memory } }
        hosts { edges { node { name } } } none: host(name: "two") { name } }`,
      { variables: { id: operation.id } },
    )
    t.notOk(body.errors)
    t.match(body.data.operation, { id: operation.id, kind: 'deploy', plan: null })
    t.equal(body.data.operation.steps.edges.length, 2)
    t.equal(body.data.operation.steps.pageInfo.hasNextPage, true)
    const next = await rest(
      `/v1/tenants/acme/operations/${operation.id}/steps?cursor=${body.data.operation.steps.pageInfo.endCursor}`,
    )
    t.equal(next.items.length, 1)
    t.match(body.data.whoami, { name: 'bootstrap', role: 'admin', tenant: null, scopes: [] })
    t.match(body.data.host, { name: 'one', allocated: { instances: 18 } })
    t.same(nodes(body.data.hosts), [{ name: 'one' }])
    t.equal(body.data.none, null)
  })

  t.test('events, newest first, by app, operation and type', async (t) => {
    const { body } = await ask(
      api,
      `{ tenant(name: "acme") { events(first: 3) { edges { cursor node { id type tenant app host service operation actor at data } } }
         some: events(types: ["operation.*"], app: "app-0") { edges { node { type app } } }
         none: events(app: "") { edges { node { app } } }
         app(name: "app-0") { events(first: 200) { edges { node { app } } } } } }`,
    )
    t.notOk(body.errors)
    const { events, some, none, app } = body.data.tenant
    t.same(nodes(none), [], 'no app has no name')
    t.same(nodes(events), (await rest('/v1/tenants/acme/events?limit=3')).items)
    t.ok(nodes(some).length > 0)
    for (const one of nodes(some)) t.match(one, { app: 'app-0', type: /^operation\./ })
    t.equal(nodes(app.events).length, (await rest('/v1/tenants/acme/events?app=app-0&limit=200')).items.length)
  })

  t.test('pages: every list from cursor to cursor, each item once, with the cursors of REST', async (t) => {
    const lists = [
      ['apps', '{ name }', '/v1/tenants/acme/apps'],
      ['operations', '{ id }', '/v1/tenants/acme/operations'],
      ['events', '{ id }', '/v1/tenants/acme/events'],
      ['workloads', '{ id }', null],
      ['instances', '{ id }', null],
    ] as const
    for (const [list, fields, path] of lists) {
      const query = `query($after: String, $first: Int) { tenant(name: "acme") { list: ${list}(first: $first, after: $after) {
        edges { cursor node ${fields} } pageInfo { hasNextPage endCursor } } } }`
      const page = async (first: number, after?: string) =>
        (await ask(api, query, { variables: { first, after }, token: acme.viewer })).body.data.tenant.list
      const whole = await page(200)
      t.equal(whole.pageInfo.hasNextPage, false)
      t.ok(whole.edges.length >= 3, `${list} ${whole.edges.length}`)
      const seen: object[] = []
      for (let after: string | undefined, more = true; more;) {
        const { edges, pageInfo } = await page(2, after)
        seen.push(...edges)
        t.equal(pageInfo.endCursor, edges.at(-1)?.cursor)
        if (pageInfo.hasNextPage && path)
          t.equal(
            pageInfo.endCursor,
            (await rest(`${path}?limit=2${after ? `&cursor=${after}` : ''}`)).nextCursor,
            `${list}: the cursor of REST`,
          )
        more = pageInfo.hasNextPage
        after = pageInfo.endCursor
      }
      t.same(
        seen.map((edge) => (edge as { node: object }).node),
        nodes(whole),
        list,
      )
    }
  })

  t.test("null for what is not there, and for what is another's", async (t) => {
    const { body, text } = await ask(
      api,
      `{ mine: tenant(name: "acme") { name app(name: "nope") { name } } theirs: tenant(name: "other") { name } none: tenant(name: "nope") { name } }`,
      { token: acme.viewer },
    )
    t.same(body, { data: { mine: { name: 'acme', app: null }, theirs: null, none: null } }, text)
    const [operation] = (await rest('/v1/tenants/other/operations')).items
    const query = 'query($id: ID!) { operation(id: $id) { id } }'
    const variables = { id: operation.id }
    t.same((await ask(api, query, { variables, token: acme.owner })).body, { data: { operation: null } })
    t.same((await ask(api, query, { variables, token: other.viewer })).body.data, { operation: { id: operation.id } })
    t.match((await ask(api, query, { variables: { id: 'x' }, token: acme.owner })).body, {
      data: { operation: null },
      errors: [{ path: ['operation'], extensions: { code: 'bad_request', errors: [{ path: '/arguments/id' }] } }],
    })
  })

  t.test('forbidden where the role lacks the permission', async (t) => {
    for (const field of ['hosts { edges { cursor } }', 'host(name: "one") { name }', 'tenants { edges { cursor } }']) {
      const { body, status } = await ask(api, `{ ${field} }`, { token: acme.owner })
      t.equal(status, 200)
      t.match(body.errors, [{ extensions: { code: 'forbidden', requestId: String } }], field)
      t.equal(body.errors.length, 1)
    }
  })
})

// oxlint-disable-next-line typescript/no-explicit-any -- what a stock client gets: whatever the server says
function nodes(connection: any): any[] {
  return connection.edges.map(({ node }: { node: unknown }) => node)
}
