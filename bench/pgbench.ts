import { spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { run } from '../test/lab/run.ts'

const CACHE = fileURLToPath(new URL('../node_modules/.cache/moorage-pgbench', import.meta.url))
const INSTALLED = '/usr/lib/postgresql/*/bin/pgbench'

/**
 * Debian's pgbench: the installed one, or else out of its package, which is unpacked beside us and not installed (that would start a
 * server). Throws with what to do where neither works.
 */
export async function findPgbench(): Promise<string> {
  const [installed] = [INSTALLED, join(CACHE, INSTALLED)].flatMap((pattern) => globSync(pattern))
  if (installed !== undefined) return installed
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version'))
    throw new Error('no pgbench on this machine: install it (Debian: the package postgresql holds it)')
  await mkdir(CACHE, { recursive: true })
  const script = `set -e; cd '${CACHE}'; export DEBIAN_FRONTEND=noninteractive
    fetch() {
      apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 libpq5 &&
      apt-get download -qq "$(apt-cache depends postgresql | sed -n 's/.*Depends: \\(postgresql-[0-9]*\\)$/\\1/p' | head -1)"
    }
    fetch || { apt-get update -qq; fetch; }
    dpkg -x postgresql-*.deb . && rm postgresql-*.deb`
  await run('sh', ['-c', script])
  const [unpacked] = globSync(join(CACHE, INSTALLED))
  if (unpacked === undefined) throw new Error('the package of Postgres holds no pgbench')
  return unpacked
}

export interface PgbenchRun {
  readonly url: string
  /** Files, each run as often as the others. */
  readonly scripts: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  readonly clients: number
  readonly seconds: number
}

/** Transactions a second. Throws where one failed. */
export async function pgbench(program: string, options: PgbenchRun): Promise<number> {
  const { url, scripts, variables, clients, seconds } = options
  const { hostname, port, username, password, pathname } = new URL(url)
  const child = spawn(
    program,
    [
      ...['--no-vacuum', '--protocol=prepared', `--client=${clients}`, '--jobs=2', `--time=${seconds}`],
      ...scripts.map((script) => `--file=${script}`),
      ...Object.entries(variables).map(([name, value]) => `--define=${name}=${value}`),
      ...[`--host=${hostname}`, `--port=${port}`, `--username=${username}`, pathname.slice(1)],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, PGPASSWORD: password } },
  )
  const [answer, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  const perSecond = Number(/^tps = ([\d.]+)/m.exec(answer)?.[1])
  if (!/number of failed transactions: 0 /.test(answer) || !(perSecond > 0) || /aborted/.test(errors))
    throw new Error(`pgbench failed: ${errors.slice(0, 2000)}\n${answer}`)
  return perSecond
}

/** Writes scripts into a folder; gives their paths. */
export async function writeScripts(folder: string, scripts: readonly string[]): Promise<string[]> {
  return await Promise.all(
    scripts.map(async (script, at) => {
      const path = join(folder, `${at}.sql`)
      await writeFile(path, script)
      return path
    }),
  )
}
