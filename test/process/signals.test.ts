import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { labDatabase } from '../lab/database.ts'
import { startServer } from '../lab/server.ts'
import { createServer } from 'node:net'

t.test('SIGINT that comes twice, as a terminal and npm send it, ends it cleanly all the same', async (t) => {
  const { url } = await labDatabase(t)
  const server = await startServer({ databaseUrl: url })
  server.kill('SIGINT')
  server.kill('SIGINT')
  t.equal(await server.exited, 0)
})

t.test('a request that is held with ?wait, and a body that does not come, keep nobody from ending', async (t) => {
  const { url } = await labDatabase(t)
  const server = await startServer({ databaseUrl: url, roles: 'api' })
  await server.request('POST', '/v1/tenants', { body: { name: 'acme' } })
  const spec = { services: { web: { image: 'none:1' } } }
  const { body } = await server.request('PUT', '/v1/tenants/acme/apps/shop', { body: { spec } })
  const held = server.request('GET', `/v1/operations/${body.operation.id}?wait=60`)
  const { hostname, port } = new URL(server.url)
  const slow = connect(Number(port), hostname)
  t.teardown(() => slow.destroy())
  slow.on('error', () => {})
  await once(slow, 'connect')
  slow.write('POST /v1/tenants HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{')
  await server.request('GET', '/healthz')
  const beganAt = performance.now()
  t.equal(await server.stop(), 0)
  t.ok(performance.now() - beganAt < 10_000)
  t.match(await held, { status: 200, body: { status: 'queued' } })
})

t.test('SIGTERM in the middle of a start, while the database does not answer, ends it with 0 at once', async (t) => {
  // Takes connections and says nothing.
  const mute = createServer(() => {})
  mute.listen(0, '127.0.0.1')
  await once(mute, 'listening')
  const address = mute.address()
  t.teardown(() => void mute.close())
  const connected = once(mute, 'connection')
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: `postgres://x:x@127.0.0.1:${typeof address === 'object' ? address?.port : 0}/x`,
      MOORAGE_SECRET_KEYS: `k:${Buffer.alloc(32).toString('base64')}`,
      MOORAGE_PORT: '0',
    },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  const [socket] = await connected
  t.teardown(() => void socket.destroy())
  const beganAt = performance.now()
  child.kill('SIGTERM')
  t.equal((await exited)[0], 0)
  t.ok(performance.now() - beganAt < 12_000)
})
