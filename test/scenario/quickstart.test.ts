import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../../scripts/child.mjs'
import { type LabEngine, requireEngines, startEngine } from '../lab/engines.ts'

/** `npm run quickstart -- --exit` in this checkout, on an engine and in a data folder of the test's own. */
async function quickstart(engine: LabEngine, dataDir: string): Promise<{ code: number; output: string }> {
  const settings = [`DOCKER_HOST=${engine.url}`, `MOORAGE_DATA_DIR=${dataDir}`, 'MOORAGE_PORT=0']
  return await run('env', ['-u', 'NODE_OPTIONS', ...settings, 'node', 'scripts/quickstart.mjs', '--exit'])
}

t.test('the quickstart must bring up an app, and a second run must change nothing', async (t) => {
  if (!(await requireEngines(t))) return
  const engine = await startEngine()
  t.teardown(async () => await engine.stop())
  const dataDir = await mkdtemp(join(tmpdir(), 'moorage-quickstart-'))
  t.teardown(async () => await rm(dataDir, { recursive: true, force: true }))

  const first = await quickstart(engine, dataDir)
  t.equal(first.code, 0, first.output)
  t.match(first.output, /app +http:\/\/[\d.]+:\d+\/ answers "Hello from greeter [0-9a-f]{12}"/)
  const token = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim()
  t.ok(first.output.includes(token), 'the token is printed')
  t.equal((await stat(join(dataDir, 'admin-token'))).mode & 0o777, 0o600)
  const containers = await engine.docker(['ps', '-q', '--no-trunc'])
  t.equal(containers.trim().split('\n').length, 2)

  const second = await quickstart(engine, dataDir)
  t.equal(second.code, 0, second.output)
  t.match(second.output, /as before/)
  t.equal(await engine.docker(['ps', '-q', '--no-trunc']), containers)
})

t.test('without an engine the quickstart says what to do, and goes on', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'moorage-quickstart-'))
  t.teardown(async () => await rm(dataDir, { recursive: true, force: true }))
  const settings = [`DOCKER_HOST=unix://${dataDir}/no.sock`, `MOORAGE_DATA_DIR=${dataDir}`, 'MOORAGE_PORT=0']
  const { code, output } = await run('env', [
    '-u',
    'NODE_OPTIONS',
    ...settings,
    'node',
    'scripts/quickstart.mjs',
    '--exit',
  ])
  t.equal(code, 0, output)
  t.match(output, /no Docker engine answers at DOCKER_HOST/)
  t.match(output, /API {4}http/)
})

t.test('a step that fails must say why, and end with 1', async (t) => {
  const { code, output } = await run('env', [
    '-u',
    'NODE_OPTIONS',
    'MOORAGE_PORT=x',
    'node',
    'scripts/quickstart.mjs',
    '--exit',
  ])
  t.equal(code, 1)
  t.match(output, /✗ server .* MOORAGE_PORT must be a number/)
})
