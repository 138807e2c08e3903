import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { sleep } from '../../src/lib/abort.ts'
import { LAB_TOKEN } from '../lab/server.ts'
import { must, type Outcome, percentile, Scene } from './scene.ts'
import type { Counts } from './subscribers-client.ts'

const EVERY_MS = 100
const GOAL_P99_MS = 250
const GOAL_MB = 300

/**
 * 500 graphql-ws clients (100 in the short form) on one server follow one tenant's events: each gets every one, once and in order; p99 from before
 * the commit to the receipt, and the server's memory.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  const [count, events] = long ? [500, 600] : [100, 100]
  return await Scene.run(async (scene) => {
    const databaseUrl = await scene.database()
    const server = await scene.server({ databaseUrl, roles: 'api', env: { MOORAGE_LOG_LEVEL: 'info' } })
    const tenant = await must(server, 'POST', '/v1/tenants', { name: 'acme' })
    await must(server, 'POST', '/v1/tenants', { name: 'globex' })
    const idle = await memoryMb(server.pid)
    const writer = new pg.Client({ connectionString: databaseUrl })
    await writer.connect()
    scene.teardown(async () => await writer.end())
    const write = async (nth: number): Promise<void> => {
      const sentAt = performance.timeOrigin + performance.now()
      const event = { tenantId: tenant.id, type: 'operation.step', app: 'shop', data: { nth, sentAt, ...STEP } }
      await writer.query('SELECT append_events($1)', [JSON.stringify([event])])
    }

    const subscribers = startSubscribers(`${server.url.replace('http', 'ws')}/graphql`, count, events)
    scene.teardown(() => subscribers.kill('SIGKILL'))
    let isReady = false
    void once(subscribers, 'message').then(() => (isReady = true))
    for (let tries = 0; !isReady; tries += 1) {
      if (tries === 60) throw new Error('not all subscribers are there within 60 s')
      await write(-1)
      // Not so many that they are what the first ones wait behind.
      await sleep(1000)
    }

    const counted = once(subscribers, 'message')
    let most = 0
    const beganAt = performance.now()
    for (let nth = 0; nth < events; nth += 1) {
      const due = beganAt + nth * EVERY_MS
      await sleep(Math.max(0, due - performance.now()))
      await write(nth)
      if (nth % 10 === 0) most = Math.max(most, await memoryMb(server.pid))
    }
    // What is lost is not waited for.
    const late = setTimeout(() => subscribers.send('report'), 30_000)
    const [{ delays, complete }] = (await counted) as [Counts]
    clearTimeout(late)
    most = Math.max(most, await memoryMb(server.pid))
    const [p50, p99, max] = [percentile(delays, 0.5), percentile(delays, 0.99), percentile(delays, 1)]
    return {
      outcome: complete === count && (!long || (p99 < GOAL_P99_MS && most < GOAL_MB)),
      lines: [
        `${count} subscribers, ${events} events (one each ${EVERY_MS} ms): ${complete} got each once and in order, ${delays.length} receipts`,
        `from before the commit to the receipt: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, most ${max.toFixed(0)} ms (goal: p99 < ${GOAL_P99_MS} ms)`,
        `the server's memory: ${idle.toFixed(0)} MB idle, ${most.toFixed(0)} MB at most (goal: < ${GOAL_MB} MB)`,
      ],
    }
  })
}

/** What a step of a deploy says. */
const STEP = {
  seq: 4,
  attempt: 1,
  action: 'start',
  target: 'acme-shop-web-1-5f2b1c',
  cause: 'web has no instance 1 of release 7',
  status: 'succeeded',
  message: null,
}

function startSubscribers(url: string, count: number, events: number): ChildProcess {
  const file = fileURLToPath(new URL('subscribers-client.ts', import.meta.url))
  return spawn(process.execPath, [file, url, LAB_TOKEN, String(count), String(events)], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

async function memoryMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024
}
