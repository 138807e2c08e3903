import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { promisify } from 'node:util'
import t from 'tap'
import { createOutbound, type OutboundAnswer, OutboundError } from '../../../src/outbound/index.ts'
import type { OutboundRequest } from '../../../src/outbound/outbound.ts'
import { startReceiver } from '../../lab/receiver.ts'

const LOOPBACK = ['127.0.0.0/8', '::1']
const PUBLIC = '93.184.215.14'

const shown = ({ status, complete, body }: OutboundAnswer) => ({ status, complete, bytes: body.length })

const get = (url: string, more: Partial<OutboundRequest> = {}): OutboundRequest => ({
  url,
  signal: AbortSignal.timeout(5000),
  maxBytes: 1024,
  ...more,
})

/** The error that a request ends with. */
async function failure(work: Promise<unknown>): Promise<OutboundError> {
  const error: unknown = await work.then(
    () => null,
    (failed: unknown) => failed,
  )
  if (error instanceof OutboundError) return error
  throw new Error(`no OutboundError but ${String(error)}`)
}

t.test('the text of a URL tells what can not be', async (t) => {
  const guard = createOutbound({ allow: ['10.1.0.0/16'], ownAddresses: () => ['93.184.215.99'] })
  const problems: Readonly<Record<string, RegExp | null>> = {
    'https://example.com/hook?a=b': null,
    [`https://${PUBLIC}:8443/`]: null,
    'http://10.1.2.3/': null,
    'http://receiver.internal/': null,
    'https://[2606:4700:4700::1111]/': null,
    '': /a URL/,
    'example.com': /a URL/,
    'https://': /a URL/,
    'https://exa mple.com': /a URL/,
    'ftp://example.com/': /https/,
    'file:///etc/passwd': /https/,
    'javascript:alert(1)': /https/,
    'unix:/var/run/docker.sock': /https/,
    'https://user@example.com/': /user/,
    'https://:password@example.com/': /user/,
    'https://example.com/#part': /fragment/,
    'https://example.com:0/': /port/,
    [`http://${PUBLIC}/`]: /not allowed/,
    'https://93.184.215.99/': /not allowed/,
    'https://127.0.0.1/': /not allowed/,
    'https://127.1/': /not allowed/,
    'http://0x7f000001/': /not allowed/,
    'http://2130706433/': /not allowed/,
    'http://0177.0.0.1/': /not allowed/,
    'http://１２７.0.0.1/': /not allowed/,
    'http://127.0.0.1./': /not allowed/,
    'https://[::1]/': /not allowed/,
    'https://[::ffff:127.0.0.1]/': /not allowed/,
    'https://[::ffff:a01:203]/': null,
    'https://[64:ff9b::7f00:1]/': /not allowed/,
    'http://169.254.169.254/latest/meta-data/': /not allowed/,
    'https://10.2.0.1/': /not allowed/,
  }
  for (const [url, problem] of Object.entries(problems)) {
    const found = guard.problemOf(url)
    if (problem === null) t.equal(found, null, url)
    else t.match(found, problem, url)
  }
  t.match(
    createOutbound({ allow: [] }).problemOf('http://example.com/'),
    /must be https/,
    'plain http is for what is allowed by hand',
  )
})

t.test('nothing inside is connected to, whatever it is called', async (t) => {
  const receiver = await startReceiver(t)
  const guard = createOutbound({
    allow: [],
    resolve: async (name) => ({ 'inside.test': ['127.0.0.1'], 'mapped.test': ['::ffff:127.0.0.1'] })[name] ?? [],
  })
  const { port } = receiver
  for (const host of [
    '127.0.0.1',
    '0x7f000001',
    'localhost',
    'localhost.',
    'x.localhost',
    'localtest',
    'inside.test',
    'mapped.test',
    'none.test',
    '[::1]',
    '0',
  ])
    for (const scheme of ['http', 'https']) {
      const error = await failure(guard.request(get(`${scheme}://${host}:${port}/`)))
      t.equal(error.code, 'not_allowed', `${scheme}://${host}`)
    }
  t.same(receiver.received, [])
})

t.test('a name with inner addresses and one without any are told of in the same words', async (t) => {
  const guard = createOutbound({
    allow: [],
    resolve: async (name) => (name === 'db.internal' ? ['10.0.0.5', 'fd00::5'] : []),
  })
  const [inside, nowhere] = await Promise.all(
    ['https://db.internal/', 'https://nowhere.internal/'].map(async (url) => await failure(guard.request(get(url)))),
  )
  t.equal(inside?.message, nowhere?.message)
  t.notMatch(inside?.message, /10\.0|fd00/)
})

t.test('a name that resolves to another address the second time is connected to where it was checked', async (t) => {
  const receiver = await startReceiver(t)
  let asked = 0
  const guard = createOutbound({
    allow: [],
    resolve: async () => (++asked === 1 ? [PUBLIC] : ['127.0.0.1']),
  })
  const url = `https://rebind.test:${receiver.port}/`
  // Where this machine reaches nothing public, that is all that it may find out.
  const first = await failure(guard.request(get(url, { signal: AbortSignal.timeout(1500) })))
  t.not(first.code, 'not_allowed', first.message)
  t.equal(asked, 1, 'a connection asks once')
  t.equal((await failure(guard.request(get(url)))).code, 'not_allowed')
  t.same(receiver.received, [])
})

t.test('of several addresses only those that are allowed are tried', async (t) => {
  const receiver = await startReceiver(t)
  const guard = createOutbound({
    allow: ['127.0.0.1'],
    resolve: async () => ['10.0.0.1', '127.0.0.2', '127.0.0.1', 'fe80::1'],
  })
  const answer = await guard.request(get(`http://both.test:${receiver.port}/path?q=1`))
  t.match(answer, { status: 204, complete: true })
  t.match(receiver.received, [{ method: 'GET', path: '/path?q=1', headers: { host: `both.test:${receiver.port}` } }])
})

t.test('the machine’s own address is not allowed, even where it is public', async (t) => {
  const guard = createOutbound({ allow: [], resolve: async () => [PUBLIC], ownAddresses: () => [PUBLIC] })
  t.equal((await failure(guard.request(get('https://me.test/')))).code, 'not_allowed')
})

t.test('every redirect is checked as the first address was', async (t) => {
  const inner = await startReceiver(t)
  const targets = [
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]/',
    'http://10.0.0.1/',
    'https://user@127.0.0.1/',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    '//localhost.evil.test/',
  ]
  const outer = await startReceiver(t, (response, { path }) => {
    const nth = Number(path.slice(1))
    response.writeHead(302, { location: targets[nth] ?? `/${nth}` }).end()
  })
  const guard = createOutbound({ allow: ['127.0.0.1'], resolve: async () => ['10.0.0.1'] })
  for (const nth of targets.keys()) {
    const error = await failure(guard.request(get(`${outer.url}/${nth}`, { maxRedirects: 3 })))
    t.equal(error.code, 'not_allowed', String(targets[nth]))
  }
  t.match(await guard.request(get(`${outer.url}/0`)), { status: 302 }, 'not followed where nobody asks for it')
  t.same(inner.received, [])
})

t.test(
  'redirects go as far as they may, with the method that they ask for, and credentials stay with their server',
  async (t) => {
    const other = await startReceiver(t)
    const first = await startReceiver(t, (response, { path }) => {
      const status = Number(path.slice(1))
      response.writeHead(status, { location: status === 300 ? '/300' : `${other.url}/end#part` }).end()
    })
    const guard = createOutbound({ allow: LOOPBACK })
    const post = {
      method: 'POST',
      body: 'x',
      headers: { authorization: 'Bearer secret', cookie: 'a=b', 'content-type': 'text/plain', 'x-own': '1' },
    }
    for (const status of [301, 302, 303, 307, 308]) {
      const answer = await guard.request(get(`${first.url}/${status}`, { ...post, maxRedirects: 1 }))
      t.match(answer, { status: 204, url: `${other.url}/end` })
      const last = other.received.at(-1)
      const kept = status > 303
      t.match(last, { method: kept ? 'POST' : 'GET', body: kept ? 'x' : '', headers: { 'x-own': '1' } })
      t.equal(last?.headers['content-type'], kept ? 'text/plain' : undefined)
      t.equal(last?.headers.authorization, undefined)
      t.equal(last?.headers.cookie, undefined)
    }
    const loop = await startReceiver(t, (response) => void response.writeHead(307, { location: '/' }).end())
    t.match(await guard.request(get(loop.url, { maxRedirects: 3 })), { status: 307 })
    t.equal(loop.received.length, 4)
  },
)

t.test('an answer is read as far as it was asked for, and no longer than there is time', async (t) => {
  const guard = createOutbound({ allow: LOOPBACK })
  const whole = await startReceiver(t, (response) => void response.end('x'.repeat(1024)))
  t.same(shown(await guard.request(get(whole.url))), { status: 200, complete: true, bytes: 1024 })
  const cut = await guard.request(get(whole.url, { maxBytes: 1023 }))
  t.same(shown(cut), { status: 200, complete: false, bytes: 1023 })
  const streams = await startReceiver(t, (response) => {
    const more = (): void =>
      void (
        response.destroyed || (response.write('y'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more))
      )
    more()
  })
  t.same(shown(await guard.request(get(streams.url))), { status: 200, complete: false, bytes: 1024 })
  const trickles = await startReceiver(t, (response) => {
    response.write('z')
    const timer = setInterval(() => response.write('z'), 20)
    response.once('close', () => clearInterval(timer))
  })
  t.match(await guard.request(get(trickles.url, { signal: AbortSignal.timeout(300) })), {
    status: 200,
    complete: false,
  })
  const at = performance.now()
  t.match(await guard.request(get(trickles.url, { bodyMs: 300 })), { status: 200, complete: false })
  t.ok(performance.now() - at < 3000, 'and a body that drips, no longer than it may')
  const hangs = await startReceiver(t, () => {})
  t.equal((await failure(guard.request(get(hangs.url, { signal: AbortSignal.timeout(300) })))).code, 'timeout')
})

t.test('what says for ever that its answer is to come is cut off', async (t) => {
  const guard = createOutbound({ allow: LOOPBACK })
  const server = createServer((socket) => {
    const more = (): void => {
      if (!socket.destroyed && socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(10))) setImmediate(more)
    }
    socket.on('error', () => {})
    socket.on('drain', more)
    socket.once('data', more)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const { port } = server.address() as AddressInfo
  const error = await failure(guard.request(get(`http://127.0.0.1:${port}/`)))
  t.match(error, { code: 'unreachable', message: /begin/ }, 'long before its time is over')
})

t.test('some words before the answer are no trouble', async (t) => {
  const guard = createOutbound({ allow: LOOPBACK })
  const receiver = await startReceiver(t, (response) => {
    response.writeContinue()
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    response.writeHead(204).end()
  })
  t.match(await guard.request(get(receiver.url)), { status: 204 })
})

t.test('what goes wrong is told without an address', async (t) => {
  const guard = createOutbound({ allow: LOOPBACK, resolve: async () => ['127.0.0.1'] })
  const closed = await startReceiver(t)
  const taken = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void taken.close())
  const address = taken.address()
  const port = typeof address === 'object' ? address?.port : 0
  const cases = {
    'http://receiver.test:1/': /refused/,
    [`http://receiver.test:${port}/`]: /no HTTP/,
    [`https://receiver.test:${closed.port}/`]: /TLS connection failed|connection broke|connection failed/,
  }
  for (const [url, words] of Object.entries(cases)) {
    const error = await failure(guard.request(get(url)))
    t.equal(error.code, 'unreachable', url)
    t.match(error.message, words)
    t.notMatch(error.message, /127\.0/)
  }
})

t.test('a name server that never answers costs its own request alone', async (t) => {
  const guard = createOutbound({ allow: [], resolve: async () => await new Promise<string[]>(() => {}) })
  // Signals of time keep no process alive.
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
  t.equal(
    (await failure(guard.request(get('https://slow.test/', { signal: AbortSignal.timeout(200) })))).code,
    'timeout',
  )
})

t.test('no setting of the environment makes it go through a proxy', async (t) => {
  const receiver = await startReceiver(t)
  const proxy = await startReceiver(t)
  const script = `
    import { createOutbound } from '${new URL('../../../src/outbound/index.ts', import.meta.url).href}'
    const guard = createOutbound({ allow: ['127.0.0.1'] })
    const { status } = await guard.request({ url: '${receiver.url}', signal: AbortSignal.timeout(5000), maxBytes: 10 })
    console.log(status)`
  const env = {
    PATH: process.env.PATH,
    NODE_USE_ENV_PROXY: '1',
    HTTP_PROXY: proxy.url,
    http_proxy: proxy.url,
    ALL_PROXY: proxy.url,
  }
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env })
  t.equal(stdout.trim(), '204')
  t.same([receiver.received.length, proxy.received.length], [1, 0])
})
