import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { WebSocketServer } from 'ws'
import type { CallOptions, ClusterEndpoint } from '../../src/drivers/index.ts'
import type { ClusterClient } from '../../src/drivers/kubernetes/client.ts'
import { connectCluster } from '../../src/drivers/kubernetes/connect.ts'
import { edge } from '../../src/drivers/kubernetes/map-error.ts'
import { Refusal } from '../../src/drivers/kubernetes/refusal.ts'
import { requireCluster } from '../lab/kube.ts'
import { eventually } from '../lab/run.ts'
import { labCa } from '../lab/tls.ts'
import { freely } from './build.ts'

const ca = await labCa(t)
const certificate = await ca.server(['127.0.0.1'])
const BUDGET = { writesPerSecond: 1000, writeBurst: 1000 }
const call = freely()
const NAMESPACES = { method: 'GET', path: '/api/v1/namespaces' } as const

interface Connecting {
  teardown(work: () => unknown): unknown
}

const connect = (t: Connecting, endpoint: ClusterEndpoint, budget = BUDGET): ClusterClient => {
  const client = connectCluster(endpoint, budget)
  t.teardown(() => client.close())
  return client
}

interface FakeServer {
  readonly endpoint: Exclude<ClusterEndpoint, { readonly inCluster: true }>
  /** Method and path of each request that came. */
  readonly seen: string[]
  readonly sockets: Set<Socket>
  connections: number
  readonly upgrades: WebSocketServer
}

/** A real API server can't be made to be silent, to hang up or to ask for patience. */
async function misbehaving(
  t: Connecting,
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<FakeServer> {
  const { key, cert } = certificate.tls
  const server = createServer({ key, cert }, (request, response) => {
    fake.seen.push(`${request.method} ${request.url}`)
    answer(request, response, fake.seen.length)
  })
  server.on('secureConnection', (socket: Socket) => {
    fake.connections++
    fake.sockets.add(socket)
    socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of fake.sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const fake: FakeServer = {
    endpoint: {
      server: `https://127.0.0.1:${port}`,
      ca: certificate.tls.ca,
      serverName: null,
      user: { token: 'hunter2' },
    },
    seen: [],
    sockets: new Set(),
    connections: 0,
    upgrades: new WebSocketServer({ server }),
  }
  return fake
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

t.test('requests say who we are, and share kept connections', async (t) => {
  const fake = await misbehaving(t, (request, response) => json(response, 200, request.headers))
  const client = connect(t, { ...fake.endpoint, server: `${fake.endpoint.server}/clusters/c1` })
  for (let i = 0; i < 5; i++) {
    t.match(await client.request(call, { ...NAMESPACES, query: { labelSelector: 'a=b', limit: undefined } }), {
      authorization: 'Bearer hunter2',
      'user-agent': 'moorage',
      accept: 'application/json',
    })
  }
  t.equal(fake.connections, 1)
  t.equal(fake.seen[0], 'GET /clusters/c1/api/v1/namespaces?labelSelector=a%3Db')
  const patch = { method: 'PATCH', path: '/x', body: { a: 1 }, contentType: 'application/apply-patch+yaml' } as const
  t.match(await client.request(call, patch), { 'content-type': 'application/apply-patch+yaml', 'content-length': '7' })
})

t.test('an abort rejects at once with its reason, and nothing of the request is left', async (t) => {
  const fake = await misbehaving(t, () => undefined)
  const client = connect(t, fake.endpoint)
  const ending = new AbortController()
  const asked = client.request({ signal: ending.signal }, NAMESPACES)
  const opened = client.stream({ signal: ending.signal }, { path: '/api/v1/pods' })
  await eventually('both have come', () => fake.seen.length === 2)
  const reason = new Error('the lease is over')
  ending.abort(reason)
  await t.rejects(asked, reason)
  await t.rejects(opened, reason)
  await eventually('the connections are closed', () => [...fake.sockets].every(({ destroyed }) => destroyed))
  await t.rejects(client.request({ signal: ending.signal }, NAMESPACES), reason)
  t.equal(fake.seen.length, 2)
})

t.test(
  'after the guard throws no request leaves; it is asked after the turn in the budget, for each attempt',
  async (t) => {
    let turns = 0
    const fake = await misbehaving(t, (_request, response, count) =>
      count === 2 ? json(response, 429, {}) : json(response, 200, {}),
    )
    const client = connect(t, fake.endpoint, { writesPerSecond: 2, writeBurst: 1 })
    const write = { method: 'PATCH', path: '/api/v1/namespaces/n', body: {} } as const
    const guard = (): void => void turns++
    const began = performance.now()
    await client.request({ ...call, guard }, write)
    let askedAt = 0
    await client.request({ ...call, guard: () => void (turns++, (askedAt ||= performance.now())) }, write)
    t.ok(askedAt - began > 450, 'the guard is asked once it is its turn, half a second after the turn before')
    t.equal(turns, 3, 'one that is sent again is asked for again')
    const over = new Error('the lease is over')
    const guarded: CallOptions = {
      ...call,
      guard: () => {
        throw over
      },
    }
    await t.rejects(client.request(guarded, NAMESPACES), over)
    await t.rejects(client.request(guarded, write), over)
    await t.rejects(client.stream(guarded, NAMESPACES), over)
    await t.rejects(client.socket(guarded, '/api/v1/x', {}, []), over)
    t.equal(fake.seen.length, 3)
  },
)

t.test('what changes nothing takes no turn', async (t) => {
  const fake = await misbehaving(t, (_request, response) => json(response, 200, {}))
  const client = connect(t, fake.endpoint, { writesPerSecond: 0.001, writeBurst: 1 })
  const review = { method: 'POST', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body: {} } as const
  for (let i = 0; i < 3; i++) await Promise.all([client.request(call, review), client.request(call, NAMESPACES)])
  t.equal(fake.seen.length, 6)
})

t.test('silence is host_unreachable once the time is up', async (t) => {
  const fake = await misbehaving(t, () => undefined)
  const client = connect(t, fake.endpoint)
  await t.rejects(client.request(call, { ...NAMESPACES, timeoutMs: 200 }), {
    code: 'host_unreachable',
    message: 'asking for namespaces: the API server did not answer within 0.2 s',
  })
})

t.test(
  'a kept connection that the server closed meanwhile is no error for what reads, and one for what writes',
  async (t) => {
    const fake = await misbehaving(t, (request, response, count) => {
      if (count === 2 || count === 5) request.socket.destroy()
      else json(response, 200, { count })
    })
    const client = connect(t, fake.endpoint)
    t.same(await client.request(call, NAMESPACES), { count: 1 })
    t.same(await client.request(call, NAMESPACES), { count: 3 })
    t.same(await client.request(call, NAMESPACES), { count: 4 })
    await t.rejects(client.request(call, { method: 'POST', path: '/api/v1/namespaces', body: {} }), {
      code: 'host_unreachable',
      message: /making namespaces: .*the connection broke/,
    })
    t.equal(fake.seen.length, 5)
  },
)

t.test('a server that asks for patience is asked again, a bounded number of times', async (t) => {
  const busy = { kind: 'Status', reason: 'TooManyRequests', message: 'busy', details: { retryAfterSeconds: 0.01 } }
  const fake = await misbehaving(t, (_request, response, count) =>
    count === 3 ? json(response, 200, { count }) : json(response, 429, busy),
  )
  const client = connect(t, fake.endpoint)
  t.same(await client.request(call, NAMESPACES), { count: 3 })
  await t.rejects(
    edge('list', async () => await client.request(call, NAMESPACES)),
    { code: 'host_unreachable' },
  )
  t.equal(fake.seen.length, 9)
})

t.test('an answer that is too large, breaks off, or is no API server’s', async (t) => {
  const fake = await misbehaving(t, ({ url = '' }, response) => {
    if (url === '/large') {
      const chunk = Buffer.alloc(1024 * 1024, 'x')
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      }
      response.on('drain', more)
      more()
    } else if (url === '/half') {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{')
      response.socket?.end()
    } else if (url === '/moved') response.writeHead(302, { location: 'https://elsewhere.example/' }).end()
    else response.end('<html>hunter2</html>')
  })
  const client = connect(t, fake.endpoint)
  const ask = async (path: string) => await edge('ask', async () => await client.request(call, { method: 'GET', path }))
  await t.rejects(ask('/large'), { code: 'internal', message: /64 MiB/ })
  await t.rejects(ask('/half'), { code: 'host_unreachable', message: /the connection broke/ })
  await t.rejects(ask('/page'), { code: 'unsupported', message: /no API server/ })
  await t.rejects(ask('/moved'), { code: 'internal', message: /302/ })
})

t.test('a socket that talks at once is heard by who waits for it, and ends with the signal', async (t) => {
  const fake = await misbehaving(t, (_request, response) => json(response, 200, {}))
  fake.upgrades.on('connection', (socket, request) => {
    socket.send(JSON.stringify([request.url, request.headers.authorization, socket.protocol]))
  })
  const client = connect(t, fake.endpoint)
  const ending = new AbortController()
  const path = '/api/v1/namespaces/n/pods/p/exec'
  const query = { command: ['sh', '-c'], stdout: true }
  const socket = await client.socket({ signal: ending.signal }, path, query, ['v5.channel.k8s.io'])
  const [message] = await once(socket, 'message')
  t.same(JSON.parse(String(message)), [
    `${path}?command=sh&command=-c&stdout=true`,
    'Bearer hunter2',
    'v5.channel.k8s.io',
  ])
  const closed = once(socket, 'close')
  ending.abort(new Error('enough'))
  await closed
})

t.test('why TLS failed, in words that hold no secret', async (t) => {
  const fake = await misbehaving(t, (_request, response) => json(response, 200, {}))
  const stranger = await (await labCa(t)).server(['127.0.0.1'])
  const plain = createPlainServer().listen(0, '127.0.0.1')
  await once(plain, 'listening')
  t.teardown(() => plain.close())
  const cases: [Partial<ClusterEndpoint>, RegExp][] = [
    [{ ca: stranger.tls.ca }, /its certificate is not from the endpoint's CA/],
    [{ ca: null }, /its certificate is not from one of the system's CAs/],
    [{ serverName: 'other.example' }, /not for the name/],
    [{ server: `https://127.0.0.1:${(plain.address() as AddressInfo).port}` }, /what listens there speaks no TLS/],
    [{ server: 'https://127.0.0.1:1' }, /refused/],
    [{ server: 'https://nowhere.invalid:6443' }, /its name is not known|can not be looked up/],
  ]
  for (const [change, words] of cases) {
    const client = connect(t, { ...fake.endpoint, ...change })
    const error: unknown = await client.request(call, NAMESPACES).catch((error: unknown) => error)
    t.match(error, { code: 'host_unreachable', message: words })
    t.notMatch(String(error), /hunter2/)
  }
  t.same(fake.seen, [])
})

t.test('in no pod there is no service account', async (t) => {
  const client = connect(t, { inCluster: true })
  await t.rejects(client.request(call, NAMESPACES), { code: 'host_unreachable', message: /runs in no pod/ })
})

const cluster = await requireCluster(t, { images: false })
if (cluster) {
  const client = connect(t, cluster.endpoint)
  const namespace = `mrgt-${randomUUID().slice(0, 8)}`
  const home = `/api/v1/namespaces/${namespace}`
  const apply = async (path: string, body: object, fieldManager = 'moorage'): Promise<unknown> =>
    await client.request(call, {
      method: 'PATCH',
      path,
      query: { fieldManager },
      body,
      contentType: 'application/apply-patch+yaml',
    })
  await cluster.kubectl(['create', 'namespace', namespace])
  t.teardown(async () => await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']))

  t.test('what a cluster has, and what it has not', async (t) => {
    t.match(await client.request(call, { method: 'GET', path: home }), { metadata: { name: namespace } })
    t.equal(await client.find(call, { method: 'GET', path: `${home}/configmaps/none` }), null)
    await t.rejects(client.request(call, { method: 'GET', path: `${home}/configmaps/none` }), {
      name: 'Refusal',
      status: 404,
      reason: 'NotFound',
      details: { name: 'none', kind: 'configmaps' },
    })
  })

  t.test('a field that another manager holds is field_conflict with its name', async (t) => {
    const path = `${home}/configmaps/held`
    const held = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held' } }
    await apply(path, { ...held, data: { a: '1' } }, 'kubectl-edit')
    await t.rejects(
      edge('apply ConfigMap/held', async () => await apply(path, { ...held, data: { a: '2' } })),
      { code: 'field_conflict', message: 'apply ConfigMap/held: .data.a is held by "kubectl-edit"' },
    )
  })

  t.test('what the cluster refuses of a Secret is told without its content', async (t) => {
    const path = `${home}/secrets/bad`
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bad' } }
    for (const wrong of [
      { data: { a: '*hunter2*' } },
      { data: { 'a b': 'aHVudGVyMg==' } },
      { stringData: 'hunter2' },
    ]) {
      const error = await edge('apply', async () => await apply(path, { ...secret, ...wrong })).catch((e: unknown) => e)
      t.match(error, { code: /unsupported|host_unreachable/ })
      const { message, options, cause } = error as Error & { options: { internal?: string } }
      t.notMatch([message, options.internal, String(cause)].join(), /hunter2|aHVudGVyMg/)
    }
  })

  t.test('a quota that is used up is quota_exceeded', async (t) => {
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q' },
      spec: { hard: { services: '0' } },
    }
    await apply(`${home}/resourcequotas/q`, quota)
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { clusterIP: 'None' } }
    // The quota holds once its controller has counted.
    await eventually('the quota is counted', async () => {
      const { status } = await client.request<{ status?: { hard?: object } }>(call, {
        method: 'GET',
        path: `${home}/resourcequotas/q`,
      })
      return status?.hard !== undefined
    })
    await t.rejects(
      edge('apply', async () => await apply(`${home}/services/s`, service)),
      {
        code: 'quota_exceeded',
        message: /requested: services=1/,
      },
    )
  })

  t.test('a watch is told of what happens, until the signal aborts it', async (t) => {
    const ending = new AbortController()
    const watched = await client.stream(
      { signal: ending.signal },
      { path: `${home}/configmaps`, query: { watch: true, fieldSelector: 'metadata.name=seen' } },
    )
    await apply(`${home}/configmaps/seen`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'seen' } })
    const reason = new Error('enough')
    let text = ''
    const reading = (async () => {
      for await (const chunk of watched) {
        text += String(chunk)
        if (text.includes('\n')) ending.abort(reason)
      }
    })()
    await t.rejects(reading, reason)
    t.match(JSON.parse(text.split('\n')[0] ?? ''), { type: 'ADDED', object: { metadata: { name: 'seen' } } })
  })

  t.test('a socket to a pod that is not there is a refusal', async (t) => {
    const query = { command: ['true'], stdout: true }
    const asked = client.socket(call, `${home}/pods/none/exec`, query, ['v4.channel.k8s.io'])
    const error: unknown = await asked.catch((error: unknown) => error)
    t.ok(error instanceof Refusal)
    t.match(error, { status: 404, details: { name: 'none' } })
  })

  t.test('an API that the cluster does not serve is unsupported, and named', async (t) => {
    const path = `/apis/nowhere.example/v1/namespaces/${namespace}/things`
    await t.rejects(
      edge('apply', async () => await client.request(call, { method: 'GET', path })),
      {
        code: 'unsupported',
        message: /nowhere\.example\/v1/,
      },
    )
  })
}
