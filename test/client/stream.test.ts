import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import {
  createMoorageClient,
  followStream,
  type FollowOptions,
  MoorageError,
  type StreamEvent,
} from '../../clients/typescript/src/index.ts'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

/** A server that gives each connection the next of the answers, and the last one to all that follow; and who asked. */
async function serve(t: Test, ...answers: readonly Answer[]) {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    const answer = answers[Math.min(asked.length, answers.length) - 1]
    answer?.(response, request)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = createMoorageClient({ baseUrl: url, token: 'mrg_x' })
  const follow = (options: FollowOptions = {}) => followStream(client, '/v1/tenants/acme/events', options)
  return { asked, client, follow, url }
}

const stream =
  (text: string, then: 'cut' | 'end' | 'hold'): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(text, () => {
      if (then === 'cut') response.destroy()
      if (then === 'end') response.end()
    })
  }
const problem =
  (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response
      .writeHead(status, { 'content-type': 'application/problem+json', ...headers })
      .end(JSON.stringify({ type: `/problems/${code}`, title: '', status, detail: 'why', instance: 'i', code }))

/** The first `count` events; leaves the stream then. */
async function take(events: AsyncIterable<StreamEvent>, count: number): Promise<StreamEvent[]> {
  const taken: StreamEvent[] = []
  for await (const event of events) if (taken.push(event) === count) break
  return taken
}

const lastIds = (asked: readonly IncomingMessage[]) => asked.map(({ headers }) => headers['last-event-id'])

t.test(
  'a stream whose connections are cut must go on after the last event, with none lost and none twice',
  async (t) => {
    const { asked, follow } = await serve(
      t,
      stream(
        ': hello\nretry: 10\n\nid: 1\nevent: deployed\ndata: {"app":\ndata: "shop"}\n\nid: 2\ndata: b\n\nid: 3\nda',
        'cut',
      ),
      (response) => response.destroy(),
      problem(503, 'unavailable', { 'retry-after': '0' }),
      stream('id: 3\ndata: c\n\n', 'end'),
      stream('data: d\n\n', 'hold'),
    )
    const events = await take(follow({ lastEventId: '0' }), 4)
    t.same(events, [
      { id: '1', event: 'deployed', data: '{"app":\n"shop"}' },
      { id: '2', event: 'message', data: 'b' },
      { id: '3', event: 'message', data: 'c' },
      { id: '3', event: 'message', data: 'd' },
    ])
    t.same(lastIds(asked), ['0', '2', '2', '2', '3'])
    t.equal(asked[0]?.headers.accept, 'text/event-stream')
    t.equal(asked[0]?.headers.authorization, 'Bearer mrg_x')
  },
)

t.test('a connection that is silent for too long must be given up, one with heartbeats kept', async (t) => {
  const beating: Answer = (response, request) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const timer = setInterval(() => response.write(': still here\n\n'), 100)
    const late = setTimeout(() => response.write('id: 2\ndata: late\n\n'), 4500)
    request.once('close', () => {
      clearInterval(timer)
      clearTimeout(late)
    })
  }
  const { asked, follow } = await serve(t, stream('id: 1\ndata: a\n\n', 'hold'), beating)
  const events = await take(follow({ silenceMs: 3000 }), 2)
  t.same(
    events.map(({ data }) => data),
    ['a', 'late'],
  )
  t.same(lastIds(asked), [undefined, '1'])
})

t.test('the signal must end a stream without an error: while it waits, and between two connections', async (t) => {
  const { follow } = await serve(t, stream('id: 1\ndata: a\n\n', 'hold'))
  const quiet = new AbortController()
  const seen: string[] = []
  for await (const { data } of follow({ signal: quiet.signal })) {
    seen.push(data)
    setImmediate(() => quiet.abort())
  }
  t.same(seen, ['a'])

  const away = await serve(t, (response) => response.destroy())
  const timeout = AbortSignal.timeout(500)
  for await (const event of away.follow({ signal: timeout })) t.fail(`nothing was sent but ${event.data}`)
  t.ok(timeout.aborted)
})

t.test('the signal must end a stream whose request was collected as garbage long ago', async (t) => {
  const { follow } = await serve(t, stream('id: 1\ndata: a\n\n', 'hold'))
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const left = new AbortController()
  const collectAndLeave = async (): Promise<void> => {
    // What is collected goes with its finalizers, which have a turn of their own.
    for (let nth = 0; nth < 5; nth++) {
      await new Promise((resolve) => setImmediate(resolve))
      collect()
    }
    left.abort()
  }
  const seen: string[] = []
  for await (const { data } of follow({ signal: left.signal })) {
    seen.push(data)
    void collectAndLeave()
  }
  t.same(seen, ['a'])
})

t.test('204 must end a stream', async (t) => {
  const { asked, follow } = await serve(
    t,
    stream('data: a\n\n', 'end'),
    (response) => void response.writeHead(204).end(),
  )
  t.equal((await take(follow(), Infinity)).length, 1)
  t.equal(asked.length, 2)
})

t.test('a refusal and a last error event must throw what they say', async (t) => {
  const refused = await serve(t, problem(404, 'not_found'))
  await t.rejects(take(refused.follow(), 1), { name: 'MoorageError', code: 'not_found', status: 404 })
  t.equal(refused.asked.length, 1)

  const gone = JSON.stringify({ status: 404, code: 'not_found', detail: 'the app was removed' })
  const ended = await serve(t, stream(`data: a\n\nevent: error\ndata: ${gone}\n\n`, 'end'))
  const seen: string[] = []
  try {
    for await (const { data } of ended.follow()) seen.push(data)
    t.fail('it ended without an error')
  } catch (error) {
    t.ok(error instanceof MoorageError && error.code === 'not_found')
  }
  t.same(seen, ['a'])
})

t.test('the token must reach no other server: not by a redirect, and not by a path', async (t) => {
  const elsewhere = await serve(t, stream('data: a\n\n', 'hold'))
  const { asked, client, follow } = await serve(
    t,
    (response) => void response.writeHead(307, { location: `${elsewhere.url}/v1` }).end(),
    problem(404, 'not_found'),
  )
  await t.rejects(take(follow(), 1), { name: 'MoorageError', status: 307 })
  const path = `@${elsewhere.url.slice('http://'.length)}/v1`
  t.equal((await client.fetch(path)).status, 404)
  t.equal(asked[1]?.url, `/${path}`)
  t.equal(elsewhere.asked.length, 0)
})

t.test('a name must not lead to another route, and a base that is no address is refused at once', async (t) => {
  const { asked, client } = await serve(t, problem(404, 'not_found'))
  for (const tenant of ['..', '.', '%2e%2E']) {
    await t.rejects(client.GET('/v1/tenants/{tenant}/tokens', { params: { path: { tenant } } }), TypeError)
  }
  t.equal(asked.length, 0)
  await client.GET('/v1/tenants/{tenant}/tokens', { params: { path: { tenant: 'a/..' } } })
  t.equal(asked[0]?.url, '/v1/tenants/a%2F../tokens')
  t.throws(() => createMoorageClient({ baseUrl: 'moorage.example.com', token: 'mrg_x' }), TypeError)
})
