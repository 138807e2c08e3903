import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { alternate, type Bench, figure, median, spread } from './bench.ts'
import { durableDatabase } from './database.ts'
import { Scene } from '../test/prove/scene.ts'

const ROUNDS = 10
const IDLE_MS = 5000
const START_GOAL_S = 2
const RSS_GOAL_MB = 150
const ROOT = fileURLToPath(new URL('..', import.meta.url))

export const bench: Bench = {
  about: '`npm start` on a migrated database until ready, and the memory of the idle process, beside a Fastify hello',
  run: async ({ short, note }) =>
    await Scene.run(async (scene) => {
      const databaseUrl = await durableDatabase(scene)
      const folder = await mkdtemp(join(tmpdir(), 'moorage-bench-start-'))
      scene.teardown(async () => await rm(folder, { recursive: true, force: true }))
      const hello = { start: `exec node ${ROOT}scripts/run.mjs ${ROOT}bench/hello-server.ts` }
      await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'hello', scripts: hello }))
      const settings = {
        DATABASE_URL: databaseUrl,
        MOORAGE_SECRET_KEYS: `bench:${randomBytes(32).toString('base64')}`,
        MOORAGE_PORT: '0',
        MOORAGE_DATA_DIR: join(folder, 'data'),
      }

      const memory: { ours: number[]; reference: number[] } = { ours: [], reference: [] }
      let idle: Promise<void>[] = []
      const turn = async (who: 'ours' | 'reference'): Promise<number> => {
        // Both of a round are idle side by side; the next round has the machine to itself.
        if (idle.length === 2) {
          await Promise.all(idle)
          idle = []
        }
        const { tookS, rssMb, stop } = await npmStart(who === 'ours' ? ROOT : folder, settings)
        const rest = async (): Promise<void> => {
          await sleep(short ? 0 : IDLE_MS)
          memory[who].push(await rssMb())
          await stop()
        }
        idle.push(rest())
        return tookS
      }
      const rounds = async (count: number) =>
        await alternate(
          count,
          async () => await turn('ours'),
          async () => await turn('reference'),
        )
      const start = await rounds(short ? 1 : ROUNDS)
      await Promise.all(idle)
      note(`start: ours ${spread(start.ours, 's')}, hello ${spread(start.reference, 's')}`)
      note(`memory: ours ${spread(memory.ours, 'MB')}, hello ${spread(memory.reference, 'MB')}`)
      const [startS, rss] = [median(start.ours), median(memory.ours)]
      return [
        figure({
          name: 'start until ready',
          unit: 's',
          ours: startS,
          reference: median(start.reference),
          goal: `≤ ${START_GOAL_S} s`,
          holds: startS <= START_GOAL_S,
        }),
        figure({
          name: 'memory idle',
          unit: 'MB',
          ours: rss,
          reference: median(memory.reference),
          goal: `≤ ${RSS_GOAL_MB} MB`,
          holds: rss <= RSS_GOAL_MB,
        }),
      ]
    }),
}

/** `npm start` in a folder, as an operator types it, until its log says `ready`. */
async function npmStart(cwd: string, settings: Readonly<Record<string, string>>) {
  const begunAt = performance.now()
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...settings }
  const child = spawn('npm', ['start'], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  const said: string[] = []
  const ready = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line)
      if (line.includes('"msg":"ready"')) ready.resolve()
    })
  }
  void exited.then(() => ready.reject(new Error(`npm start ended:\n${said.join('\n')}`)))
  await ready.promise
  const tookS = (performance.now() - begunAt) / 1000
  // npm's shell has become the server by `exec`, and so has the script that gets the checkout ready.
  const pid = Number(await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'))
  return {
    tookS,
    /** What the process has of the machine's memory, in units of 10^6 bytes. */
    async rssMb(): Promise<number> {
      const status = await readFile(`/proc/${pid}/status`, 'utf8')
      return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6
    },
    async stop(): Promise<void> {
      process.kill(pid, 'SIGTERM')
      await exited
    },
  }
}
