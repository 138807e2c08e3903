import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { createDriver, type Driver, type Endpoint } from '../../src/drivers/index.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages, IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { startSshd } from '../lab/sshd.ts'
import { failure, freely } from './build.ts'

if (await requireEngines(t)) {
  const engine = await startEngine()
  t.teardown(async () => await engine.stop())
  await buildImages(engine)
  const installation = randomUUID()
  const call = freely()
  const start = async (): Promise<string> =>
    (await engine.docker(['run', '-d', '--label', `moorage.io/installation=${installation}`, IMAGES.web1])).trim()
  const reach = (endpoint: Endpoint): Driver => {
    const driver = createDriver('docker', { endpoint, identity: { installation, hostId: randomUUID() } })
    t.teardown(async () => await driver.close())
    return driver
  }
  const cat = { command: ['cat'], tty: false }
  const drain = async (output: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of output);
  }

  t.test('a host that is cut off ends a command in time, also with input on its way', async (t) => {
    const sshd = await startSshd(engine)
    const id = await start()
    for (const [name, endpoint] of [
      ['tcp', { url: engine.url }],
      ['ssh', { ssh: sshd.endpoint }],
    ] as const) {
      const driver = reach(endpoint)
      const sessions = await Promise.all([driver.exec(id, cat, call), driver.exec(id, cat, call)])
      await engine.cutOff()
      void sessions[1].write(Buffer.alloc(10))
      const ends = await Promise.all(sessions.map(async ({ output }) => await failure(drain(output))))
      await engine.heal()
      for (const { error, ms } of ends) {
        t.match(error, { code: 'host_unreachable' }, name)
        t.ok(ms < 30_000, `${name}: ${Math.round(ms)} ms`)
      }
      await eventually('it answers again', async () => (await failure(driver.probe(call))).error === null)
    }
  })

  t.test('where nothing in the container can end a command, an abort lets go of it in time', async (t) => {
    const id = await start()
    await engine.docker(['exec', id, 'cp', '/bin/busybox', '/tmp/sleep'])
    await engine.docker(['exec', id, 'rm', '/bin/sh'])
    const abort = new AbortController()
    const session = await reach({ socketPath: engine.socketPath }).exec(
      id,
      { command: ['/tmp/sleep', '1000'], tty: false },
      { signal: abort.signal },
    )
    const reason = new Error('enough')
    abort.abort(reason)
    await drain(session.output)
    const { error, ms } = await failure(session.exitCode())
    t.equal(error, reason)
    t.ok(ms < 8000, `${Math.round(ms)} ms`)
  })

  t.test('a proxy that does not hand the connection over is told of', async (t) => {
    const id = await start()
    const proxy = createServer((asked, answer) => {
      const { connection: _connection, upgrade: _upgrade, ...headers } = asked.headers
      const { method, url: path } = asked
      const forwarded = request({ socketPath: engine.socketPath, method, path, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers)
        answer.flushHeaders()
        response.pipe(answer)
      })
      forwarded.on('error', () => answer.destroy())
      asked.pipe(forwarded)
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    t.teardown(() => {
      proxy.closeAllConnections()
      proxy.close()
    })
    const { port } = proxy.address() as AddressInfo
    const long = { command: ['sleep', '123456'], tty: false }
    const { error } = await failure(reach({ url: `tcp://127.0.0.1:${port}` }).exec(id, long, call))
    t.match(error, { code: 'unsupported', message: /takes no Upgrade/ })
    t.notMatch(await engine.docker(['exec', id, 'ps']), /sleep 123456/, 'what has begun all the same is ended')
  })
}
