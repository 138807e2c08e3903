import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { requireEngines } from '../lab/engines.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { LAB_TOKEN } from '../lab/server.ts'
import { addHost, must, Scene } from '../prove/scene.ts'

const READ_BYTES_A_SECOND = 100_000
const WATCH_MS = 15_000
const MOST_MB = 40

await t.test('memory stays flat for a container that writes as fast as it can to a reader of 100 KB/s', async (t) => {
  if (!(await requireEngines(t))) return
  await Scene.run(async (scene) => {
    const engine = await scene.engine({ tcp: false })
    const server = await scene.server({ databaseUrl: await scene.database() })
    await addHost(server, 'h1', engine)
    await must(server, 'POST', '/v1/tenants', { name: 'acme' })
    // It waits for the reader, and stops before it fills the disk.
    const text = 'y'.repeat(200)
    const command = ['/bin/sh', '-c', `sleep 4; yes ${text} | head -c 3000000000; exec sleep 10000`]
    const logging = { driver: 'json-file', options: { 'max-size': '100m', 'max-file': '30' } }
    const web = { image: IMAGES.once, pull_policy: 'never', command, stop_grace_period: '0s', logging }
    await must(server, 'PUT', '/v1/tenants/acme/apps/shop?wait=60', { spec: { services: { web } } })
    const { items } = await must(server, 'GET', '/v1/tenants/acme/apps/shop/instances')
    const { nativeId } = items[0]
    const folder = `${engine.dataDir}/data/containers/${nativeId}`
    const writtenBytes = (): number =>
      readdirSync(folder).reduce(
        (sum, name) => sum + (name.includes('-json.log') ? statSync(join(folder, name)).size : 0),
        0,
      )
    const rssMb = (): number =>
      Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1000

    const { hostname, port } = new URL(server.url)
    const socket = connect({ host: hostname, port: Number(port) })
    scene.teardown(() => socket.destroy())
    await once(socket, 'connect')
    socket.write(
      `GET /v1/tenants/acme/apps/shop/logs?follow=true HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${LAB_TOKEN}\r\naccept: application/x-ndjson\r\n\r\n`,
    )
    let read = 0
    let head = ''
    socket.on('readable', () => {})
    const reading = async (untilMs: number): Promise<void> => {
      for (const began = performance.now(), before = read; performance.now() < untilMs; await delay(20)) {
        const due = before + ((performance.now() - began) / 1000) * READ_BYTES_A_SECOND
        while (read < due) {
          const chunk: Buffer | null = socket.read(Math.min(4096, socket.readableLength)) ?? null
          if (chunk === null || chunk.length === 0) break
          read += chunk.length
          if (head.length < 2000) head += chunk.toString()
        }
      }
    }
    await eventually('it writes', async () => {
      await reading(performance.now() + 100)
      return writtenBytes() > 20_000_000
    })
    const before = { rss: rssMb(), written: writtenBytes(), at: performance.now() }
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, rssMb())), 100)
    await reading(performance.now() + WATCH_MS)
    clearInterval(watch)
    const seconds = (performance.now() - before.at) / 1000
    const written = (writtenBytes() - before.written) / 1e6
    t.match(head, /^HTTP\/1\.1 200 /)
    t.notOk(socket.destroyed, 'a reader that is slow but reads is not cut off')
    t.ok(read > (READ_BYTES_A_SECOND * WATCH_MS) / 1000 / 2, `it has read ${(read / 1e6).toFixed(1)} MB`)
    t.ok(written > 2 * (read / 1e6), `${(written / seconds).toFixed(0)} MB/s were written meanwhile`)
    t.ok(most - before.rss < MOST_MB, `${before.rss.toFixed(0)} MB grew to ${most.toFixed(0)} MB`)
    const { lines } = server
    t.notOk(lines.some((line) => line.includes('slow_reader')))
  })
})
