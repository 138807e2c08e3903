import t from 'tap'
import { composeOf, succeed } from '../api/scene.ts'
import { apiHarness } from '../lab/api.ts'
import { ask } from './client.ts'
import { fleet } from './scene.ts'

const CHANGE = '{ operation { id tenant app kind status release requestedBy } plan { digest text } planDigest }'
const code = ({ body }: Awaited<ReturnType<typeof ask>>): string => body.errors?.[0]?.extensions.code

t.test('mutations', async (t) => {
  const api = await apiHarness(t)
  const { acme, other } = await fleet(api, 1)
  const { prisma } = api.db
  const mutate = async (mutation: string, options: Parameters<typeof ask>[2] = {}) =>
    await ask(api, `mutation { ${mutation} }`, { token: acme.developer, ...options })
  const done = async (mutation: string, options: Parameters<typeof ask>[2] = {}) => {
    const { body } = await mutate(mutation, options)
    if (body.errors) throw new Error(JSON.stringify(body.errors))
    return Object.values(body.data)[0] as { operation: { id: string; kind: string } | null; [member: string]: unknown }
  }
  const compose = JSON.stringify(composeOf({ tag: '2' }))
  const operations = async () => await prisma.operation.count()

  t.test('each verb makes the operation that REST makes', async (t) => {
    const verbs: [string, string][] = [
      [`applyApp(tenant: "acme", app: "app-0", compose: ${compose})`, 'deploy'],
      ['deploy(tenant: "acme", app: "app-0", images: { web: "registry.example.com/shop/web:3" })', 'deploy'],
      ['scale(tenant: "acme", app: "app-0", services: { web: 3 })', 'scale'],
      ['stop(tenant: "acme", app: "app-0")', 'stop'],
      ['start(tenant: "acme", app: "app-0")', 'start'],
      ['restart(tenant: "acme", app: "app-0")', 'restart'],
      ['rollback(tenant: "acme", app: "app-0", release: 1)', 'rollback'],
    ]
    for (const [mutation, kind] of verbs) {
      const { operation } = await done(`change: ${mutation} ${CHANGE}`)
      t.match(operation, { kind, tenant: 'acme', app: 'app-0', status: 'queued', requestedBy: 'token:developer' }, kind)
      const { body } = await api.request('GET', `/v1/tenants/acme/operations/${operation?.id}`)
      t.match(body, operation, 'the same by REST')
      await succeed(api, String(operation?.id))
    }
    const nothing = await done(`start(tenant: "acme", app: "app-0") ${CHANGE}`)
    t.same(nothing, { operation: null, plan: null, planDigest: null }, 'nothing changes')
  })

  t.test('a key and its arguments are carried out once', async (t) => {
    const restart = `restart(tenant: "acme", app: "app-0", idempotencyKey: "k1") ${CHANGE}`
    const before = await operations()
    const answers = await Promise.all(Array.from({ length: 5 }, async () => await done(restart)))
    t.equal(new Set(answers.map(({ operation }) => operation?.id)).size, 1)
    t.equal(await operations(), before + 1)
    const another = `restart(tenant: "acme", app: "app-0", idempotencyKey: "k1", expectVersion: 3) ${CHANGE}`
    t.equal(code(await mutate(another)), 'idempotency_key_reused')
    t.not(
      (await done(`scale(tenant: "acme", app: "app-0", services: { web: 4 }, idempotencyKey: "k1") ${CHANGE}`))
        .operation?.id,
      answers[0]?.operation?.id,
      'the key of another mutation is another',
    )
    const rest = await api.request('POST', '/v1/tenants/acme/apps/app-0/restart', {
      token: acme.developer,
      headers: { 'idempotency-key': 'k1' },
    })
    t.equal(rest.status, 202, 'and so is that of REST')
    t.equal(code(await mutate(restart.replace('k1', 'not visible'))), 'bad_request')
  })

  t.test('a dry run answers the plan, and expectPlan holds to it', async (t) => {
    const before = await operations()
    const scale = 'tenant: "acme", app: "app-0", services: { web: 5 }'
    const dry = await done(`scale(${scale}, dryRun: true) ${CHANGE}`)
    t.match(dry, { operation: null, plan: { text: String }, planDigest: /^[0-9a-f]{64}$/ })
    t.equal(await operations(), before)
    const refused = await mutate(`scale(${scale}, expectPlan: "${'0'.repeat(64)}") ${CHANGE}`)
    t.match(refused.body.errors, [{ extensions: { code: 'plan_changed', planDigest: dry.planDigest, plan: {} } }])
    t.match(await done(`scale(${scale}, expectPlan: "${dry.planDigest}") ${CHANGE}`), { operation: { kind: 'scale' } })
  })

  t.test('expectVersion, wait, labels and cancelling', async (t) => {
    const { body } = await api.request('GET', '/v1/tenants/acme/apps/app-0')
    const update = (version: number) =>
      `updateApp(tenant: "acme", app: "app-0", labels: { tier: "one" }, expectVersion: ${version}) { app { version labels workloads { edges { cursor } } } }`
    t.equal(code(await mutate(update(body.version + 1))), 'version_mismatch')
    t.match(await done(update(body.version)), { app: { version: body.version + 1, labels: { tier: 'one' } } })

    const { operation } = await done(`restart(tenant: "acme", app: "app-0", wait: 1) ${CHANGE}`)
    t.match(operation, { status: 'queued' }, 'its time was up')
    t.match(await done(`cancelOperation(id: "${operation?.id}") { operation { status error { code } } }`), {
      operation: { status: 'cancelled', error: { code: 'cancelled' } },
    })
    t.equal(code(await mutate(`cancelOperation(id: "${operation?.id}") { operation { id } }`)), 'conflict')
  })

  t.test('roles and tenants: forbidden for a viewer, not there for another', async (t) => {
    const before = await operations()
    const mutations = [
      `restart(tenant: "acme", app: "app-0") ${CHANGE}`,
      `applyApp(tenant: "acme", app: "new", compose: ${compose}) ${CHANGE}`,
      `removeApp(tenant: "acme", app: "app-0", volumes: true) ${CHANGE}`,
      'updateApp(tenant: "acme", app: "app-0", labels: {}) { app { id } }',
      'createToken(tenant: "acme", name: "x", role: owner) { token { token } }',
    ]
    for (const mutation of mutations) {
      t.equal(code(await mutate(mutation, { token: acme.viewer })), 'forbidden', mutation)
      t.equal(code(await mutate(mutation, { token: other.owner })), 'not_found', mutation)
    }
    const [row] = await prisma.operation.findMany({ where: { tenant: { name: 'acme' } }, take: 1 })
    const cancel = `cancelOperation(id: "${row?.id}") { operation { id } }`
    t.equal(code(await mutate(cancel, { token: other.owner })), 'not_found')
    t.equal(code(await mutate(cancel, { token: acme.viewer })), 'forbidden')
    for (const mutation of [
      'createTenant(name: "x") { tenant { id } }',
      'updateTenant(name: "acme", displayName: "x") { tenant { id } }',
      'deleteTenant(name: "acme") { deleted }',
      'createToken(name: "x") { token { token } }',
      'cordonHost(name: "one") { host { id } }',
      'deleteHost(name: "one") { deleted }',
      'registerHost(name: "x", kind: docker, endpoint: { socketPath: "/x" }) { host { id } }',
    ])
      t.equal(code(await mutate(mutation, { token: acme.owner })), 'forbidden', mutation)
    t.equal(code(await mutate('deleteTenant(name: "other") { deleted }', { token: acme.owner })), 'not_found')
    t.equal(await operations(), before)
  })

  t.test('what REST refuses is refused with its places', async (t) => {
    const cases: [string, string, string | RegExp][] = [
      [`applyApp(tenant: "acme", app: "Not A Name", compose: ${compose}) ${CHANGE}`, 'bad_request', '/arguments/app'],
      [`applyApp(tenant: "acme", app: "x") ${CHANGE}`, 'bad_request', /./],
      [
        `scale(tenant: "acme", app: "app-0", services: { web: -1 }) ${CHANGE}`,
        'bad_request',
        '/arguments/services/web',
      ],
      [`scale(tenant: "acme", app: "app-0", services: {}) ${CHANGE}`, 'bad_request', '/arguments/services'],
      [`scale(tenant: "acme", app: "app-0", services: "web") ${CHANGE}`, 'bad_request', '/arguments/services'],
      [`deploy(tenant: "acme", app: "app-0", env: { web: { "A": 1 } }) ${CHANGE}`, 'bad_request', /./],
      [`rollback(tenant: "acme", app: "app-0", release: 0) ${CHANGE}`, 'bad_request', '/arguments/release'],
      [`restart(tenant: "acme", app: "app-0", wait: 61) ${CHANGE}`, 'bad_request', '/arguments/wait'],
      [`applyApp(tenant: "acme", app: "x", compose: "services: []") ${CHANGE}`, 'invalid_spec', /./],
      ['createToken(tenant: "acme", name: "x", role: admin) { token { id } }', 'bad_request', '/arguments/role'],
      ['revokeToken(tenant: "acme", id: "x") { revoked }', 'bad_request', '/arguments/id'],
    ]
    for (const [mutation, expected, path] of cases) {
      const { body } = await mutate(mutation, { token: acme.owner })
      const [error] = body.errors
      if (error.extensions.code === 'bad_request' && error.locations && !error.path) {
        t.equal(expected, 'bad_request', `GraphQL itself refuses ${mutation}`)
        continue
      }
      t.match(error, { path: [String], extensions: { code: expected, errors: [{ path, message: String }] } }, mutation)
    }
  })

  t.test('tenants and tokens', async (t) => {
    const token = api.adminToken
    t.match(
      await done('createTenant(name: "shop", displayName: "Shop") { tenant { name displayName version } }', { token }),
      {
        tenant: { name: 'shop', displayName: 'Shop', version: 1 },
      },
    )
    t.equal(code(await mutate('createTenant(name: "shop") { tenant { id } }', { token })), 'already_exists')
    t.match(
      await done('updateTenant(name: "shop", displayName: null, expectVersion: 1) { tenant { displayName version } }', {
        token,
      }),
      { tenant: { displayName: null, version: 2 } },
    )
    const create =
      'createToken(tenant: "shop", name: "ci", role: developer, idempotencyKey: "t") { token { id role token } }'
    const made = (await done(create, { token })) as unknown as { token: { id: string; token: string } }
    t.same(await done(create, { token }), made, 'the same token again, opened')
    const who = await ask(api, '{ whoami { name tenant } }', { token: made.token.token })
    t.same(who.body.data.whoami, { name: 'ci', tenant: 'shop' })
    t.same(await done(`revokeToken(tenant: "shop", id: "${made.token.id}") { revoked }`, { token }), { revoked: true })
    t.equal((await api.request('GET', '/v1/whoami', { token: made.token.token })).status, 401)
    t.match(await done('createToken(name: "root") { token { role tenant token } }', { token }), {
      token: { role: 'admin', tenant: null, token: /^mrg_/ },
    })
    t.equal(code(await mutate('deleteTenant(name: "acme") { deleted }', { token })), 'tenant_not_empty')
    t.same(await done('deleteTenant(name: "shop") { deleted }', { token }), { deleted: true })
  })

  t.test('hosts, as far as no engine is asked', async (t) => {
    const token = api.adminToken
    t.match(await done('cordonHost(name: "one", dryRun: true) { host { name } plan { text } planDigest }', { token }), {
      host: null,
      plan: { text: /one/ },
    })
    t.match(await done('cordonHost(name: "one") { host { schedulable version } }', { token }), {
      host: { schedulable: false, version: 2 },
    })
    t.match(await done('uncordonHost(name: "one", expectVersion: 2) { host { schedulable } }', { token }), {
      host: { schedulable: true },
    })
    t.match(await done('updateHost(name: "one", labels: { zone: "a" }) { host { labels } }', { token }), {
      host: { labels: { zone: 'a' } },
    })
    t.equal(code(await mutate('deleteHost(name: "one") { deleted }', { token })), 'host_not_empty')
    const register = `registerHost(name: "two", kind: docker, endpoint: { socketPath: "/nowhere.sock" }) { host { id } }`
    t.equal(code(await mutate(register, { token })), 'host_unreachable')
    const refused = await mutate(register.replace('socketPath', 'nope'), { token })
    t.match(refused.body.errors, [
      { extensions: { code: 'bad_request', errors: [{ path: '/arguments/endpoint/nope' }] } },
    ])
  })

  t.test('one after the other, and what came before one that fails stays', async (t) => {
    const scale = (alias: string, app: string, web: number) =>
      `${alias}: scale(tenant: "acme", app: "${app}", services: { web: ${web} }) { operation { id kind } }`
    const { body, status } = await mutate(
      `${scale('a', 'app-0', 7)} ${scale('b', 'nope', 7)} ${scale('c', 'app-0', 8)}`,
    )
    t.equal(status, 200)
    t.match(body, {
      data: { a: { operation: { kind: 'scale' } }, b: null, c: { operation: { kind: 'scale' } } },
      errors: [{ path: ['b'], extensions: { code: 'not_found' } }],
    })
    t.equal(body.errors.length, 1)
    t.ok(body.data.a.operation.id < body.data.c.operation.id)
  })
})
