import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { mock } from 'node:test'
import { PassThrough } from 'node:stream'
import t from 'tap'
import type { ClusterClient, Query } from '../../../src/drivers/kubernetes/client.ts'
import type { Context } from '../../../src/drivers/kubernetes/context.ts'
import { follow } from '../../../src/drivers/kubernetes/follow.ts'
import { Refusal } from '../../../src/drivers/kubernetes/refusal.ts'
import { watch, type WatchEvent } from '../../../src/drivers/kubernetes/watch.ts'
import { AppError } from '../../../src/errors/app-error.ts'
import { failure, freely } from '../../drivers/build.ts'
import { eventually } from '../../lab/run.ts'

const pods = { path: '/api/v1/pods', labelSelector: 'a=b' }
const object = (name: string, version: number, labels = {}) => ({
  metadata: { name, namespace: 'shop', uid: name, resourceVersion: String(version), labels },
})
const line = (type: string, of: object): string => `${JSON.stringify({ type, object: of })}\n`

/** An API server that says what the test makes it say: no real one forgets, breaks off or falls silent when it is asked to. */
function scene() {
  const asked: { path: string; query: Query; body: PassThrough }[] = []
  const refusals: Error[] = []
  const client: ClusterClient = {
    async prepare() {},
    async request<T>() {
      return { metadata: { resourceVersion: '7' }, items: [] } as T
    },
    async find() {
      return null
    },
    async stream({ signal }, { path, query = {} }) {
      const refusal = refusals.shift()
      if (refusal) throw refusal
      const body = new PassThrough()
      const end = (): unknown => body.destroy(signal.reason)
      body.on('error', () => {})
      signal.addEventListener('abort', end, { once: true })
      body.once('close', () => signal.removeEventListener('abort', end))
      asked.push({ path, query, body })
      return body as object as IncomingMessage
    },
    async socket() {
      throw new Error('nobody asks for one')
    },
    close() {},
  }
  return { client, asked, refusals }
}

/** Reads all that comes; resolves with what it ended with. */
function read<T>(source: AsyncIterable<T>) {
  const told: T[] = []
  const ended = (async () => {
    for await (const one of source) told.push(one)
    return 'its return'
  })()
  ended.catch(() => {})
  return { told, ended }
}

const names = (told: readonly WatchEvent[]): string[] =>
  told.map(({ type, object: { metadata } }) => `${type} ${metadata.name}`)

t.test('events are read wherever the pieces end, and a watch that the server ends goes on where it was', async (t) => {
  const { client, asked } = scene()
  const { told, ended } = read(await watch(client, freely(), pods, '7'))
  t.match(asked[0]?.query, { watch: true, resourceVersion: '7', allowWatchBookmarks: true, labelSelector: 'a=b' })
  const text = line('ADDED', object('äöü', 8)) + line('MODIFIED', object('b', 9)) + line('BOOKMARK', object('', 30))
  const bytes = Buffer.from(`${text}{"type":"DELETED","object":{"metad`)
  for (let at = 0; at < bytes.length; at += 7) asked[0]?.body.write(bytes.subarray(at, at + 7))
  asked[0]?.body.end()
  await eventually('it asks again', () => asked.length === 2)
  t.match(asked[1]?.query, { resourceVersion: '30' }, 'a bookmark counts')
  asked[1]?.body.write(line('DELETED', object('c', 31)))
  await eventually('all came', () => told.length === 3)
  t.same(names(told), ['ADDED äöü', 'MODIFIED b', 'DELETED c'])
  asked[1]?.body.write(line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }))
  t.equal(await ended, 'its return', 'what it has forgotten ends it')
  t.ok(asked[1]?.body.destroyed)
})

t.test('a server that has forgotten where a watch was ends it; one that does not answer fails it', async (t) => {
  const gone = scene()
  const { ended } = read(await watch(gone.client, freely(), pods, '7'))
  gone.refusals.push(new Refusal(410, 'Expired', 'too old'))
  gone.asked[0]?.body.end()
  t.equal(await ended, 'its return')
  const away = scene()
  const failed = read(await watch(away.client, freely(), pods, '7'))
  away.refusals.push(new AppError('host_unreachable', { detail: 'it is away' }))
  away.asked[0]?.body.end()
  t.match(await failure(failed.ended), { error: { code: 'host_unreachable' } })
  const refused = scene()
  const told = read(await watch(refused.client, freely(), pods, '7'))
  refused.asked[0]?.body.write(line('ERROR', { code: 500, reason: 'InternalError', message: 'etcd is away' }))
  t.match(await failure(told.ended), { error: { status: 500, reason: 'InternalError' } })
})

t.test('what is no watch is not read on, whatever it is', async (t) => {
  for (const rubbish of ['not JSON\n', '5\n', 'x'.repeat(9 * 1024 * 1024)]) {
    const { client, asked } = scene()
    const { ended } = read(await watch(client, freely(), pods, '7'))
    asked[0]?.body.write(rubbish)
    t.match(await failure(ended), { error: { code: 'unsupported' } })
    t.ok(asked[0]?.body.destroyed)
  }
})

t.test('a watch that goes on for longer than it was asked for is dead', async (t) => {
  const { client, asked } = scene()
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const { ended } = read(await watch(client, freely(), pods, '7'))
  const seconds = Number(asked[0]?.query.timeoutSeconds)
  t.ok(seconds >= 240 && seconds <= 300)
  mock.timers.tick(seconds * 1000 + 29_000)
  t.notOk(asked[0]?.body.destroyed)
  mock.timers.tick(2000)
  t.match(await failure(ended), { error: { code: 'host_unreachable' } })
})

t.test('an abort ends it with its reason, and nothing is left open', async (t) => {
  const { client, asked } = scene()
  const abort = new AbortController()
  const { ended } = read(await watch(client, { signal: abort.signal }, pods, '7'))
  const reason = new Error('enough')
  abort.abort(reason)
  t.equal((await failure(ended)).error, reason)
  t.ok(asked[0]?.body.destroyed)
})

function following() {
  const { client, asked, refusals } = scene()
  const installation = randomUUID()
  const facts = { version: '1.30', podSecurity: true, podCidrs: [], architectures: [] }
  const apis = ['apps/v1/deployments', 'v1/services', 'v1/secrets', 'metrics.k8s.io/v1beta1/pods']
  const context: Pick<Context, 'client' | 'identity' | 'facts'> = {
    client,
    identity: { installation, hostId: randomUUID() },
    facts: async () => ({ ...facts, apis }),
  }
  const appId = randomUUID()
  const labels = {
    'moorage.io/installation': installation,
    'moorage.io/tenant-id': randomUUID(),
    'moorage.io/app-id': appId,
  }
  const say = (kind: string, text: string): unknown => asked.find(({ path }) => path.endsWith(kind))?.body.write(text)
  return { context, asked, refusals, appId, labels, say }
}

t.test(
  'many changes of one thing are one, also of what is no container; where one watch ends, all of it does',
  async (t) => {
    const { context, asked, appId, labels, say } = following()
    const changes = await follow(context, freely())
    t.same(asked.map(({ path }) => path).toSorted(), ['/api/v1/pods', '/api/v1/services', '/apis/apps/v1/deployments'])
    t.match(asked, [{ query: { labelSelector: `moorage.io/installation=${context.identity.installation}` } }])
    for (let nth = 0; nth < 100; nth++) {
      say('/pods', line('MODIFIED', object('web', nth, labels)))
      say('/deployments', line('MODIFIED', object('web', nth, labels)))
      say('/services', line('MODIFIED', object('web', nth, labels)))
    }
    say('/pods', line('ADDED', object('strange', 1, { ...labels, 'moorage.io/app-id': '../..' })))
    await eventually('all is read', () => asked.every(({ body }) => body.readableLength === 0))
    say('/pods', line('ERROR', { code: 410 }))
    const { told, ended } = read(changes)
    t.equal(await ended, 'its return')
    t.same(
      told.toSorted((a, b) => String(a.nativeId).localeCompare(String(b.nativeId))),
      [
        { appId, nativeId: null },
        { appId, nativeId: 'shop/web/web' },
      ],
    )
    t.ok(
      asked.every(({ body }) => body.destroyed),
      'and nothing is left open',
    )
  },
)

t.test('a reader that is far behind is cut off, after what it had left', async (t) => {
  const { context, labels, say } = following()
  const changes = await follow(context, freely())
  for (let nth = 0; nth < 10_005; nth++) say('/pods', line('ADDED', object(`p${nth}`, nth, labels)))
  await new Promise((resolve) => setImmediate(resolve))
  const { told, ended } = read(changes)
  t.equal(await ended, 'its return')
  t.equal(told.length, 10_001)
})

t.test('a connection that breaks is host_unreachable, one that is refused keeps it from beginning', async (t) => {
  const broken = following()
  const { ended } = read(await follow(broken.context, freely()))
  broken.asked[1]?.body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
  t.match(await failure(ended), { error: { code: 'host_unreachable' } })
  t.ok(broken.asked.every(({ body }) => body.destroyed))
  const refused = following()
  refused.refusals.push(new Refusal(403, 'Forbidden', 'pods is forbidden'))
  t.match(await failure(follow(refused.context, freely())), { error: { code: 'host_forbidden' } })
  await eventually('nothing is left open', () => refused.asked.every(({ body }) => body.destroyed))
})
