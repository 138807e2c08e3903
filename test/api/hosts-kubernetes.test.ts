import { randomUUID } from 'node:crypto'
import t from 'tap'
import { stringify } from 'yaml'
import { createDriver, type Endpoint } from '../../src/drivers/index.ts'
import { loadHostFacts } from '../../src/modules/hosts/index.ts'
import { apiHarness } from '../lab/api.ts'
import { FakeEngine } from '../lab/fake-driver.ts'
import { requireCluster } from '../lab/kube.ts'
import { labRole } from '../lab/kube-role.ts'
import { eventually } from '../lab/run.ts'
import { labCa } from '../lab/tls.ts'

const ca = await labCa(t)
const [{ tls }, { tls: other }] = await Promise.all([ca.client(), ca.client()])
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const CLUSTER = { server: 'https://K1.example:6443', 'certificate-authority-data': base64(tls.ca) }
const USER = { 'client-certificate-data': base64(tls.cert), 'client-key-data': base64(tls.key) }

const kubeconfig = (
  wish: { cluster?: object; user?: object; contexts?: readonly string[]; more?: object } = {},
): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c1',
    clusters: [{ name: 'k', cluster: wish.cluster ?? CLUSTER }],
    users: [{ name: 'u', user: wish.user ?? USER }],
    contexts: (wish.contexts ?? ['c1']).map((name) => ({ name, context: { cluster: 'k', user: 'u' } })),
    ...wish.more,
  })

const seen: { readonly kind: string; readonly endpoint: Endpoint; readonly settings: unknown }[] = []
const fakes = await apiHarness(t, {
  createDriver: (kind, { endpoint, settings, identity }) => {
    seen.push({ kind, endpoint, settings })
    return new FakeEngine().connect(identity)
  },
})
const register = async (endpoint: object, more: object = {}) =>
  await fakes.request('POST', '/v1/hosts', { body: { name: 'k1', kind: 'kubernetes', endpoint, ...more } })

t.test('400 names the place of what is wrong with a cluster’s endpoint, and never quotes it', async (t) => {
  const url = 'https://k1.example:6443'
  const token = 'hunter2'
  const bomb = `a: &a [x, x]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*${i === 0 ? 'a' : `b${i - 1}`}, *${i === 0 ? 'a' : `b${i - 1}`}]`).join('\n')}`
  const user = (one: object): object => ({ kubeconfig: kubeconfig({ user: one }) })
  const cluster = (one: object): object => ({ kubeconfig: kubeconfig({ cluster: one }) })
  const wrong: [object, string, RegExp?][] = [
    [{}, '', /exactly one of kubeconfig, url and inCluster/],
    [{ url, token, inCluster: true }, ''],
    [{ socketPath: '/var/run/docker.sock' }, '/socketPath', /does not belong to a host of kind kubernetes/],
    [{ url, tls }, '/tls', /does not belong/],
    [{ url }, '/token', /is missing/],
    [{ url: 'http://k1.example:6443', token }, '/url', /https/],
    [{ url: 'https://joe:hunter2@k1.example', token }, '/url', /user or a password/],
    [{ url: 'https://k1.example?a=hunter2', token }, '/url'],
    [{ url, token: 'hunter2 hunter2' }, '/token', /printable/],
    [{ url, token, ca: 'hunter2' }, '/ca'],
    [{ url, token, context: 'c1' }, '/context', /kubeconfig alone/],
    [{ kubeconfig: kubeconfig(), token }, '/token', /url alone/],
    [{ inCluster: false }, '/inCluster'],
    [{ kubeconfig: 'hunter2' }, '/kubeconfig', /must be the text of a kubeconfig/],
    [{ kubeconfig: 'a: [hunter2' }, '/kubeconfig', /is not YAML/],
    [{ kubeconfig: bomb }, '/kubeconfig', /is not YAML that can be read/],
    [{ kubeconfig: 'x'.repeat(256 * 1024 + 1) }, '/kubeconfig'],
    [{ kubeconfig: kubeconfig({ contexts: ['c1', 'c2'] }) }, '/context', /one of c1, c2/],
    [{ kubeconfig: kubeconfig({ contexts: ['c1', 'c2'] }), context: 'c3' }, '/context', /none of the contexts/],
    [{ kubeconfig: kubeconfig({ more: { users: [] } }) }, '/kubeconfig', /user is not among/],
    [{ kubeconfig: kubeconfig({ more: { clusters: 'x' } }) }, '/kubeconfig', /clusters is not a list/],
    [user({ exec: { command: 'hunter2' } }), '/kubeconfig', /runs a program .* on the control plane/],
    [user({ 'auth-provider': { name: 'hunter2' } }), '/kubeconfig', /auth-provider/],
    [user({ username: 'joe', password: 'hunter2' }), '/kubeconfig', /password/],
    [user({ tokenFile: '/etc/hunter2' }), '/kubeconfig', /disk of the control plane.*tokenFile/],
    [user({ 'client-certificate': '/hunter2', 'client-key': '/hunter2' }), '/kubeconfig', /client-certificate-data/],
    [user({ ...USER, 'client-key': '/hunter2' }), '/kubeconfig', /client-key-data/],
    [user({ ...USER, as: 'hunter2' }), '/kubeconfig', /acts as another user/],
    [user({ ...USER, token }), '/kubeconfig', /both a token and a client certificate/],
    [user({}), '/kubeconfig', /must have a token/],
    [user({ ...USER, 'client-key-data': base64(other.key) }), '/kubeconfig', /does not belong/],
    [user({ ...USER, 'client-key-data': '*hunter2*' }), '/kubeconfig', /client-key-data that is not base64/],
    [user({ token: 'hunter2\u0001' }), '/kubeconfig', /token/],
    [
      cluster({ server: 'https://k', 'certificate-authority': '/etc/hunter2' }),
      '/kubeconfig',
      /certificate-authority-data/,
    ],
    [cluster({ ...CLUSTER, 'insecure-skip-tls-verify': true }), '/kubeconfig', /believes any certificate/],
    [cluster({ ...CLUSTER, 'proxy-url': 'http://hunter2' }), '/kubeconfig', /proxy/],
    [cluster({ ...CLUSTER, server: 'http://k1.example' }), '/kubeconfig', /https/],
    [
      cluster({ ...CLUSTER, 'certificate-authority-data': base64('hunter2') }),
      '/kubeconfig',
      /certificate-authority-data/,
    ],
  ]
  for (const [endpoint, path, words] of wrong) {
    const { status, body, text } = await register(endpoint)
    t.match({ status, body }, { status: 400, body: { code: 'bad_request' } }, `${path} ${text}`)
    t.equal(body.errors?.[0]?.path, `/body/endpoint${path}`, text)
    if (words) t.match(text, words)
    t.notMatch(text.replaceAll('/kubeconfig must', ''), /hunter2/)
  }
  t.same(seen, [], 'no driver was made')
  const docker = { name: 'd1', kind: 'docker', endpoint: { kubeconfig: kubeconfig() } }
  t.match(await fakes.request('POST', '/v1/hosts', { body: docker }), {
    status: 400,
    body: { errors: [{ path: '/body/endpoint/kubeconfig' }] },
  })
})

t.test('201 shows how a cluster is reached, without what must not be seen', async (t) => {
  const url = 'https://k1.example:6443'
  const user = { cert: tls.cert, key: tls.key }
  const shown: [object, object, object][] = [
    [{ kubeconfig: kubeconfig() }, { url, context: 'c1' }, { server: url, ca: tls.ca, serverName: null, user }],
    [
      {
        kubeconfig: kubeconfig({
          contexts: ['c1', 'c2'],
          cluster: { server: 'https://k1.example/k8s/', 'tls-server-name': 'api', 'insecure-skip-tls-verify': false },
          user: { token: 'hunter2\n' },
        }),
        context: 'c2',
      },
      { url: 'https://k1.example:443/k8s', context: 'c2' },
      { server: 'https://k1.example:443/k8s', ca: null, serverName: 'api', user: { token: 'hunter2' } },
    ],
    [
      { url: 'https://[2001:DB8::1]:6443/', token: 'hunter2', ca: tls.ca },
      { url: 'https://[2001:db8::1]:6443' },
      { server: 'https://[2001:db8::1]:6443', ca: tls.ca, serverName: null, user: { token: 'hunter2' } },
    ],
    [{ inCluster: true }, { inCluster: true }, { inCluster: true }],
  ]
  for (const [at, [endpoint, view, opened]] of shown.entries()) {
    const name = `shown-${at}`
    const { status, body, text } = await register(endpoint, { name })
    t.match({ status, kind: body.kind }, { status: 201, kind: 'kubernetes' }, text)
    t.same(body.endpoint, view)
    t.same(body.settings, {})
    t.same(seen.at(-1)?.endpoint, { cluster: opened })
    const row = await fakes.db.prisma.host.findUniqueOrThrow({ where: { name } })
    const stored = JSON.stringify([row.transport, text, Buffer.from(row.endpoint).toString('latin1')])
    t.notMatch(stored, /hunter2|PRIVATE|BEGIN/)
  }
})

t.test('settings of a cluster are checked, kept, given to its driver, and replaced as a whole', async (t) => {
  const settings = {
    publish: 'LoadBalancer',
    ingressClass: null,
    storageClass: 'fast',
    volumeSize: '5Gi',
    writeBurst: 10,
  }
  const endpoint = { url: 'https://k2.example:6443', token: 'hunter2' }
  const wrong: object[] = [
    { publish: 'ExternalName' },
    { ingressClass: 'A B' },
    { volumeSize: '1.5 GB' },
    { volumeSize: '0' },
    { nodeStats: 'yes' },
    { writesPerSecond: 0 },
    { writesPerSecond: 1001 },
    { writeBurst: 10_001 },
    { other: 1 },
  ]
  for (const one of wrong) {
    const { status, body } = await register(endpoint, { name: 'k2', settings: one })
    t.match({ status, body }, { status: 400, body: { errors: [{ path: /^\/body\/settings/ }] } }, JSON.stringify(one))
  }
  const made = await register(endpoint, { name: 'k2', settings })
  t.match(made, { status: 201, body: { settings } })
  t.same(seen.at(-1)?.settings, settings)
  const { id } = made.body
  const before = await fakes.hosts.driver(id)
  t.equal(await fakes.hosts.driver(id), before)

  const patch = async (body: object) => await fakes.request('PATCH', '/v1/hosts/k2', { body })
  t.match(await patch({ settings: { nodeStats: true }, dryRun: true }), {
    status: 200,
    body: { plan: { steps: [{ action: 'change_settings', cause: 'settings become {"nodeStats":true}' }] } },
  })
  t.match(await patch({ settings: { nodeStats: true } }), { status: 200, body: { version: 2 } })
  t.same((await fakes.request('GET', '/v1/hosts/k2')).body.settings, { nodeStats: true })
  const after = await fakes.hosts.driver(id)
  t.not(after, before, 'the driver is another one')
  t.same(seen.at(-1), { kind: 'kubernetes', endpoint: seen.at(-1)?.endpoint, settings: { nodeStats: true } })
  t.match(await patch({ settings: { nodeStats: true } }), { status: 200, body: { version: 2 } })
  t.equal(await fakes.hosts.driver(id), after)
  t.match(await patch({ settings: {} }), { status: 200, body: { version: 3 } })
  t.same((await fakes.request('GET', '/v1/hosts/k2')).body.settings, {})

  const docker = { name: 'd2', kind: 'docker', endpoint: { url: 'tcp://d2:2375' }, settings: { nodeStats: true } }
  t.match(await fakes.request('POST', '/v1/hosts', { body: docker }), {
    status: 400,
    body: { errors: [{ path: '/body/settings/nodeStats', message: /does not belong/ }] },
  })
  t.match(await fakes.request('POST', '/v1/hosts', { body: { ...docker, settings: {} } }), { status: 201 })
  t.match(await fakes.request('PATCH', '/v1/hosts/d2', { body: { settings: { publish: 'NodePort' } } }), {
    status: 400,
  })
})

t.test('GraphQL registers and changes a cluster in the same words', async (t) => {
  const ask = async (query: string, variables: object) => {
    const headers = { authorization: `Bearer ${fakes.adminToken}` }
    const answer = await fakes.app.inject({ method: 'POST', url: '/graphql', headers, payload: { query, variables } })
    return answer.json()
  }
  const host = 'host { name kind endpoint settings }'
  const endpoint = { kubeconfig: kubeconfig(), context: 'c1' }
  const made = await ask(
    `mutation ($endpoint: JSON!, $settings: JSON) {
      registerHost(name: "g1", kind: kubernetes, endpoint: $endpoint, settings: $settings) { ${host} } }`,
    { endpoint, settings: { publish: 'ClusterIP' } },
  )
  t.same(made.data?.registerHost.host, {
    name: 'g1',
    kind: 'kubernetes',
    endpoint: { url: 'https://k1.example:6443', context: 'c1' },
    settings: { publish: 'ClusterIP' },
  })
  const changed = await ask(`mutation ($settings: JSON) { updateHost(name: "g1", settings: $settings) { ${host} } }`, {
    settings: {},
  })
  t.same(changed.data?.updateHost.host.settings, {})
  const refused = await ask(
    `mutation ($endpoint: JSON!) { registerHost(name: "g2", kind: kubernetes, endpoint: $endpoint) { ${host} } }`,
    {
      endpoint: { kubeconfig: kubeconfig({ user: { exec: { command: 'x' } } }) },
    },
  )
  t.match(refused.errors?.[0], { message: /runs a program/ })
})

const cluster = await requireCluster(t, { images: false })
if (cluster && !('inCluster' in cluster.endpoint)) {
  const { kubeconfig: real, endpoint: reached } = cluster
  const api = await apiHarness(t, { createDriver })
  const post = async (name: string, endpoint: object, more: object = {}) =>
    await api.request('POST', '/v1/hosts', { body: { name, kind: 'kubernetes', endpoint, ...more } })

  t.test('a cluster is registered by its kubeconfig, once, and takes no marker', async (t) => {
    t.match(await post('c1', { kubeconfig: real }, { dryRun: true }), {
      status: 200,
      body: { plan: { steps: [{ action: 'know_engine' }, { action: 'register_host' }] } },
    })
    const made = await post('c1', { kubeconfig: real }, { settings: { writesPerSecond: 100 } })
    t.match(made, { status: 201, body: { status: 'ready', engineVersion: /^1\.\d+\./, capacity: { cpus: Number } } })
    const ours = ['get', 'namespaces,configmaps,secrets', '-A', '-l', `moorage.io/installation=${api.installation}`]
    t.equal(await cluster.kubectl([...ours, '-o', 'name']), '', 'nothing is left on it')
    const facts = await loadHostFacts(api.db.prisma, made.body.id)
    t.match(facts, {
      kind: 'kubernetes',
      facts: { version: /^1\./, architectures: [String] },
      settings: { writesPerSecond: 100 },
    })

    t.match(await post('c2', { kubeconfig: real }), { status: 409, body: { code: 'host_exists', detail: /"c1"/ } })
    t.match(await api.request('POST', '/v1/hosts/c1/probe', { body: {} }), {
      status: 200,
      body: { id: made.body.id, status: 'ready' },
    })
    t.match(await api.request('POST', '/v1/hosts/c1/probe', { body: { dryRun: true } }), {
      body: { plan: { steps: [{ action: 'set_ready', cause: 'the engine is the one of this host' }] } },
    })
    t.match(await api.request('DELETE', '/v1/hosts/c1?dryRun=true'), {
      status: 200,
      body: { plan: { steps: [{ action: 'delete_host' }] } },
    })
    t.match(await api.request('DELETE', '/v1/hosts/c1'), { status: 204 })
    const again = await post('c3', { kubeconfig: real })
    t.match(again, { status: 201, body: { id: made.body.id } }, 'it is the same host of this installation again')
  })

  t.test('502 says why a cluster can not be reached, and stores nothing', async (t) => {
    const { server } = reached
    const token = 'hunter2'
    const cases: [object, RegExp][] = [
      [{ url: server, token, ca: tls.ca }, /its certificate is not from the endpoint's CA/],
      [{ url: server, token }, /not from one of the system's CAs/],
      [{ url: server, token, ...(reached.ca !== null && { ca: reached.ca }) }, /does not take our credentials/],
      [{ url: 'https://127.0.0.1:1', token }, /refused/],
      [{ inCluster: true }, /runs in no pod/],
    ]
    for (const [endpoint, words] of cases) {
      const { status, body, text } = await post('away', endpoint)
      t.match({ status, body }, { status: 502, body: { code: 'host_unreachable', detail: words } }, text)
      t.notMatch(text, /hunter2/)
    }
    t.equal((await api.request('GET', '/v1/hosts/away')).status, 404)
  })

  t.test(
    'an account with too small a role is refused with what it lacks, and its token is no other way to the host',
    async (t) => {
      const role = await labRole(t, cluster, `mrgt-hosts-${randomUUID().slice(0, 8)}`)
      const endpoint = { url: reached.server, token: role.token, ...(reached.ca !== null && { ca: reached.ca }) }
      await role.setRules((rules) => rules.filter(({ apiGroups }) => !apiGroups.includes('networking.k8s.io')))
      const change = async () => await api.request('PATCH', '/v1/hosts/c3', { body: { endpoint } })
      await eventually('the smaller role holds', async () => /networkpolicies/.test((await change()).text))
      t.match(await change(), {
        status: 409,
        body: { code: 'host_forbidden', detail: /create networking\.k8s\.io\/networkpolicies/ },
      })
      await role.setRules((rules) => rules)
      await eventually('the whole role holds', async () => (await change()).status === 200)
      t.match(await api.request('GET', '/v1/hosts/c3'), {
        body: { endpoint: { url: reached.server, context: undefined } },
      })
      t.match(await api.request('POST', '/v1/hosts/c3/probe', { body: {} }), { status: 200 })
    },
  )
}
