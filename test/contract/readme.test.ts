import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT, run } from '../../scripts/child.mjs'
import { ensureHelloImage } from '../../scripts/quickstart/hello-image.mjs'
import { labDatabase } from '../lab/database.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { LAB_TOKEN, startServer } from '../lab/server.ts'

const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

t.test("the README's curl session does what it says", async (t) => {
  if (!(await requireEngines(t))) return
  const engine = await startEngine()
  t.teardown(async () => await engine.stop())
  await ensureHelloImage({ socketPath: engine.socketPath })
  const server = await startServer({ databaseUrl: (await labDatabase(t)).url })
  t.teardown(() => server.kill('SIGKILL'))
  const host = { name: 'local', kind: 'docker', endpoint: { socketPath: engine.socketPath } }
  t.equal((await server.request('POST', '/v1/hosts', { body: host })).status, 201)

  const blocks = [...README.matchAll(/^```sh\n([^]*?)^```$/gm)].map((match) => match[1])
  t.ok(blocks.length >= 5, 'the session is there')
  const { code, output } = await run(
    'env',
    // tap's own NODE_OPTIONS would slow down each `node -p`.
    [
      '-u',
      'NODE_OPTIONS',
      `API=${server.url}`,
      `ADMIN=${LAB_TOKEN}`,
      'bash',
      '-euo',
      'pipefail',
      '-c',
      blocks.join('\n'),
    ],
  )
  t.equal(code, 0, output)
  // Apply, scale, another release, rollback, remove.
  t.equal(output.split('\n').filter((line) => line === 'succeeded').length, 5, output)
  t.match(output, /"service":"web"/)
  t.equal((await server.request('GET', '/v1/tenants/acme')).status, 404)
  t.equal((await engine.docker(['ps', '-aq'])).trim(), '', 'nothing stays on the engine')
})

t.test('every npm command of the README exists', async (t) => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const named = [...README.matchAll(/\bnpm (?:run )?(test|start|(?<=run )[a-z:]+)/g)].map((match) => match[1] ?? '')
  t.ok(named.length >= 5)
  for (const name of named) t.ok(scripts[name], name)
})

t.test('every file that the README links to exists', async (t) => {
  const links = [...README.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] ?? '')
  t.ok(links.length >= 5)
  for (const link of links) t.equal((await run('test', ['-e', link])).code, 0, link)
})
