import ssh2 from 'ssh2'
import t from 'tap'
import type { Endpoint } from '../../src/drivers/index.ts'
import { registerLocalHost } from '../../src/modules/hosts/index.ts'
import { apiHarness } from '../lab/api.ts'
import { quiet } from '../lab/database.ts'
import { FakeEngine } from '../lab/fake-driver.ts'
import { eventually } from '../lab/run.ts'
import { labCa } from '../lab/tls.ts'

const login = ssh2.utils.generateKeyPairSync('ed25519')
const server = ssh2.utils.generateKeyPairSync('ed25519')
const locked = ssh2.utils.generateKeyPairSync('ed25519', { passphrase: 'hunter2', cipher: 'aes256-ctr', rounds: 1 })
const ssh = { host: 'H1.example', user: 'moorage', privateKey: login.private, knownHost: `h1.example ${server.public}` }
const ca = await labCa(t)
const [{ tls }, { tls: other }] = await Promise.all([ca.client(), ca.client()])

const seen: Endpoint[] = []
const engines = { old: new FakeEngine(), lost: new FakeEngine(), foreign: new FakeEngine(), away: new FakeEngine() }
engines.away.away = true
/** By the name that an endpoint leads to; any other leads to an engine of its own. */
const engineAt = (endpoint: Endpoint): FakeEngine => {
  const name = 'ssh' in endpoint ? endpoint.ssh.host : 'url' in endpoint ? new URL(endpoint.url).hostname : ''
  return Object.entries(engines).find(([key]) => key === name)?.[1] ?? new FakeEngine()
}
const api = await apiHarness(t, {
  createDriver: (_kind, { endpoint, identity }) => {
    seen.push(endpoint)
    return engineAt(endpoint).connect(identity)
  },
})

const register = async (endpoint: object, name = 'h1') =>
  await api.request('POST', '/v1/hosts', { body: { name, kind: 'docker', endpoint } })

t.test('400 names the place of what is wrong with an endpoint, and never quotes it', async (t) => {
  const url = 'tcp://a:2376'
  const wrong: [object, string, RegExp?][] = [
    [{}, '', /exactly one of socketPath, url and ssh/],
    [{ url, ssh }, ''],
    [{ socketPath: '/a', tls }, '/tls', /belongs to a url/],
    [{ ssh, tls }, '/tls'],
    [{ url: 'http://a:2375' }, '/url', /tcp:\/\/host:port or https:\/\/host:port/],
    [{ url: 'http://a:2375', tls }, '/url'],
    [{ url: 'https://a', tls }, '/url'],
    [{ url: 'ssh://root@a' }, '/url'],
    [{ url: 'ssh://a:22' }, '/url', /member ssh/],
    [{ url: 'tcp://[::1:2376' }, '/url'],
    [{ url, tls: { ca: tls.ca, cert: tls.cert } }, '/tls/key', /is missing/],
    [{ url, tls: { ...tls, ca: 'hunter2' } }, '/tls/ca'],
    [{ url, tls: { ...tls, ca: tls.ca.replace(/^(M.{20})/m, 'hunter2') } }, '/tls/ca'],
    [{ url, tls: { ...tls, cert: tls.key } }, '/tls/cert'],
    [{ url, tls: { ...tls, cert: tls.cert + tls.key } }, '/tls/cert', /no key/],
    [{ url, tls: { ...tls, key: 'hunter2' } }, '/tls/key', /private key in PEM/],
    [{ url, tls: { ...tls, key: other.key } }, '/tls/key', /does not belong/],
    [{ url, tls: { ...tls, key: tls.key.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE') } }, '/tls/key', /openssl pkey/],
    [{ ssh: { ...ssh, host: 'a:22' } }, '/ssh/host'],
    [{ ssh: { ...ssh, host: 'root@a' } }, '/ssh/host'],
    [{ ssh: { ...ssh, port: 0 } }, '/ssh/port'],
    [{ ssh: { ...ssh, user: 'a b' } }, '/ssh/user'],
    [{ ssh: { ...ssh, socketPath: 'docker.sock' } }, '/ssh/socketPath'],
    [{ ssh: { ...ssh, privateKey: 'hunter2' } }, '/ssh/privateKey', /OpenSSH's form/],
    [{ ssh: { ...ssh, privateKey: login.public } }, '/ssh/privateKey', /public key/],
    [{ ssh: { ...ssh, privateKey: locked.private } }, '/ssh/privateKey', /is encrypted/],
    [{ ssh: { ...ssh, knownHost: 'h1.example hunter2' } }, '/ssh/knownHost', /line 1/],
    [{ ssh: { ...ssh, knownHost: '# nothing' } }, '/ssh/knownHost', /no key/],
    [{ ssh: { ...ssh, password: 'hunter2' } }, '/ssh/password', /not a known key/],
    [{ ssh: { ...ssh, privateKey: 'hunter2:b\n'.repeat(2001) } }, '/ssh/privateKey', /20000/],
  ]
  const away = await register({ socketPath: '/run/fake.sock' }, 'there')
  t.equal(away.status, 201)
  for (const [endpoint, path, message] of wrong) {
    const answer = await register(endpoint)
    const { status, body, text } = answer
    const what = JSON.stringify(Object.keys(endpoint)) + path
    t.match(
      { status, body },
      { status: 400, body: { code: 'bad_request', errors: [{ path: `/body/endpoint${path}` }] } },
      what,
    )
    if (message) t.match(body.errors, [{ message }], what)
    t.notMatch(text, /hunter2|BEGIN|AAAA/, what)
    const patched = await api.request('PATCH', '/v1/hosts/there', { body: { endpoint } })
    t.match(
      { status: patched.status, errors: patched.body.errors },
      { status: 400, errors: body.errors },
      `PATCH ${what}`,
    )
  }
})

t.test('201 shows how a host is reached, without what must not be seen', async (t) => {
  const knownHost = server.public.trim()
  const shown: [object, object][] = [
    [
      { url: 'tcp://Engine.example:2376/', tls },
      { url: 'tcp://engine.example:2376', tls: true },
    ],
    [{ url: 'https://[2001:db8::1]:443' }, { url: 'https://[2001:db8::1]:443' }],
    [{ url: 'tcp://[::1]:80' }, { url: 'tcp://[::1]:80' }],
    [
      { ssh },
      { ssh: { host: 'h1.example', port: 22, user: 'moorage', knownHost, socketPath: '/var/run/docker.sock' } },
    ],
    [
      { ssh: { ...ssh, host: '2001:db8::1', port: 2222, socketPath: '/run/user/1000/docker.sock' } },
      {
        ssh: { host: '2001:db8::1', port: 2222, user: 'moorage', knownHost, socketPath: '/run/user/1000/docker.sock' },
      },
    ],
  ]
  for (const [at, [endpoint, view]] of shown.entries()) {
    const { status, body, text } = await register(endpoint, `shown-${at}`)
    t.equal(status, 201, text)
    t.same(body.endpoint, view)
    t.same((await api.request('GET', `/v1/hosts/shown-${at}`)).body, body)
    const row = await api.db.prisma.host.findUniqueOrThrow({ where: { name: `shown-${at}` } })
    t.notMatch(JSON.stringify(row.transport) + Buffer.from(row.endpoint).toString('latin1'), /PRIVATE|CERTIFICATE/)
  }
  t.match(
    seen.find((one) => 'url' in one),
    { url: 'tcp://engine.example:2376', tls },
  )
  t.match(
    seen.find((one) => 'ssh' in one),
    { ssh: { port: 22, privateKey: login.private, knownHost } },
    'the driver gets all of it',
  )
  const { body } = await api.request('POST', '/v1/hosts', {
    body: { name: 'dry', kind: 'docker', endpoint: { ssh }, dryRun: true },
  })
  t.match(body.plan.text, /ssh:\/\/moorage@h1\.example:22\/var\/run\/docker\.sock/)
  t.notMatch(JSON.stringify(body), /PRIVATE/)
})

t.test('PATCH of the endpoint', async (t) => {
  const [h1, h2] = [await register({ url: 'tcp://old:2375' }), await register({ url: 'tcp://foreign:2375' }, 'h2')]
  t.same([h1.status, h2.status], [201, 201])
  const row = async () => await api.db.prisma.host.findUniqueOrThrow({ where: { name: 'h1' } })
  const patch = async (body: object, version?: number) =>
    await api.request('PATCH', '/v1/hosts/h1', { body, headers: version ? { 'if-match': `"${version}"` } : {} })
  const before = await api.hosts.driver(h1.body.id)

  await t.test('409 and 502 where it leads to another engine or to none: nothing changes', async (t) => {
    const was = await row()
    for (const [host, status, code] of [
      ['lost', 409, 'host_marker_missing'],
      ['foreign', 409, 'host_identity_mismatch'],
      ['away', 502, 'host_unreachable'],
    ] as const) {
      const wish = { endpoint: { url: `tcp://${host}:2375` }, labels: { zone: 'b' } }
      t.match(await patch(wish), { status, body: { code } }, host)
      t.match(await patch({ ...wish, dryRun: true }), { status, body: { code } }, `${host}, dry`)
    }
    t.match((await patch({ endpoint: { url: 'tcp://away:2375' } })).body, { detail: /^tcp:\/\/away:2375: / })
    t.same(await row(), was)
    t.equal(await api.hosts.driver(h1.body.id), before)
  })

  await t.test('200 a dry run and the expected plan; 412 before the engine is asked', async (t) => {
    const endpoint = { url: 'tcp://old:2376', tls }
    const { body } = await patch({ endpoint, dryRun: true })
    t.match(body.plan.steps, [
      { action: 'change_endpoint', target: 'h1', cause: /^Engine 99\.0 at tcp:\/\/old:2376 shows the marker/ },
    ])
    t.match(await patch({ endpoint, expectPlan: '0'.repeat(64) }), { status: 409, body: { code: 'plan_changed' } })
    t.match(await patch({ endpoint: { url: 'tcp://away:1' } }, 7), { status: 412 })
    t.match(await patch({ endpoint, expectPlan: body.planDigest }, 1), {
      status: 200,
      body: { version: 2, endpoint: { url: 'tcp://old:2376', tls: true }, status: 'ready' },
    })
  })

  await t.test(
    '200 changes it with other members; the next driver is a new one; the same again changes nothing',
    async (t) => {
      t.not(await api.hosts.driver(h1.body.id), before)
      t.match(await patch({ endpoint: { ssh: { ...ssh, host: 'old' } }, schedulable: false }, 2), {
        status: 200,
        body: { version: 3, schedulable: false, endpoint: { url: undefined, ssh: { host: 'old' } } },
      })
      const was = await row()
      t.match(await patch({ endpoint: { ssh: { ...ssh, host: 'old' } } }, 3), { status: 200, body: { version: 3 } })
      t.same(await row(), was)
      const renewed = { ...ssh, host: 'old', privateKey: ssh2.utils.generateKeyPairSync('ed25519').private }
      t.match(
        await patch({ endpoint: { ssh: renewed } }, 3),
        { status: 200, body: { version: 4 } },
        'another key, though none is shown',
      )
    },
  )

  await t.test('200 mends a host whose endpoint no key of this server opens', async (t) => {
    await api.db.prisma.host.update({ where: { name: 'h1' }, data: { endpoint: Buffer.from('sealed by another key') } })
    t.match(await api.request('POST', '/v1/hosts/h1/probe'), { status: 503, body: { code: 'secret_unreadable' } })
    t.match(await patch({ endpoint: { url: 'tcp://old:2375' } }), { status: 200, body: { version: 5 } })
    t.match(await api.request('POST', '/v1/hosts/h1/probe'), { status: 200 })
  })

  await t.test('409 where the endpoint that it has already was exchanged meanwhile', async (t) => {
    const { endpoint } = await api.db.prisma.host.findUniqueOrThrow({ where: { name: 'h2' } })
    const answer = await api.db.transaction(async (tx) => {
      await tx.$executeRaw`UPDATE "hosts" SET "endpoint" = ${endpoint} WHERE "name" = 'h1'`
      const patched = patch({ endpoint: { url: 'tcp://old:2375' } })
      await eventually('it waits for the row', async () => {
        const waiting = await api.db.prisma.$queryRaw<unknown[]>`
          SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
        return waiting.length > 0
      })
      return { patched }
    })
    t.match(await answer.patched, { status: 409, body: { code: 'conflict', detail: /changed meanwhile/ } })
  })
})

t.test('an address that says too little to reach an engine is never taken for the local socket', async (t) => {
  const logged: object[] = []
  const log = { ...quiet, info: (fields: object) => logged.push(fields) }
  await registerLocalHost(api, { dockerHost: 'ssh://root:hunter2@a', log })
  t.match(logged, [{ host: 'local', reason: /neither unix:\/\/ nor tcp:\/\// }])
  await registerLocalHost(api, { dockerHost: 'tcp://root:hunter2@a:2375', log })
  t.match(logged[1], { host: 'local', reason: /must not hold a user or a password/ })
  t.notMatch(JSON.stringify(logged), /hunter2/)
  t.equal((await api.request('GET', '/v1/hosts/local')).status, 404)
  await registerLocalHost(api, { dockerHost: 'unix:///run/elsewhere.sock', log })
  t.match((await api.request('GET', '/v1/hosts/local')).body, { endpoint: { socketPath: '/run/elsewhere.sock' } })
})
