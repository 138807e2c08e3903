import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import t, { type Test } from 'tap'
import { createDriver, type Endpoint } from '../../src/drivers/index.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { labCa } from '../lab/tls.ts'
import { freely } from './build.ts'

const identity = { installation: randomUUID(), hostId: randomUUID() }

async function probe(t: Pick<Test, 'teardown'>, endpoint: Endpoint): Promise<unknown> {
  const driver = createDriver('docker', { endpoint, identity })
  t.teardown(async () => await driver.close())
  return await driver.probe(freely()).catch((error: unknown) => error)
}

t.test('an engine with mutual TLS says which side is at fault, and why', async (t) => {
  if (!(await requireEngines(t))) return
  const [ours, strangers] = await Promise.all([labCa(t), labCa(t)])
  const engine = await startEngine({ tls: async (address) => (await ours.server([address])).files })
  t.teardown(async () => await engine.stop())
  const { url } = engine
  const [good, expired, foreign] = await Promise.all([ours.client(), ours.client(-1), strangers.client()])
  const fails = async (what: string, endpoint: Endpoint, message: RegExp): Promise<void> => {
    const error = await probe(t, endpoint)
    t.match(error, { code: 'host_unreachable', message }, what)
    t.notMatch(error, { message: /PRIVATE|BEGIN/ })
  }
  t.match(await probe(t, { url, tls: good.tls }), { version: String })
  t.match(await probe(t, { url: url.replace('tcp:', 'https:'), tls: good.tls }), { version: String })
  await fails(
    'an unknown CA',
    { url, tls: { ...good.tls, ca: foreign.tls.ca } },
    /certificate is not from the endpoint’s CA|not from the endpoint's CA/,
  )
  await fails('none of the system', { url: url.replace('tcp:', 'https:') }, /not from one of the system's CAs/)
  await fails(
    "another CA's client",
    { url, tls: { ...foreign.tls, ca: good.tls.ca } },
    /refuses the client certificate.*CA/,
  )
  await fails('an expired client', { url, tls: expired.tls }, /refuses the client certificate.*it expired on \d{4}-/)
  await fails('without TLS', { url }, /speaks TLS alone/)
})

/** A server whose certificate no engine of the lab has. */
async function server(t: Pick<Test, 'teardown'>, tls: object): Promise<number> {
  const https = createServer(tls, (_request, response) => response.end('{}')).listen(0, '127.0.0.1')
  await once(https, 'listening')
  t.teardown(() => {
    https.closeAllConnections()
    https.close()
  })
  const address = https.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

t.test("a server's certificate must be for its name, and of this time", async (t) => {
  const ca = await labCa(t)
  const client = await ca.client()
  const named = await server(t, (await ca.server(['engine.example'])).tls)
  t.match(await probe(t, { url: `tcp://127.0.0.1:${named}`, tls: client.tls }), {
    code: 'host_unreachable',
    message: /certificate is not for the name or address in the endpoint's url$/,
  })
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  t.match(
    await probe(t, { url: `tcp://127.0.0.1:${named}`, tls: client.tls }),
    { code: 'host_unreachable' },
    'whatever the environment says',
  )
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
  const local = await server(t, (await ca.server(['localhost', '127.0.0.1'])).tls)
  // It is past TLS: what answers there is no engine.
  for (const name of ['127.0.0.1', 'localhost'])
    t.match(await probe(t, { url: `tcp://${name}:${local}`, tls: client.tls }), { code: 'unsupported' }, name)
  const old = await server(t, (await ca.server(['127.0.0.1'], -1)).tls)
  t.match(await probe(t, { url: `tcp://127.0.0.1:${old}`, tls: client.tls }), {
    code: 'host_unreachable',
    message: /its certificate has expired/,
  })
})
