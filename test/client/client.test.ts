import { once } from 'node:events'
import { createServer, request as forward } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import t, { type Test } from 'tap'
import {
  createMoorageClient,
  dataOf,
  MoorageError,
  type Operation,
  waitForOperation,
} from '../../clients/typescript/src/index.ts'
import { labDatabase } from '../lab/database.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages, IMAGES } from '../lab/images.ts'
import { eventually, LAB_TOKEN, startServer } from '../lab/server.ts'
import { webService } from '../prove/scene.ts'

const app = (name: string) => ({ path: { tenant: 'acme', app: name } })
const specOf = (image: string) => ({ spec: { services: { web: webService(image) } } })

/** The address of nothing yet: a port that is free. */
async function freePort(): Promise<number> {
  const server = createSocketServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Passes everything on to the server; of the first answer only so many bytes of the body come back, -1: not even its head. */
async function cuttingProxy(t: Test, target: string, bytes: number) {
  const keys: unknown[] = []
  const statuses: unknown[] = []
  const proxy = createServer((incoming, outgoing) => {
    keys.push(incoming.headers['idempotency-key'])
    const { method, headers, url } = incoming
    const call = forward(`${target}${url}`, { method, headers }, (answer) => {
      statuses.push(answer.statusCode)
      if (statuses.length > 1) {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        return answer.pipe(outgoing)
      }
      answer.on('data', () => {})
      answer.on('end', () => {
        if (bytes < 0) return outgoing.destroy()
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        return outgoing.write('{"operation":'.slice(0, bytes), () => outgoing.destroy())
      })
      return undefined
    })
    incoming.pipe(call)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => proxy.close())
  return { keys, statuses, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` }
}

function operationIn(answer: object): Operation {
  if (!('operation' in answer) || !answer.operation) throw new Error(`no operation in ${JSON.stringify(answer)}`)
  return answer.operation as Operation
}

if (await requireEngines(t)) {
  t.test('the client', async (t) => {
    const { url: databaseUrl } = await labDatabase(t)
    const MOORAGE_PORT = String(await freePort())
    const start = async (roles: string, env = {}) => {
      const server = await startServer({ databaseUrl, roles, env })
      t.teardown(async () => await server.stop())
      return server
    }
    const [engine, server] = await Promise.all([
      startEngine({ name: 'client', tcp: false }),
      start('api', { MOORAGE_PORT }),
      start('worker'),
    ])
    t.teardown(async () => await engine.stop())
    await buildImages(engine)
    const moorage = server.client
    await dataOf(
      moorage.POST('/v1/hosts', {
        body: { name: 'h1', kind: 'docker', endpoint: { socketPath: engine.socketPath } },
      }),
    )
    await dataOf(moorage.POST('/v1/tenants', { body: { name: 'acme' } }))

    t.test('applies, waits, and tells what changes meanwhile; failure is an outcome', async (t) => {
      const call = moorage.PUT('/v1/tenants/{tenant}/apps/{app}', { params: app('shop'), body: specOf(IMAGES.web1) })
      const { response } = await call
      const operation = operationIn(await dataOf(call))
      t.equal(response.headers.get('location'), `/v1/tenants/acme/operations/${operation.id}`)
      const seen: Operation[] = []
      const end = await waitForOperation(moorage, operation, { onChange: (now) => seen.push(now) })
      t.match(end, { id: operation.id, status: 'succeeded', error: null })
      t.same(seen.at(-1), end)
      t.ok(seen.length > 1 && seen[0]?.finishedAt === null)

      const broken = await dataOf(
        moorage.PUT('/v1/tenants/{tenant}/apps/{app}', { params: app('ghost'), body: specOf('mrg-test/none:1') }),
      )
      const failed = await waitForOperation(moorage, operationIn(broken))
      t.match(failed, { status: 'failed', error: { code: 'image_not_found', service: 'web' } })
    })

    t.test('problems are typed errors: 401, 404 and 422', async (t) => {
      const stranger = createMoorageClient({ baseUrl: server.url, token: `mrg_${'x'.repeat(45)}` })
      await t.rejects(dataOf(stranger.GET('/v1/whoami')), { name: 'MoorageError', code: 'unauthorized', status: 401 })
      await t.rejects(dataOf(moorage.GET('/v1/tenants/{tenant}', { params: { path: { tenant: 'none' } } })), {
        code: 'not_found',
        status: 404,
        errors: [],
      })
      const nowhere = { id: '00000000-0000-7000-8000-000000000000', tenant: 'acme' }
      await t.rejects(waitForOperation(moorage, nowhere), { code: 'not_found' })
      const spec = { services: { web: { image: IMAGES.web1, cpus: 'many' } } }
      const { data, error, response } = await moorage.PUT('/v1/tenants/{tenant}/apps/{app}', {
        params: app('shop'),
        body: { spec },
      })
      t.equal(data, undefined)
      t.equal(error?.code, 'invalid_spec', 'the error of a call is the problem document')
      const thrown = new MoorageError(response.status, error)
      t.match(thrown, {
        status: 422,
        code: 'invalid_spec',
        detail: String,
        errors: [{ path: String, message: String }],
      })
    })

    for (const [what, bytes] of [
      ['an answer', -1],
      ['the second half of an answer', 5],
    ] as const) {
      t.test(`a change whose connection broke before ${what} came is sent again, and done once`, async (t) => {
        const before = await dataOf(moorage.GET('/v1/operations'))
        const proxy = await cuttingProxy(t, server.url, bytes)
        const client = createMoorageClient({ baseUrl: proxy.url, token: LAB_TOKEN })
        const answer = await dataOf(client.POST('/v1/tenants/{tenant}/apps/{app}/restart', { params: app('shop') }))
        t.same(proxy.statuses, [202, 202])
        t.equal(typeof proxy.keys[0], 'string')
        t.equal(new Set(proxy.keys).size, 1, 'with the same key')
        const after = await dataOf(moorage.GET('/v1/operations'))
        t.equal(after.items.length, before.items.length + 1)
        t.equal(after.items[0]?.id, operationIn(answer).id)
      })
    }

    t.test('a key of the caller is sent as it is; without retries a broken connection is an error', async (t) => {
      const proxy = await cuttingProxy(t, server.url, -1)
      const client = createMoorageClient({ baseUrl: proxy.url, token: LAB_TOKEN, retries: 0 })
      const uncordon = { params: { path: { host: 'h1' }, header: { 'idempotency-key': 'mine' } } }
      await t.rejects(client.POST('/v1/hosts/{host}/uncordon', uncordon), TypeError)
      t.match(await dataOf(client.POST('/v1/hosts/{host}/uncordon', uncordon)), { name: 'h1', schedulable: true })
      t.same(proxy.keys, ['mine', 'mine'])
    })

    t.test('a wait must outlive the API: killed, away, and back', async (t) => {
      const answer = await dataOf(
        moorage.PUT('/v1/tenants/{tenant}/apps/{app}', { params: app('shop'), body: specOf(IMAGES.web2) }),
      )
      let looks = 0
      const counting = createMoorageClient({
        baseUrl: server.url,
        token: LAB_TOKEN,
        retries: 0,
        fetch: async (request) => {
          looks++
          return await fetch(request)
        },
      })
      const waiting = waitForOperation(counting, operationIn(answer))
      await eventually('it asks', () => looks === 1)
      server.kill('SIGKILL')
      await server.exited
      await eventually('it finds nobody', () => looks > 3)
      await start('api', { MOORAGE_PORT })
      t.match(await waiting, { status: 'succeeded', id: operationIn(answer).id })
    })

    t.test('a wait must end with its signal and with its time, and leave the operation alone', async (t) => {
      const absent = createMoorageClient({ baseUrl: `http://127.0.0.1:${await freePort()}`, token: LAB_TOKEN })
      const operation = { id: '00000000-0000-7000-8000-000000000000', tenant: null }
      await t.rejects(waitForOperation(absent, operation, { timeoutMs: 300 }), { name: 'TimeoutError' })
      const signal = AbortSignal.abort(new Error('enough'))
      await t.rejects(waitForOperation(absent, operation, { signal }), { message: 'enough' })
    })
  })
}
