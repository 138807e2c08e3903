import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { sleep } from '../lib/abort.ts'
import { backoffMs } from '../lib/backoff.ts'
import {
  EmbeddedPostgresError,
  findCluster,
  initCluster,
  isCode,
  writeOwned,
  type Cluster,
} from './embedded-cluster.ts'
import { isUnavailable } from './map-error.ts'
import {
  findPostmaster,
  freePort,
  isTaken,
  removeStalePid,
  StartRefusedError,
  startPostmaster,
  stopPostmaster,
  type Postmaster,
} from './postmaster.ts'
import type { DbLogger } from './types.ts'

export interface EmbeddedOptions {
  readonly dataDir: string
  readonly log: DbLogger
  /** Settings of postgresql.conf that differ (tests turn `fsync` off). */
  readonly settings?: Readonly<Record<string, string>>
}

export interface Embedded {
  /** Of the database `moorage`, as a user who owns it and nothing else. */
  readonly url: string
  /** Of the database `postgres`, as superuser. */
  readonly adminUrl: string
  /** Shuts Postgres down, with everything written, and waits for its end. */
  stop(): Promise<void>
}

interface Secrets {
  readonly superuser: string
  readonly owner: string
  /** The port that was used last. */
  readonly port: number
}

/** Held by the server that a data folder belongs to, for as long as it lives: the database itself keeps the lock. */
const OWNER_LOCK = 7_080_001
const SECRETS = 'moorage.json'

/**
 * Starts Postgres on `<dataDir>/postgres`, which is made at the first time (about 1.5 s); its log is
 * `<dataDir>/postgres.log`. It listens on 127.0.0.1 alone, with random passwords, on a port that is kept while it is
 * free. As root it runs as the owner of its folder, a system user.
 *
 * It runs in a session of its own: Ctrl-C reaches it through `stop()` alone. One that an earlier process left behind
 * (`kill -9`) is taken over as it is. One that dies is started again, on the same port, until `stop()`.
 *
 * Throws an EmbeddedPostgresError when another living process has this data folder, or when it can't be started.
 */
export async function startEmbedded({ dataDir, log, settings }: EmbeddedOptions): Promise<Embedded> {
  const cluster = await findCluster(join(dataDir, 'postgres'))
  const logFile = join(dataDir, 'postgres.log')
  const secrets = await secretsOf(cluster)
  const options = { dataDir, log, logFile, settings, superuser: secrets.superuser }
  const first = await runAndOwn(cluster, { ...options, port: secrets.port, fixedPort: false })
  const { server } = first
  if (server.port !== secrets.port)
    await writeOwned(cluster, SECRETS, JSON.stringify({ ...secrets, port: server.port }))
  const stopping = new AbortController()
  let { pid } = server
  let owner: pg.Client | null = first.owner
  await ensureDatabase(first.owner, secrets.owner)

  /** Brings it back after its death, which its owner's connection tells. */
  const revive = async (): Promise<void> => {
    owner = null
    for (let attempt = 1; !stopping.signal.aborted; attempt += 1) {
      try {
        log.warn({ attempt }, 'the embedded Postgres is gone; starting it again')
        const again = await runAndOwn(cluster, { ...options, port: server.port, fixedPort: true })
        pid = again.server.pid
        owner = again.owner
        watch(again.owner)
        log.info('the embedded Postgres is back')
        return
      } catch (error) {
        log.error({ err: error }, 'the embedded Postgres could not be started again')
        await sleep(backoffMs(attempt, { baseMs: 200, maxMs: 5000 }), stopping.signal).catch(() => {})
      }
    }
  }
  let reviving: Promise<void> = Promise.resolve()
  const watch = (client: pg.Client) => {
    client.once('end', () => {
      if (!stopping.signal.aborted) reviving = revive()
    })
  }
  watch(first.owner)

  return {
    url: `postgres://moorage:${secrets.owner}@127.0.0.1:${server.port}/moorage`,
    adminUrl: adminUrlOf(secrets.superuser, server.port),
    async stop() {
      stopping.abort(new Error('stopping'))
      await reviving
      // Without ownership it is another process's by now.
      if (!owner) return
      const last = owner
      owner = null
      await stopPostmaster(cluster.dir, pid)
      await last.end().catch(() => {})
    },
  }
}

async function secretsOf(cluster: Cluster): Promise<Secrets> {
  const read = async () => JSON.parse(await readFile(join(cluster.dir, SECRETS), 'utf8')) as Secrets
  try {
    return await read()
  } catch (error) {
    if (!isCode(error, 'ENOENT'))
      throw new EmbeddedPostgresError(`${join(cluster.dir, SECRETS)} can not be read`, { cause: error })
  }
  const secret = () => randomBytes(24).toString('hex')
  const secrets: Secrets = { superuser: secret(), owner: secret(), port: await freePort() }
  await initCluster(cluster, { password: secrets.superuser, files: { [SECRETS]: JSON.stringify(secrets) } })
  // Another process may have been first.
  return read().catch((error: unknown) => {
    throw new EmbeddedPostgresError(`${cluster.dir} is not a data folder that Moorage made; move it away`, {
      cause: error,
    })
  })
}

interface RunOptions {
  readonly dataDir: string
  readonly log: DbLogger
  readonly settings: Readonly<Record<string, string>> | undefined
  readonly logFile: string
  readonly superuser: string
  readonly port: number
  /** A taken port is an error; else another one is chosen. */
  readonly fixedPort: boolean
}

function adminUrlOf(superuser: string, port: number): string {
  return `postgres://postgres:${superuser}@127.0.0.1:${port}/postgres`
}

/** The server on this folder, the one that runs or a new one, and the connection that makes it ours. */
async function runAndOwn(cluster: Cluster, options: RunOptions): Promise<{ server: Postmaster; owner: pg.Client }> {
  for (let attempt = 1; ; attempt += 1) {
    const server = await run(cluster, options)
    try {
      return { server, owner: await takeOwnership(adminUrlOf(options.superuser, server.port), options) }
    } catch (error) {
      // It went away in between: its former owner was just shutting it down.
      if (!isUnavailable(error) || attempt === 5) throw error
    }
  }
}

async function run(cluster: Cluster, { settings, logFile, port, fixedPort }: RunOptions): Promise<Postmaster> {
  const deadline = performance.now() + 120_000
  for (let wanted = port; ;) {
    const found = await findPostmaster(cluster.dir)
    if (found?.ready) return found
    if (found) {
      if (performance.now() > deadline)
        throw new EmbeddedPostgresError(`Postgres (pid ${found.pid}) neither starts nor stops; see ${logFile}`)
      await sleep(25)
      continue
    }
    if (!fixedPort && (await isTaken(wanted))) wanted = await freePort()
    try {
      return await startPostmaster(cluster, { port: wanted, settings, logFile })
    } catch (error) {
      const reason = error instanceof StartRefusedError && performance.now() < deadline ? error.reason : null
      if (reason === 'stale_pid') await removeStalePid(cluster.dir)
      else if (reason === 'old_children') await sleep(50)
      else if (reason === 'port_taken' && !fixedPort) wanted = await freePort()
      else throw error
    }
  }
}

/** A connection that holds the lock. Waits a little for one that is just being freed. */
async function takeOwnership(adminUrl: string, { dataDir, log }: RunOptions): Promise<pg.Client> {
  const deadline = performance.now() + 1500
  for (;;) {
    const client = new pg.Client({
      connectionString: adminUrl,
      connectionTimeoutMillis: 5000,
      application_name: `moorage owner ${process.pid}`,
      keepAlive: true,
    })
    client.on('error', (error) => log.debug({ err: error }, 'the connection that owns the embedded Postgres broke'))
    try {
      await client.connect()
      const lock = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [OWNER_LOCK])
      if (lock.rows[0]?.got) return client
      if (performance.now() > deadline) {
        const others = await client.query<{ application_name: string }>(
          `SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory' AND objid = $1 AND granted`,
          [OWNER_LOCK],
        )
        const pid = others.rows[0]?.application_name.split(' ').at(-1) ?? 'unknown'
        throw new EmbeddedPostgresError(
          `the data folder ${dataDir} is in use by another server (pid ${pid}); stop it, choose another MOORAGE_DATA_DIR, or let several share a database with DATABASE_URL`,
        )
      }
    } catch (error) {
      client.end().catch(() => {})
      if (!isUnavailable(error) || performance.now() > deadline) throw error
    }
    client.end().catch(() => {})
    await sleep(50)
  }
}

async function ensureDatabase(client: pg.Client, password: string): Promise<void> {
  const role = await client.query(`SELECT 1 FROM pg_roles WHERE rolname = 'moorage'`)
  if (role.rowCount === 0) await client.query(`CREATE ROLE moorage LOGIN PASSWORD ${pg.escapeLiteral(password)}`)
  const database = await client.query(`SELECT 1 FROM pg_database WHERE datname = 'moorage'`)
  if (database.rowCount === 0) await client.query('CREATE DATABASE moorage OWNER moorage')
}
