import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { debianFiles } from './base-images-debian.ts'
import { startRegistry } from './base-images-packages.ts'
import { importBaseImages } from './base-images.ts'
import type { Teardown } from './database.ts'
import type { LabEngine } from './engines.ts'
import { IMAGES } from './images.ts'
import { run } from './run.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const PLUGIN = 'cli-plugins/docker-compose'
/** The first release of Debian with Compose 2. */
const RELEASE = 'trixie'
const SECRETS = 'deploy/compose/secrets'

/** Our docker-compose.yml, up on an engine of the lab. */
export interface ComposeProject {
  /** Of the proxy. */
  readonly url: string
  readonly token: string
  /** Everything in the secrets' files that nobody else may see. */
  readonly secrets: readonly string[]
  /** Milliseconds of `docker build` and of `docker compose up`. */
  readonly took: { readonly build: number; readonly up: number }
  compose(...args: readonly string[]): Promise<string>
  containers(): Promise<ComposeContainer[]>
  /** SIGKILL to a container's first process as from the kernel: `docker kill` would keep its restart policy from acting. */
  crash(container: ComposeContainer): Promise<void>
}

/** What `docker inspect` says, as far as it is looked at. */
export interface ComposeContainer {
  readonly Name: string
  readonly RestartCount: number
  readonly State: {
    readonly Running: boolean
    readonly Pid: number
    readonly ExitCode: number
    readonly Health?: { readonly Status: string }
  }
  readonly Config: { readonly User: string; readonly Labels: Readonly<Record<string, string>> }
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean
    readonly CapDrop: readonly string[]
    readonly SecurityOpt: readonly string[]
  }
}

/** Builds the image and brings everything up with the README's three commands, in a copy of the checkout. The engine has the lab's images. */
export async function bringUp(t: Teardown, engine: LabEngine): Promise<ComposeProject> {
  const registry = await startRegistry(t, engine.address.replace(/\d+$/, '1'))
  await Promise.all([importBaseImages(engine, registry), installCompose(engine)])
  const folder = copyCheckout(t)
  const address = `${engine.address}:7080`
  const shell = async (command: string, args: readonly string[] = []) =>
    await run('sh', ['-ec', `cd "$0" && exec ${command} "$@"`, folder, ...args], {
      env: {
        ...process.env,
        ...{ DOCKER_HOST: `unix://${engine.socketPath}`, DOCKER_CONFIG: dirname(engine.socketPath) },
        // The lab's docker has no plugin for BuildKit.
        ...{ DOCKER_BUILDKIT: '0', MOORAGE_PUBLISH: address },
      },
    })
  const timed = async (work: Promise<string>) => {
    const startedAt = performance.now()
    await work
    return performance.now() - startedAt
  }
  const build = await timed(shell('docker build -t moorage .'))
  await shell('deploy/compose/make-secrets.sh')
  const up = await timed(shell('docker compose up -d --wait'))
  const read = (name: string) => readFileSync(join(folder, SECRETS, name), 'utf8').trim()
  const compose = async (...args: readonly string[]) => await shell('docker compose', args)
  return {
    url: `http://${address}`,
    token: read('admin-token'),
    secrets: [read('admin-token'), read('postgres-password'), read('secret-keys').slice('k1:'.length)],
    took: { build, up },
    compose,
    async containers() {
      const ids = (await compose('ps', '-aq')).trim().split('\n')
      const all: ComposeContainer[] = JSON.parse(await engine.docker(['inspect', ...ids]))
      return all.toSorted((a, b) => a.Name.localeCompare(b.Name))
    },
    async crash({ State }) {
      await engine.docker(['run', '--rm', '--pid', 'host', IMAGES.once, '/bin/kill', '-9', String(State.Pid)])
    },
  }
}

/** Teaches an engine's `docker` the command `compose`: the machine's own Compose 2, or Debian's. */
async function installCompose(engine: LabEngine): Promise<void> {
  const folders = ['/usr/local/lib', '/usr/local/libexec', '/usr/lib', '/usr/libexec'].map((lib) => `${lib}/docker`)
  const own = [join(homedir(), '.docker'), ...folders]
    .map((folder) => join(folder, PLUGIN))
    .find((path) => existsSync(path))
  const plugin = own ?? join(await debianFiles('docker-compose', { release: RELEASE }), 'usr/libexec/docker', PLUGIN)
  const link = join(dirname(engine.socketPath), PLUGIN)
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(plugin, link)
}

/** A copy of the checkout, about as a clone has it, to build from and to make secrets in. */
function copyCheckout(t: Teardown): string {
  const folder = mkdtempSync(join(tmpdir(), 'moorage-checkout-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const left = new Set(['.git', '.moorage', '.tap', 'src/db/generated', SECRETS].map((name) => join(ROOT, name)))
  const isKept = (path: string) => !left.has(path) && !path.endsWith('/node_modules')
  cpSync(ROOT, folder, { recursive: true, filter: isKept })
  return folder
}
