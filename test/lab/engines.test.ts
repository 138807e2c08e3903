import { existsSync, readlinkSync, symlinkSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { requireEngines, startEngine } from './engines.ts'
import { buildImages, IMAGES } from './images.ts'
import { eventually, run } from './run.ts'
import { DATA_PREFIX, ROOM } from './slots.ts'

if (await requireEngines(t)) {
  t.test('two engines have an address each, and publish ports there', async (t) => {
    const engines = await Promise.all([startEngine({ name: 'one' }), startEngine({ name: 'two' })])
    t.teardown(async () => await Promise.all(engines.map(async (engine) => await engine.stop())))
    t.not(engines[0]?.address, engines[1]?.address)
    for (const engine of engines) {
      await buildImages(engine)
      await engine.docker(['run', '-d', '--hostname', engine.name, '-p', '8080:80', IMAGES.web1])
    }
    for (const engine of engines) {
      const answer = await eventually('the port answers', async () => {
        const response = await fetch(`http://${engine.address}:8080/`).catch(() => null)
        return response?.ok ? await response.text() : null
      })
      t.equal(answer.trim(), `1 ${engine.name}`)
    }
  })

  t.test('an engine whose owner was killed ends with it, and its slot is cleaned by the next', async (t) => {
    const script = `
      import { startEngine } from ${JSON.stringify(new URL('engines.ts', import.meta.url).href)}
      const engine = await startEngine({ tcp: false })
      console.log(engine.socketPath)
      setInterval(() => {}, 1000)
    `
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line]: Buffer[] = await once(child.stdout, 'data')
    const socketPath = String(line).trim()
    const docker = async (): Promise<string> => await run('docker', ['-H', `unix://${socketPath}`, 'info'])
    await docker()
    child.kill('SIGKILL')
    await once(child, 'exit')
    await eventually(
      'it is gone',
      async () =>
        await docker().then(
          () => false,
          () => true,
        ),
    )
    const next = await startEngine({ tcp: false })
    t.teardown(async () => await next.stop())
    await eventually('its files are gone', () => !existsSync(socketPath))
  })

  t.test('a slot of a pid that now belongs to another process is stale too', async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), DATA_PREFIX))
    const taken = Array.from({ length: 249 }, (_, nth) => join(ROOM, `slot-${nth + 2}`)).find(
      (path) => !existsLink(path),
    )
    symlinkSync(`${process.pid} 1 ${dataDir}`, taken ?? '')
    const engine = await startEngine({ tcp: false })
    t.teardown(async () => await engine.stop())
    await eventually('its files are gone', () => !existsSync(dataDir))
  })
}

function existsLink(path: string): boolean {
  try {
    return readlinkSync(path) !== ''
  } catch {
    return false
  }
}
