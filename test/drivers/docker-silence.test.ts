import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import t from 'tap'
import { connectEngine } from '../../src/drivers/docker/engine.ts'
import { eventually } from '../lab/run.ts'
import { freely } from './build.ts'

const VERSION = JSON.stringify({ Version: '27.0.0', ApiVersion: '1.46', MinAPIVersion: '1.24' })
const LOGS = { method: 'GET' as const, path: '/containers/c/logs' }

/** An engine that says nothing but what the test makes it say, whose client waits for 300 ms where others wait for a minute. */
async function silentEngine(t: { teardown(work: () => unknown): void }) {
  const answers: ServerResponse[] = []
  const seen = { pings: 0, answersPings: true, cut: 0 }
  const server = createServer((request, response) => {
    const { url = '' } = request
    if (url.startsWith('/version')) response.setHeader('content-type', 'application/json').end(VERSION)
    else if (url.startsWith('/_ping')) {
      seen.pings += 1
      if (seen.answersPings) response.end('OK')
    } else {
      answers.push(response)
      response.on('close', () => (seen.cut += 1))
      response.flushHeaders()
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const timing = { idleMs: 300, quietMs: 50, pulseDeadlineMs: 300 }
  const engine = connectEngine({ url: `tcp://127.0.0.1:${port}` }, timing)
  t.teardown(() => {
    engine.close()
    server.closeAllConnections()
    server.close()
  })
  return { engine, answers, seen }
}

t.test('a log that is silent lives on, for as long as its engine answers beside it', async (t) => {
  const { engine, answers, seen } = await silentEngine(t)
  const chunks = await engine.subscribe(freely(), LOGS)
  const next = chunks.next()
  const begunAt = performance.now()
  await eventually('six times the limit of an answer that ends', () => performance.now() - begunAt > 1800)
  t.ok(seen.pings > 5, `it was asked ${seen.pings} times whether it is there`)
  answers[0]?.write('a line')
  t.equal(String((await next).value), 'a line')
  answers[0]?.end('the last')
  t.equal(String((await chunks.next()).value), 'the last')
  t.ok((await chunks.next()).done)
})

t.test('a log whose engine answers nothing any more ends with host_unreachable, and is let go of', async (t) => {
  const { engine, seen } = await silentEngine(t)
  const chunks = await engine.subscribe(freely(), LOGS)
  const next = chunks.next()
  await eventually('it is asked', () => seen.pings > 2)
  seen.answersPings = false
  await t.rejects(next, { code: 'host_unreachable' })
  await eventually('the engine sees the end', () => seen.cut > 0)
})

t.test('an answer that has an end is not waited for so', async (t) => {
  const { engine } = await silentEngine(t)
  await t.rejects(engine.stream(freely(), LOGS).next(), { code: 'host_unreachable' })
})

t.test('pieces that come together are handed on together, in order and whole, also across a slow reader', async (t) => {
  const { engine, answers } = await silentEngine(t)
  const chunks = await engine.subscribe(freely(), LOGS)
  const lines = Array.from({ length: 20_000 }, (_, nth) => `line ${nth}\n`)
  void (async () => {
    for (const line of lines) if (!answers[0]?.write(line)) await once(answers[0] as ServerResponse, 'drain')
    answers[0]?.end()
  })()
  let text = ''
  let reads = 0
  for await (const chunk of chunks) {
    text += chunk.toString()
    if (reads++ < 20) await new Promise((resolve) => setTimeout(resolve, 10))
  }
  t.ok(text === lines.join(''), `${text.length} bytes`)
  t.ok(reads < lines.length / 5, `${reads} reads`)
  // The connection was given back in order: the next call on it is answered.
  t.ok(await engine.negotiate(freely(), true))
})
