import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ROOT, run } from '../../scripts/child.mjs'
import { ensureHelloImage } from '../../scripts/quickstart/hello-image.mjs'
import { labDatabase } from '../lab/database.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { requireCluster } from '../lab/kube.ts'
import { LAB_TOKEN, type LabServer, startServer } from '../lab/server.ts'
import { forgetAll } from '../prove/cluster-scene.ts'

const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

const BY_HAND = blocksOf('By hand')
const SAME_APP = blocksOf('The same app, to Docker and to a cluster')

t.test("the README's curl session does what it says", async (t) => {
  if (!(await requireEngines(t))) return
  const { server, engine } = await withEngine(t, (await labDatabase(t)).url)
  t.ok(BY_HAND.length >= 5, 'the session is there')
  const output = await session(t, server, BY_HAND)
  // Apply, scale, another release, rollback, remove.
  t.equal(output.split('\n').filter((line) => line === 'succeeded').length, 5, output)
  t.match(output, /"service":"web"/)
  t.equal((await server.request('GET', '/v1/tenants/acme')).status, 404)
  t.equal((await engine.docker(['ps', '-aq'])).trim(), '', 'nothing stays on the engine')
})

t.test("the README's one app runs on Docker and on a cluster", async (t) => {
  const cluster = await requireCluster(t, { images: false })
  if (!cluster || !(await requireEngines(t))) return
  await ensureHelloImage({ socketPath: cluster.dockerSocket })
  const { url } = await labDatabase(t)
  t.teardown(async () => await forgetAll(cluster, url))
  const { server, engine } = await withEngine(t, url)
  const kubeconfig = join(t.testdir({ kubeconfig: cluster.kubeconfig }), 'kubeconfig')
  t.ok(SAME_APP.length >= 2, 'the session is there')
  const [functions = ''] = BY_HAND
  const output = await session(t, server, [functions, ...SAME_APP], [`KUBECONFIG=${kubeconfig}`])
  // Applied and removed, on either.
  t.equal(output.split('\n').filter((line) => line === 'succeeded').length, 4, output)
  for (const host of ['local', 'k1']) t.match(output, `[ 'web', '${host}', 'running' ]`)
  t.equal((await server.request('GET', '/v1/tenants/acme')).status, 404)
  t.equal((await server.request('GET', '/v1/hosts/k1')).status, 404)
  t.equal((await engine.docker(['ps', '-aq'])).trim(), '', 'nothing stays on the engine')
  const left = ['get', 'all,cm,secret,pvc,netpol', '-A', '-l', 'moorage.io/app=hello-kubernetes', '-o', 'name']
  t.equal((await cluster.kubectl(left)).trim(), '', 'nothing stays on the cluster')
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

/** The shell of one section, block by block. */
function blocksOf(heading: string): string[] {
  const [, section = ''] = README.split(`\n## ${heading}\n`)
  return [...(section.split('\n## ')[0] ?? '').matchAll(/^```sh\n([^]*?)^```$/gm)].map((match) => match[1] ?? '')
}

/** A server whose only host is an engine, `local`, that has the example's image, as the quickstart leaves it. */
async function withEngine(t: Test, databaseUrl: string) {
  const engine = await startEngine()
  t.teardown(async () => await engine.stop())
  await ensureHelloImage({ socketPath: engine.socketPath })
  const server = await startServer({ databaseUrl })
  t.teardown(() => server.kill('SIGKILL'))
  const host = { name: 'local', kind: 'docker', endpoint: { socketPath: engine.socketPath } }
  t.equal((await server.request('POST', '/v1/hosts', { body: host })).status, 201)
  return { engine, server }
}

/** What the blocks print, run as one script that stops at the first failure. */
async function session(t: Test, server: LabServer, blocks: readonly string[], env: readonly string[] = []) {
  // tap's own NODE_OPTIONS would slow down each `node -p`.
  const variables = ['-u', 'NODE_OPTIONS', `API=${server.url}`, `ADMIN=${LAB_TOKEN}`, ...env]
  const { code, output } = await run('env', [...variables, 'bash', '-euo', 'pipefail', '-c', blocks.join('\n')])
  t.equal(code, 0, output)
  return output
}
