import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import t from 'tap'
import { createDriver, type Driver, type Endpoint } from '../../src/drivers/index.ts'
import { isAppError } from '../../src/errors/app-error.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { eventually } from '../lab/run.ts'
import { desiredApp, failure, freely, networkStep, service, step } from './build.ts'

const call = freely()
const identity = { installation: randomUUID(), hostId: randomUUID() }

function drive(t: Tap, endpoint: Endpoint): Driver {
  const driver = createDriver('docker', { endpoint, identity })
  t.teardown(async () => await driver.close())
  return driver
}

type Tap = Pick<typeof t, 'teardown'>

/** A server that misbehaves as no real engine can be made to. */
async function fakeEngine(t: Tap, answer: RequestListener): Promise<Driver> {
  const server: Server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return drive(t, { url: `tcp://127.0.0.1:${port}` })
}

const VERSION = JSON.stringify({ Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12' })

/** Answers `/version` as an engine does, and leaves the rest to the test. */
function afterVersion(answer: RequestListener): RequestListener {
  return (request, response) => {
    if (request.url?.startsWith('/version')) response.setHeader('content-type', 'application/json').end(VERSION)
    else answer(request, response)
  }
}

t.test('what nobody listens at is host_unreachable at once, with the reason', async (t) => {
  const { error } = await failure(drive(t, { socketPath: '/nowhere/docker.sock' }).probe(call))
  t.match(error, { code: 'host_unreachable', message: /socket is not there/ })
  const closed = await failure(drive(t, { url: 'tcp://127.0.0.1:1' }).probe(call))
  t.match(closed.error, { code: 'host_unreachable', message: /refused/ })
  const unknown = await failure(drive(t, { url: 'tcp://no-such-host.invalid:2375' }).probe(call))
  t.match(unknown.error, { code: 'host_unreachable' })
})

t.test('another HTTP server is told to be no engine', async (t) => {
  const driver = await fakeEngine(t, (_request, response) => void response.writeHead(404).end('{"detail":{}}'))
  const { error } = await failure(driver.probe(call))
  t.match(error, { code: 'unsupported', message: /what answers there is not a Docker engine: it refuses with 404/ })
})

t.test(
  'an engine whose /info waits (it looks up the name of a registry) is probed and observed all the same',
  async (t) => {
    const marker = { Name: '', Labels: {} }
    const driver = await fakeEngine(
      t,
      afterVersion(({ url = '' }, response) => {
        if (url.includes('/info')) return
        response.end(
          JSON.stringify(url.includes('/volumes/') ? marker : url.includes('/volumes') ? { Volumes: [] } : []),
        )
      }),
    )
    t.match(await driver.probe(call), { version: '20.10.24', capacity: null, markerHostId: null })
    t.same(await driver.observe({}, call), { instances: [], objects: [] })
  },
)

t.test('DOCKER_HOST in the environment changes nothing', async (t) => {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.url ?? '')
    response.end(VERSION)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const before = process.env.DOCKER_HOST
  process.env.DOCKER_HOST = `tcp://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  t.teardown(() => {
    if (before === undefined) delete process.env.DOCKER_HOST
    else process.env.DOCKER_HOST = before
  })
  const { error } = await failure(drive(t, { socketPath: '/nowhere/docker.sock' }).probe(call))
  t.match(error, { code: 'host_unreachable' })
  t.same(seen, [])
})

t.test('what is no engine, and one that is too old or too new, is unsupported with clear words', async (t) => {
  const page = await fakeEngine(t, (_request, response) => response.end('<html>hello</html>'))
  t.match((await failure(page.probe(call))).error, { code: 'unsupported', message: /not a Docker engine/ })
  const old = await fakeEngine(t, (_request, response) =>
    response.end(JSON.stringify({ Version: '19.03.15', ApiVersion: '1.40', MinAPIVersion: '1.12' })),
  )
  t.match((await failure(old.probe(call))).error, { code: 'unsupported', message: /19\.03\.15.*1\.41/ })
  const next = await fakeEngine(t, (_request, response) =>
    response.end(JSON.stringify({ Version: '99', ApiVersion: '1.99', MinAPIVersion: '1.60' })),
  )
  t.match((await failure(next.probe(call))).error, { code: 'unsupported', message: /1\.60 to 1\.99/ })
  t.throws(() => createDriver('docker', { endpoint: { url: 'ftp://example.com' }, identity }), { code: 'unsupported' })
  t.throws(() => createDriver('vax', { endpoint: { socketPath: '/x' }, identity }), { code: 'unsupported' })
})

t.test('an engine of a newer API is spoken to in the newest version that the driver knows', async (t) => {
  const paths: string[] = []
  const newer = await fakeEngine(t, (request, response) => {
    paths.push(request.url ?? '')
    if (request.url?.startsWith('/version'))
      response.end(JSON.stringify({ Version: '29.0.0', ApiVersion: '1.52', MinAPIVersion: '1.44' }))
    else if (request.url?.includes('/info')) response.end(JSON.stringify({ NCPU: 2, MemTotal: 4 }))
    else response.writeHead(404).end('{"message":"no such volume"}')
  })
  t.match(await newer.probe(call), { version: '29.0.0', apiVersion: '1.44', markerHostId: null })
  t.ok(paths.includes('/v1.44/info'))
})

t.test('a probe of what takes connections and never answers ends in 5 s', async (t) => {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const driver = drive(t, {
    url: `tcp://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
  })
  const { error, ms } = await failure(driver.probe(call))
  t.match(error, { code: 'host_unreachable' })
  t.ok(ms < 6000, `${ms} ms`)
})

t.test('an answer that breaks off is host_unreachable, not a call that never ends', async (t) => {
  const half = await fakeEngine(
    t,
    afterVersion((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"NCPU":')
      setTimeout(() => response.destroy(), 20)
    }),
  )
  const { error, ms } = await failure(half.probe(call))
  t.match(error, { code: 'host_unreachable' })
  t.ok(ms < 4000, `${ms} ms`)
})

t.test('the errors of a pull come in its stream, whatever the chunks', async (t) => {
  const errors: Record<string, [string, string]> = {
    'docker.io/none:1': [
      'pull access denied for none, repository does not exist or may require docker login: denied: requested access to the resource is denied',
      'image_pull_denied',
    ],
    'reg.example/app:9': [
      'manifest for reg.example/app:9 not found: manifest unknown: manifest unknown',
      'image_not_found',
    ],
    'reg.example/lost:1': [
      'Get "https://user:hidden@reg.example/v2/": dial tcp: lookup reg.example: no such host',
      'image_not_found',
    ],
    'reg.example/auth:1': [
      'Head "https://reg.example/v2/": unauthorized: authentication required',
      'image_pull_denied',
    ],
    'reg.example/full:1': [
      'failed to register layer: write /var/lib/docker/overlay2/x: no space left on device',
      'insufficient_capacity',
    ],
  }
  const asked: string[] = []
  const engine = await fakeEngine(
    t,
    afterVersion((request, response) => {
      const query = new URL(request.url ?? '', 'http://engine').searchParams
      const image = `${query.get('fromImage')}:${query.get('tag')}`
      asked.push(image)
      const line = `${JSON.stringify({ status: 'Pulling' })}\r\n${JSON.stringify({ errorDetail: { message: errors[image]?.[0] }, error: errors[image]?.[0] })}\r\n`
      response.writeHead(200)
      response.write(line.slice(0, 40))
      setTimeout(() => response.end(line.slice(40)), 20)
    }),
  )
  for (const [image, [, code]] of Object.entries(errors)) {
    const web = service({ image, pullPolicy: 'always' })
    const desired = desiredApp({ installation: identity.installation, services: { web } })
    const { error } = await failure(engine.execute(step('pull_image', image, { service: 'web' }), desired, call))
    t.match(error, { code }, image)
    t.notMatch(error, { message: /hidden|\/var\/lib/ })
  }
  t.same(asked, Object.keys(errors))
})

t.test('a refusal that no rule knows is internal, and keeps the engine’s words for the log', async (t) => {
  const engine = await fakeEngine(
    t,
    afterVersion((_request, response) => {
      response.writeHead(500).end(JSON.stringify({ message: 'something at /var/lib/docker/x broke' }))
    }),
  )
  const desired = desiredApp({ installation: identity.installation })
  const { error } = await failure(engine.execute(networkStep(desired, 'create_network'), desired, call))
  t.ok(isAppError(error, 'internal') && error.options.internal?.includes('/var/lib/docker/x'))
  t.notMatch(error, { message: /var\/lib/ })
})

t.test('a host that is cut off fails in time, and works again once it is healed', async (t) => {
  if (!(await requireEngines(t))) return
  const engine = await startEngine()
  t.teardown(async () => await engine.stop())
  const driver = drive(t, { url: engine.url })
  t.match(await driver.probe(call), { version: String })
  await engine.cutOff()
  const kept = await failure(driver.probe(call))
  t.match(kept.error, { code: 'host_unreachable' }, 'over the connection that was kept')
  t.ok(kept.ms < 6000, `${kept.ms} ms`)
  const fresh = await failure(drive(t, { url: engine.url }).probe(call))
  t.match(fresh.error, { code: 'host_unreachable' }, 'over a new one')
  t.ok(fresh.ms < 6000, `${fresh.ms} ms`)
  const list = await failure(driver.observe({}, call))
  t.match(list.error, { code: 'host_unreachable' })
  t.ok(list.ms < 20_000, `${list.ms} ms`)
  await engine.heal()
  await eventually('it answers again', async () => (await failure(driver.probe(call))).error === null)
  await engine.kill()
  t.match((await failure(driver.probe(call))).error, { code: 'host_unreachable' }, 'a dead engine')
  await engine.restart()
  t.match(await driver.probe(call), { version: String })
})
