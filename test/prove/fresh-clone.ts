import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEngine } from '../lab/engines.ts'
import { run } from '../lab/run.ts'
import { type Outcome, Scene } from './scene.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const SECOND_GOAL_MS = 10_000

/**
 * The two commands on a clean clone with nothing installed in it: `npm run quickstart` twice (the second in less than 10 s, and without changing
 * a container), and in the long form `npm test`.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const folder = await mkdtemp(join(tmpdir(), 'moorage-clone-'))
    scene.teardown(async () => await rm(folder, { recursive: true, force: true }))
    await run('git', ['clone', '--quiet', ROOT, folder])
    const engine = await startEngine()
    scene.teardown(async () => await engine.stop())
    const env = { ...environment(), DOCKER_HOST: engine.url, MOORAGE_PORT: '0' }
    const containers = async () =>
      (await engine.docker(['ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}}'])).trim()

    const first = await npm(folder, ['run', 'quickstart', '--', '--exit'], env)
    const after = await containers()
    const second = first.code === 0 ? await npm(folder, ['run', 'quickstart', '--', '--exit'], env) : first
    const same = after !== '' && (await containers()) === after
    const token = await readFile(join(folder, '.moorage/admin-token'), 'utf8').catch(() => 'none')
    const told = first.output.includes(token.trim()) && /answers "Hello from greeter/.test(first.output)
    const lines = [
      `npm run quickstart: exit ${first.code} after ${(first.ms / 1000).toFixed(1)} s`,
      ...first.output
        .split('\n')
        .slice(first.code === 0 ? -20 : -40)
        .map((line) => `  | ${line}`),
      `the app's answer and the token are ${told ? 'told' : 'NOT told'}`,
      `a second run: exit ${second.code} after ${(second.ms / 1000).toFixed(1)} s (goal 10 s), containers ${same ? 'as they were' : 'CHANGED'}`,
    ]
    let outcome = told && first.code === 0 && second.code === 0 && same && (!long || second.ms < SECOND_GOAL_MS)
    if (long) {
      const test = await npm(folder, ['test'], environment())
      outcome &&= test.code === 0
      lines.push(
        `npm test: exit ${test.code} after ${(test.ms / 1000).toFixed(1)} s: ${test.output.trim().split('\n').at(-1)}`,
      )
    }
    return { outcome, lines }
  })
}

/** This process's environment without what npm and this project put into it: a terminal's. */
function environment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|MOORAGE_|DATABASE_URL|NODE_|TAP|INIT_CWD)/.test(name),
  )
  const path = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'))
  return { ...Object.fromEntries(kept.map(([name, value]) => [name, value ?? ''])), PATH: path.join(':') }
}

async function npm(
  cwd: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number | null; ms: number; output: string }> {
  const startedAt = performance.now()
  const child = spawn('npm', [...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { code, ms: performance.now() - startedAt, output }
}
