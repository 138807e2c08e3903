import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createDriver } from '../../src/drivers/index.ts'
import type { DesiredApp } from '../../src/planning/index.ts'
import { containerStep, desiredApp, freely, step } from './build.ts'

/** Stops and pulls of one tenant that may be under way at once. */
const SHARE = 16 + 4

/**
 * An engine of which stops and pulls of one tenant never end: no real one can be made to keep 40 of them. It answers what these
 * steps ask, no more.
 */
async function stubbornEngine(t: { teardown(work: () => unknown): void }, owner: (name: string) => DesiredApp) {
  const directory = await mkdtemp(join(tmpdir(), 'moorage-'))
  const held: ServerResponse[] = []
  const { promise: full, resolve: fill } = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    const json = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const url = new URL(request.url ?? '', 'http://engine')
    const name = /containers\/([^/]+)\/json$/.exec(url.pathname)?.[1]
    if (url.pathname.endsWith('/version'))
      return json(200, { ApiVersion: '1.41', MinAPIVersion: '1.12', Version: '20.10' })
    if (name !== undefined) {
      const { installation, app, tenant } = owner(decodeURIComponent(name))
      const Labels = {
        'moorage.io/installation': installation,
        'moorage.io/app-id': app.id,
        'moorage.io/tenant-id': tenant.id,
      }
      return json(200, { Id: name, Name: `/${name}`, Config: { Labels, StopTimeout: 3600 }, State: {} })
    }
    if (url.pathname.endsWith('/stop') || url.pathname.endsWith('/images/create')) {
      const slow = url.pathname.includes('hog') || (url.searchParams.get('fromImage') ?? '').includes('hog')
      if (!slow) return response.writeHead(200).end()
      held.push(response)
      return held.length === SHARE && fill()
    }
    return url.pathname.endsWith('/_ping') ? json(200, {}) : json(404, { message: 'none' })
  })
  const socketPath = join(directory, 'docker.sock')
  server.listen(socketPath)
  await once(server, 'listening')
  t.teardown(async () => {
    server.closeAllConnections()
    server.close()
    await rm(directory, { recursive: true })
  })
  return { socketPath, held, full }
}

t.test('the stops and pulls of one tenant keep no other waiting, however long they take', async (t) => {
  const installation = randomUUID()
  const hog = desiredApp({ installation, tenant: 'hog' })
  const other = desiredApp({ installation, tenant: 'other' })
  const engine = await stubbornEngine(t, (name) => (name.includes('hog') ? hog : other))
  const identity = { installation, hostId: randomUUID() }
  const driver = createDriver('docker', { endpoint: { socketPath: engine.socketPath }, identity })
  t.teardown(async () => await driver.close())
  const ended = new AbortController()
  const pullOf = (desired: DesiredApp, image: string) => {
    const web = { ...desired.spec?.services.web, image, pullPolicy: 'always' }
    const spec = { ...desired.spec, services: { web } } as DesiredApp['spec']
    return [step('pull_image', image, { service: 'web' }), { ...desired, spec }] as const
  }
  const hogs = Array.from({ length: 40 }, async (_, ordinal) => {
    await driver.execute(containerStep(hog, 'stop_container', { ordinal }), hog, { signal: ended.signal })
  })
  const pulls = Array.from({ length: 8 }, async (_, nth) => {
    const [pull, desired] = pullOf(hog, `hog:${nth}`)
    await driver.execute(pull, desired, { signal: ended.signal })
  })
  const all = Promise.allSettled([...hogs, ...pulls])
  await engine.full
  t.match(await driver.execute(containerStep(other, 'stop_container'), other, freely()), { result: 'done' })
  const [pull, desired] = pullOf(other, 'fine:1')
  t.match(await driver.execute(pull, desired, freely()), { result: 'done' })
  t.equal(engine.held.length, SHARE, 'one tenant has no more than its share under way')
  ended.abort(new Error('the test is over'))
  await all
})
