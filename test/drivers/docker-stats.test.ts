import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createDriver } from '../../src/drivers/index.ts'
import { eventually } from '../lab/run.ts'
import { all, failure, freely } from './build.ts'

const installation = randomUUID()
const SAMPLE = {
  read: '2026-01-01T00:00:00Z',
  cpu_stats: { cpu_usage: { total_usage: 5 }, online_cpus: 4 },
  memory_stats: { usage: 10, limit: 100 },
}

/** An engine that answers what `stats` says, and everything else at once: no real one sends rubbish. */
async function engineOf(
  t: { teardown(work: () => unknown): void },
  stats: (response: ServerResponse, id: string) => void,
) {
  const directory = await mkdtemp(join(tmpdir(), 'moorage-'))
  const asked = { inspects: 0 }
  const server = createServer((request, response) => {
    const json = (body: object) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const url = new URL(request.url ?? '', 'http://engine')
    const [, id = '', what] = /containers\/([^/]+)\/(json|stats)$/.exec(url.pathname) ?? []
    if (url.pathname.endsWith('/version')) return json({ ApiVersion: '1.41', MinAPIVersion: '1.12', Version: '20.10' })
    if (what === 'stats') return stats(response, id)
    asked.inspects += 1
    const Labels = { 'moorage.io/installation': installation }
    return json({ Id: id, Name: `/${id}`, Config: { Labels }, State: { Running: true }, HostConfig: { NanoCpus: 5e8 } })
  })
  const socketPath = join(directory, 'docker.sock')
  server.listen(socketPath)
  await once(server, 'listening')
  const driver = createDriver('docker', {
    endpoint: { socketPath },
    identity: { installation, hostId: randomUUID() },
  })
  t.teardown(async () => {
    await driver.close()
    server.closeAllConnections()
    server.close()
    await rm(directory, { recursive: true })
  })
  const read = async (id: string, follow: boolean) => await all(driver.stats(id, { follow }, freely()))
  return { driver, read, asked, drop: () => server.closeAllConnections() }
}

t.test('samples that an engine keeps waiting for hold up no other call', async (t) => {
  const held: ServerResponse[] = []
  const { driver, asked } = await engineOf(t, (response) => held.push(response))
  const over = new AbortController()
  const waiting = Array.from({ length: 40 }, async (_, index) => {
    return await all(driver.stats(`c${index}`, { follow: index % 2 === 0 }, { signal: over.signal }))
  })
  await eventually('all wait', () => held.length === 40)
  t.equal(asked.inspects, 40)
  await driver.tail('other', 1, freely()).catch(() => {})
  t.equal(asked.inspects > 40, true, 'another call has its turn')
  over.abort()
  t.ok(
    (await Promise.all(waiting)).every((samples) => samples.length === 0),
    'an abort ends them without an error',
  )
})

t.test('a followed stream is read in lines, wherever its pieces end; empty ones are passed over', async (t) => {
  const lines = `${JSON.stringify(SAMPLE)}\r\n\n${JSON.stringify({ ...SAMPLE, read: '2026-01-01T00:00:01Z' })}\n{"read":"0001-01-01T00:00:00Z"}\n`
  const send = async (response: ServerResponse): Promise<void> => {
    response.writeHead(200)
    for (const piece of lines.match(/.{1,7}/gs) ?? []) {
      response.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const { read, asked } = await engineOf(t, (response) => void send(response))
  const samples = await read('c1', true)
  t.match(samples, [
    { at: '2026-01-01T00:00:00.000Z', cpuNs: 5, cpuCores: 0.5, memoryBytes: 10, receivedBytes: 0 },
    { at: '2026-01-01T00:00:01.000Z' },
  ])
  t.equal(samples.length, 2, 'and ends with the container')
  await read('c1', true)
  t.equal(asked.inspects, 1, 'whose limit is asked for once')
})

t.test('an engine that answers rubbish, or too much, is an error of the table', async (t) => {
  const answers: Record<string, string> = {
    words: 'not JSON\n',
    list: '5\n',
    endless: 'x'.repeat(2 * 1024 * 1024),
    nothing: '',
    half: JSON.stringify(SAMPLE),
  }
  const { read } = await engineOf(t, (response, id) => void response.writeHead(200).end(answers[id]))
  for (const id of ['words', 'list', 'endless'])
    t.match(await failure(read(id, true)), { error: { code: 'internal', message: /not JSON/ } }, id)
  t.same(await read('nothing', true), [])
  t.same(await read('half', true), [], 'a line that breaks off is none')
  t.match(await failure(read('words', false)), { error: { code: 'internal' } })
  t.same(await read('nothing', false), [])
})

t.test('an engine that dies in the middle is host_unreachable, one that refuses what is gone is the end', async (t) => {
  const { read, drop } = await engineOf(t, (response, id) => {
    if (id === 'gone') return void response.writeHead(404).end('{"message":"No such container"}')
    if (id === 'odd') return void response.writeHead(500).end('{"message":"out of luck in /var/lib/docker/x"}')
    response.writeHead(200).write(`${JSON.stringify(SAMPLE)}\n`)
    setTimeout(drop, 50)
  })
  t.match(await failure(read('c1', true)), { error: { code: 'host_unreachable' } })
  t.same(await read('gone', true), [])
  t.same(await read('gone', false), [])
  const { error } = await failure(read('odd', false))
  t.match(error, { code: 'internal', message: /read the stats: the engine answered 500/ })
  t.notMatch(String(error), /var.lib/)
})
