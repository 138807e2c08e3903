import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import t from 'tap'
import { createDriver, type Driver, type EngineChange, type Endpoint } from '../../src/drivers/index.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { containerStep, desiredApp, failure, freely, networkStep } from './build.ts'

const identity = { installation: randomUUID(), hostId: randomUUID() }
const labels = {
  'moorage.io/installation': identity.installation,
  'moorage.io/tenant-id': randomUUID(),
  'moorage.io/app-id': randomUUID(),
}

function drive(endpoint: Endpoint): Driver {
  const driver = createDriver('docker', { endpoint, identity })
  t.teardown(async () => await driver.close())
  return driver
}

/** Reads all that comes; resolves with what it ended with. */
function read(changes: AsyncIterable<EngineChange>) {
  const told: EngineChange[] = []
  const ended = (async () => {
    for await (const change of changes) told.push(change)
    return 'its return'
  })()
  ended.catch(() => {})
  return { told, ended }
}

t.test('an engine', async (t) => {
  if (!(await requireEngines(t))) return
  const engine = await startEngine()
  t.teardown(async () => await engine.stop())
  await buildImages(engine)

  await t.test('tells nothing of the commands of health checks, and of health itself', async (t) => {
    const driver = drive({ socketPath: engine.socketPath })
    const desired = desiredApp({ installation: identity.installation })
    const { told } = read(await driver.follow(freely()))
    for (const one of [
      networkStep(desired, 'create_network'),
      containerStep(desired, 'create_container'),
      containerStep(desired, 'start_container'),
    ])
      await driver.execute(one, desired, freely())
    const nativeId = (await driver.observe({}, freely())).instances[0]?.nativeId ?? ''
    await eventually('its beginning was told', () => told.length > 0)
    await eventually('it is quiet', async () => {
      told.splice(0)
      await new Promise((resolve) => setTimeout(resolve, 500))
      return told.length === 0
    })
    await engine.docker(['exec', nativeId, 'true'])
    await engine.docker(['top', nativeId])
    t.same(told, [])
    await engine.docker(['kill', nativeId])
    await eventually('its end is told', () => told.some((change) => change.nativeId === nativeId))
    await engine.docker(['rm', nativeId])
  })

  await t.test('that is cut off or killed ends the iteration with host_unreachable', async (t) => {
    const far = read(await drive({ url: engine.url }).follow(freely()))
    const since = performance.now()
    await engine.cutOff()
    t.match(await failure(far.ended), { error: { code: 'host_unreachable' } })
    t.comment(`told after ${((performance.now() - since) / 1000).toFixed(1)} s`)
    t.ok(performance.now() - since < 30_000)
    await engine.heal()
    const near = read(await drive({ socketPath: engine.socketPath }).follow(freely()))
    await engine.kill()
    t.match(await failure(near.ended), { error: { code: 'host_unreachable' } })
  })
})

/** What answers as an engine does before its events come. */
async function server(events: RequestListener): Promise<Driver> {
  const http = createServer((request, response) => {
    const version = { Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12' }
    if (request.url?.startsWith('/version')) response.end(JSON.stringify(version))
    else if (request.url === '/_ping') response.end('OK')
    else events(request, response)
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.teardown(() => {
    http.closeAllConnections()
    http.close()
  })
  const address = http.address()
  return drive({ url: `tcp://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}` })
}

t.test('who aborts, reads no further or closes leaves nothing open at the engine', async (t) => {
  let open = 0
  const driver = await server((_request, response) => {
    open += 1
    response.once('close', () => (open -= 1))
    const event = { Type: 'container', Action: 'start', Actor: { ID: 'abc', Attributes: labels } }
    response.write(`${JSON.stringify(event)}\n`)
  })
  const abort = new AbortController()
  const aborted = read(await driver.follow({ signal: abort.signal }))
  const stopped = await driver.follow(freely())
  const closed = read(await driver.follow(freely()))
  t.equal(open, 3)
  abort.abort(new Error('enough'))
  t.equal(await aborted.ended, 'its return')
  await eventually('two are left', () => open === 2)
  for await (const { nativeId } of stopped) {
    t.equal(nativeId, 'abc')
    break
  }
  await eventually('one is left', () => open === 1)
  await driver.close()
  t.match(await failure(closed.ended), { error: { code: 'host_unreachable' } })
  await eventually('none is left', () => open === 0)
})

t.test('a stream of events that ends, or is none, is host_unreachable or unsupported', async (t) => {
  const answers = ['', 'x'.repeat(3_000_000)]
  const driver = await server((_request, response) => {
    response.write('{"Type":"container"}\nnull\n[]\nnonsense\n')
    response.end(answers.shift())
  })
  const ended = read(await driver.follow(freely()))
  t.match(await failure(ended.ended), { error: { code: 'host_unreachable' } })
  t.same(ended.told, [])
  const endless = read(await driver.follow(freely()))
  t.match(await failure(endless.ended), { error: { code: 'unsupported' } })
})
