import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { environment, mustRun, ROOT } from '../../scripts/child.mjs'

const CLIENT = join(ROOT, 'clients/typescript')
const MODULES = join(ROOT, 'node_modules')
const TSC = join(CLIENT, 'node_modules/.bin/tsc')
/** What the client brings along, with what that brings. */
const BROUGHT = ['eventsource-parser', 'openapi-fetch', 'openapi-typescript-helpers']
const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  target: 'es2022',
  module: 'nodenext',
  types: [],
}

const CONSUMER = `import { createMoorageClient, dataOf, followStream, MoorageError, waitForOperation } from '@moorage/client'
import type { App, Operation } from '@moorage/client'

const moorage = createMoorageClient({ baseUrl: 'http://127.0.0.1:9', token: 'mrg_x', retries: 0 })

export async function apply(tenant: string, app: string): Promise<Operation | null> {
  const call = moorage.PUT('/v1/tenants/{tenant}/apps/{app}', { params: { path: { tenant, app } }, body: { compose: 'services: {}' } })
  const { data, error, response } = await call
  if (error) throw new MoorageError(response.status, error)
  return 'operation' in data && data.operation ? await waitForOperation(moorage, data.operation) : null
}
export async function names(tenant: string): Promise<App['name'][]> {
  const { items } = await dataOf(moorage.GET('/v1/tenants/{tenant}/apps', { params: { path: { tenant } } }))
  return items.map(({ name }) => name)
}
export async function restart(tenant: string, app: string): Promise<void> {
  await dataOf(moorage.POST('/v1/tenants/{tenant}/apps/{app}/restart', { params: { path: { tenant, app } } }))
}
export const events: AsyncIterable<{ data: string }> = followStream(moorage, '/v1/tenants/acme/events')
// @ts-expect-error there is no such route
export const nowhere = () => moorage.GET('/v1/nothing')
// @ts-expect-error the path needs a tenant
export const nobody = () => moorage.GET('/v1/tenants/{tenant}', {})
const problem: 'not_found' | null = new MoorageError(404, null).code === 'not_found' ? 'not_found' : null
console.log(problem, typeof apply, await moorage.GET('/healthz').catch((error: unknown) => (error as Error).name))
`

t.test('the packed client installs, type-checks in a strict project and runs there', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'moorage-client-'))
  t.teardown(async () => await rm(folder, { recursive: true }))
  const [source, target] = [join(folder, 'source'), join(folder, 'project')]
  // npm's own cache may hold anything: this one holds nothing.
  const env = { ...environment({ npm_config_cache: join(folder, 'cache') }), NODE_OPTIONS: undefined }

  // A copy: what is built in the checkout is its user's.
  await cp(CLIENT, source, { recursive: true, filter: (path) => !/\/(dist|node_modules)$/.test(path) })
  for (const name of BROUGHT) await cp(join(MODULES, name), join(source, 'node_modules', name), { recursive: true })
  await mustRun(TSC, ['-p', source], { env })
  const packages = [source, ...BROUGHT.map((name) => join(MODULES, name))]
  await mustRun('npm', ['pack', '--ignore-scripts', '--silent', ...packages], { env, cwd: folder })
  const archives = (await readdir(folder)).filter((file) => file.endsWith('.tgz'))
  t.equal(archives.length, packages.length)

  await mkdir(target)
  await writeFile(join(target, 'package.json'), '{ "type": "module" }')
  const install = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund']
  await mustRun('npm', [...install, ...archives.map((file) => join(folder, file))], { env, cwd: target })
  await writeFile(join(target, 'consumer.ts'), CONSUMER)
  await writeFile(join(target, 'tsconfig.json'), JSON.stringify({ compilerOptions: STRICT, files: ['consumer.ts'] }))
  await mustRun(TSC, ['-p', target], { env })
  const printed = await mustRun(process.execPath, ['consumer.js'], { env, cwd: target })
  t.equal(printed, 'null function TypeError\n')
})

t.test('the client has the version of the server', async (t) => {
  const version = async (file: string): Promise<unknown> => JSON.parse(await readFile(join(ROOT, file), 'utf8')).version
  t.equal(await version('clients/typescript/package.json'), await version('package.json'))
})
