import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { findCluster, initCluster, isCode } from '../../src/db/embedded-cluster.ts'
import { migrate } from '../../src/db/migrate.ts'
import { findPostmaster, freePort, startPostmaster, stopPostmaster } from '../../src/db/postmaster.ts'
import type { DbLogger } from '../../src/db/types.ts'
import { sleep } from '../../src/lib/abort.ts'
import { sha256 } from '../../src/lib/ids.ts'

/** What a test gives: tap's `t`. */
export interface Teardown {
  teardown(handler: () => Promise<void> | void): void
}

/** What the keeper writes for those who use its server. */
export interface LabServer {
  readonly url: string
  readonly adminUrl: string
}

/** A logger for tests that say nothing. */
export const quiet: DbLogger = { debug() {}, info() {}, warn() {}, error() {} }

/** A test's server may lose everything with the machine. */
export const FAST = { fsync: 'off', full_page_writes: 'off', max_connections: '300', shared_buffers: '64MB' }

/** Held shared by each user of the server; its keeper stops it when it can have it alone for a while. */
export const USERS_LOCK = 7_080_002
const TEMPLATE_LOCK = 7_080_003

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url))
const MIGRATIONS = join(CHECKOUT, 'prisma/migrations')

/**
 * A migrated database of the test's own, dropped when it ends. All test processes of this checkout share one Postgres,
 * which the first one starts, and which stops and takes its files away 20 s after the last one has gone.
 */
export async function labDatabase(t: Teardown): Promise<{ url: string }> {
  const { admin, server } = await attach()
  const name = `t_${randomBytes(6).toString('hex')}`
  t.teardown(async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.end()
  })
  const template = await ensureTemplate(admin, server)
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER moorage STRATEGY FILE_COPY`)
  return { url: urlOf(server, name) }
}

/** As labDatabase, but empty: without a single table. */
export async function emptyDatabase(t: Teardown): Promise<{ url: string }> {
  const { admin, server } = await attach()
  const name = `t_${randomBytes(6).toString('hex')}`
  t.teardown(async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.end()
  })
  await admin.query(`CREATE DATABASE ${name} OWNER moorage STRATEGY FILE_COPY`)
  return { url: urlOf(server, name) }
}

export interface OwnPostgres {
  /** Of an empty database; the same after each start. */
  readonly url: string
  /** Ends it as `kill -9` does. */
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** A Postgres of the test's own, running, to be killed and started again. */
export async function ownPostgres(
  t: Teardown,
  settings: Readonly<Record<string, string>> = FAST,
): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'moorage-own-postgres-'))
  const cluster = await findCluster(join(folder, 'postgres'))
  const password = randomBytes(12).toString('hex')
  const port = await freePort()
  const running = () => findPostmaster(cluster.dir)
  const own: OwnPostgres = {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    async start() {
      for (const deadline = performance.now() + 20_000; ;) {
        try {
          await startPostmaster(cluster, { port, settings, logFile: join(folder, 'log') })
          return
        } catch (error) {
          // The children of one that was killed take a moment to notice.
          if (performance.now() > deadline) throw error
          await sleep(50)
        }
      }
    },
    async stop() {
      const server = await running()
      if (server) await stopPostmaster(cluster.dir, server.pid)
    },
    async kill() {
      const server = await running()
      if (server) process.kill(server.pid, 'SIGKILL')
      while (await running()) await sleep(10)
    },
  }
  t.teardown(async () => {
    await own.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  await initCluster(cluster, { password, files: {} })
  await own.start()
  return own
}

/** The folder of the shared server: one a user and checkout. */
export function labFolder(): string {
  return join(tmpdir(), `moorage-test-database-${process.getuid?.() ?? 0}-${sha256(CHECKOUT).slice(0, 8)}`)
}

function urlOf(server: LabServer, database: string): string {
  return Object.assign(new URL(server.url), { pathname: `/${database}` }).href
}

/** A connection to the shared server, which stays up at least as long as it is open. */
async function attach(): Promise<{ admin: pg.Client; server: LabServer }> {
  const folder = labFolder()
  const deadline = performance.now() + 60_000
  for (;;) {
    const server = await readFile(join(folder, 'server.json'), 'utf8').then(
      (text) => JSON.parse(text) as LabServer,
      () => null,
    )
    const admin = server && (await joinServer(server))
    if (admin) return { admin, server }
    await startKeeper(folder)
    if (performance.now() > deadline) {
      throw new Error(
        `the tests' Postgres does not start: ${await readFile(`${folder}.log`, 'utf8').catch(() => 'no log')}`,
      )
    }
    await sleep(25)
  }
}

/** null: it isn't there, is about to stop, or has no keeper. */
async function joinServer(server: LabServer): Promise<pg.Client | null> {
  const admin = new pg.Client({ connectionString: server.adminUrl, connectionTimeoutMillis: 5000 })
  admin.on('error', () => {})
  try {
    await admin.connect()
    const { rows } = await admin.query<{ joined: boolean; kept: boolean }>(
      `SELECT pg_try_advisory_lock_shared($1) AS joined,
              EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'moorage owner %') AS kept`,
      [USERS_LOCK],
    )
    if (rows[0]?.joined && rows[0].kept) return admin
  } catch {
    // As if it were not there.
  }
  admin.end().catch(() => {})
  return null
}

/** Starts the keeper, unless another process has just done so. */
async function startKeeper(folder: string): Promise<void> {
  const mark = `${folder}.starting`
  try {
    await (await open(mark, 'wx')).close()
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
    const age = await stat(mark).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    if (age > 15_000) await rm(mark, { force: true })
    return
  }
  await mkdir(folder, { recursive: true, mode: 0o711 })
  const keeper = fileURLToPath(new URL('database-keeper.ts', import.meta.url))
  const log = await open(`${folder}.log`, 'w')
  try {
    // With an empty environment: a test runner's hooks would stay in it.
    const env = ['-i', `PATH=${process.env.PATH ?? ''}`, `TMPDIR=${tmpdir()}`]
    spawn('env', [...env, process.execPath, keeper, mark], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', log.fd, log.fd],
    }).unref()
  } finally {
    await log.close()
  }
}

async function ensureTemplate(admin: pg.Client, server: LabServer): Promise<string> {
  const name = `tmpl_${await migrationsHash()}`
  const exists = async () => (await admin.query('SELECT FROM pg_database WHERE datname = $1', [name])).rowCount === 1
  if (await exists()) return name
  await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK])
  try {
    if (await exists()) return name
    const draft = `${name}_draft`
    await admin.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`)
    await admin.query(`CREATE DATABASE ${draft} OWNER moorage`)
    await migrate(urlOf(server, draft), { log: quiet })
    await admin.query(`ALTER DATABASE ${draft} RENAME TO ${name}`)
    return name
  } finally {
    await admin.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK])
  }
}

async function migrationsHash(): Promise<string> {
  const files = (await readdir(MIGRATIONS, { recursive: true }))
    .filter((file) => file.endsWith('migration.sql'))
    .toSorted()
  const texts = await Promise.all(
    files.map(async (file) => `${file}\n${await readFile(join(MIGRATIONS, file), 'utf8')}`),
  )
  return sha256(texts.join('\n')).slice(0, 12)
}
