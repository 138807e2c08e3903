import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../../scripts/child.mjs'

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
    // Not the machine's own engine: the quickstart would start one where none answers.
    'DOCKER_HOST=unix:///nonexistent/docker.sock',
    'MOORAGE_PORT=x',
    'node',
    'scripts/quickstart.mjs',
    '--exit',
  ])
  t.equal(code, 1)
  t.match(output, /✗ server .* MOORAGE_PORT must be a number/)
})
