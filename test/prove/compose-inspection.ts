import type { ComposeContainer, ComposeProject } from '../lab/compose.ts'
import type { LabEngine } from '../lab/engines.ts'
import type { Outcome } from './scene.ts'

const MAX_BYTES = 250_000_000
/** All that the image has of the project. */
const IN_THE_IMAGE = 'health.mjs,node_modules,package.json,prisma,src'
/** What a process of the image says of itself. */
const SELF = `
const tried = (path) => { try { fs.writeFileSync(path, ''); return 'written' } catch (error) { return error.code } }
const status = fs.readFileSync('/proc/1/status', 'utf8')
const field = (name) => status.match(new RegExp('^' + name + ':\\\\s*(\\\\S+)', 'm'))[1]
console.log([process.getuid(), tried('/app/x'), tried('/x'), tried('/tmp/x'), field('CapEff'), field('NoNewPrivs')].join())
`

/** What must be true of the containers before anything happens to them. */
export async function inspectProject(project: ComposeProject, engine: LabEngine): Promise<Outcome> {
  const containers = await project.containers()
  const image = JSON.parse(await engine.docker(['image', 'inspect', 'moorage']))[0] as {
    Size: number
    Config: { User: string }
  }
  const files = (
    await engine.docker(['run', '--rm', '--entrypoint', 'node', 'moorage', '-p', 'fs.readdirSync("/app").join()'])
  ).trim()
  const self = (await project.compose('exec', '-T', 'api', 'node', '-e', SELF)).trim()
  const exposed = await findSecrets(project, engine)
  const checks = await failingHealthChecks(project)
  const metrics = await fetch(`${project.url}/metrics`)
  const migrations = (await project.compose('logs', '--no-log-prefix')).match(/"migration":"\w+"/g) ?? []
  const facts: [string, boolean][] = [
    [
      `${containers.length} containers healthy: ${containers.map(health).join(', ')}`,
      containers.length === 6 && containers.every((one) => health(one).endsWith(' healthy')),
    ],
    [
      `the image has ${(image.Size / 1e6).toFixed(0)} MB (limit 250 MB) and the user ${image.Config.User}`,
      image.Size <= MAX_BYTES && image.Config.User === '10001:10001',
    ],
    [`in it of the project: ${files}`, files === IN_THE_IMAGE],
    ['no container runs as root, writes to its root, or has privileges to gain', containers.every(isConfined)],
    [
      `a process in it (uid, writes to /app, / and /tmp, capabilities, no new privileges): ${self}`,
      self === '10001,EROFS,EROFS,written,0000000000000000,1',
    ],
    [`health checks can fail: ${checks.join(', ')}`, checks.every((failed) => failed)],
    [
      `secrets in docker inspect, logs, image and history: ${exposed.length === 0 ? 'none' : exposed.join(', ')}`,
      exposed.length === 0,
    ],
    [`/metrics through the proxy: ${metrics.status}`, metrics.status === 404],
    [
      `migrations, by four processes at once: ${migrations.length}, each once`,
      migrations.length > 0 && new Set(migrations).size === migrations.length,
    ],
  ]
  return {
    outcome: facts.every(([, holds]) => holds),
    lines: facts.map(([text, holds]) => `${holds ? '' : 'WRONG: '}${text}`),
  }
}

function health({ Name, State }: ComposeContainer): string {
  return `${Name.replace('/moorage-', '')} ${State.Health?.Status}`
}

function isConfined({ Config, HostConfig }: ComposeContainer): boolean {
  return (
    /^[1-9]\d*:[1-9]\d*$/.test(Config.User) &&
    HostConfig.ReadonlyRootfs &&
    HostConfig.CapDrop.includes('ALL') &&
    HostConfig.SecurityOpt.includes('no-new-privileges:true')
  )
}

/** Where a secret can be seen. */
async function findSecrets(project: ComposeProject, engine: LabEngine): Promise<string[]> {
  const places = {
    inspect: JSON.stringify(await project.containers()),
    logs: await project.compose('logs'),
    image: await engine.docker(['image', 'inspect', 'moorage']),
    history: await engine.docker(['history', '--no-trunc', 'moorage']),
  }
  return Object.entries(places).flatMap(([place, text]) =>
    project.secrets.some((secret) => text.includes(secret)) ? [place] : [],
  )
}

/** The checks of both roles, each asked about something that is not there: whether it says so. */
async function failingHealthChecks(project: ComposeProject): Promise<boolean[]> {
  const fails = async (service: string, variable: string) =>
    !(await project.compose('exec', '-T', '-e', variable, service, 'node', 'health.mjs').then(
      () => true,
      () => false,
    ))
  return [await fails('api', 'MOORAGE_PORT=1'), await fails('worker', 'DATABASE_URL=postgres://postgres:1/moorage')]
}
