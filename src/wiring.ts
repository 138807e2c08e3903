import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { consolePage } from './console/index.ts'
import { startEmbedded } from './db/embedded.ts'
import { type Database, openDatabase } from './db/index.ts'
import { ensureCanary, ensureInstallation } from './db/installation.ts'
import { migrate } from './db/migrate.ts'
import { Replica } from './db/replica.ts'
import { checkKeys, type Query, queryOf } from './db/sealed.ts'
import { createDriver } from './drivers/index.ts'
import { graphiqlPage, type GraphQLOptions, graphqlPlugin, readPersistedQueries } from './graphql/index.ts'
import { buildServer, type ReadinessChecks } from './http/index.ts'
import { keptSecret, readSecret } from './lib/kept-secret.ts'
import { createSealer, type Sealer } from './lib/seal.ts'
import { VERSION } from './lib/version.ts'
import { createHostAccess, type HostAccess, registerLocalHost } from './modules/hosts/index.ts'
import { Answerer } from './modules/questions/index.ts'
import { SEALED } from './modules/sealing/index.ts'
import { HISTORY, Sampler } from './modules/stats/index.ts'
import { ensureAdminToken, newTokenText } from './modules/tokens/index.ts'
import { Deliverer } from './modules/webhooks/index.ts'
import { Observer } from './observer/index.ts'
import { createOutbound, type Outbound } from './outbound/index.ts'
import { newWorkerId, Runner, Upkeep } from './runner/index.ts'

export interface Runtime {
  /** Resolves once every role is up. */
  start(): Promise<void>
  /** Drains and ends every part, in the reverse order; may be called at any time, also in the middle of a start. */
  stop(): Promise<void>
  /** Where the API listens, e.g. `http://127.0.0.1:7080`; null without the role `api`, and before the start. */
  readonly url: string | null
}

/** How long requests may go on once the process is asked to end. */
const REQUESTS_MS = 2000

/** The composition root: builds every part once, in order, and takes them down in the reverse order. */
export function createRuntime(config: Config, log: Logger): Runtime {
  const stops: (() => Promise<unknown>)[] = []
  let url: string | null = null
  let starting: Promise<void> = Promise.resolve()
  const stopping = new AbortController()

  /** Each part's end is noted as soon as it is there; a stop that came meanwhile ends the start. */
  const part = async <T>(made: Promise<T>, stop?: (value: T) => Promise<unknown>): Promise<T> => {
    const value = await made
    if (stop) stops.push(async () => await stop(value))
    stopping.signal.throwIfAborted()
    return value
  }

  const boot = async (): Promise<void> => {
    const databaseUrl =
      config.databaseUrl ??
      (await part(startEmbedded({ dataDir: config.dataDir, log }), async (server) => await server.stop())).url
    const given = config.secretKeys ?? (await readSecret(keysFile(config)))
    const ring = given === null ? null : createSealer(given)
    // Before anything is written, and again with the canary: another process may have begun the same database with other keys.
    const before = async (query: Query): Promise<void> => await checkKeys(query, ring, SEALED)
    await part(migrate(databaseUrl, { log, signal: stopping.signal, before }))
    const db = await part(openDatabase({ url: databaseUrl, log }), async (database) => await database.close())
    const installation = await ensureInstallation(db.prisma)
    const sealer = ring ?? createSealer(await generatedKey(config, log))
    await ensureCanary(db.prisma, sealer, installation)
    await checkKeys(queryOf(db.prisma), sealer, SEALED)
    await firstToken(config, db, log)
    const hosts = await part(
      Promise.resolve(createHostAccess({ db, sealer, installation, createDriver })),
      async (access) => await access.close(),
    )

    const outbound = createOutbound({ allow: config.outboundAllow })
    const workerId = newWorkerId()
    const ready = { worker: !config.roles.has('worker') }
    let measures = (): Record<string, number> => ({})
    if (config.roles.has('worker')) {
      const runner = await startWorker({ workerId, config, log, db, sealer, installation, hosts, outbound, part })
      measures = () => ({ slots: config.workerSlots, slots_used: runner.running })
      ready.worker = true
    }
    if (config.roles.has('api')) {
      const checks: ReadinessChecks = config.roles.has('worker') ? { worker: () => ({ ok: ready.worker }) } : {}
      const { idempotencyHours } = config.retention
      const server = await part(
        buildServer({
          db,
          sealer,
          log,
          installation,
          hosts,
          outbound,
          checks,
          routes: (live) => [
            consolePage,
            graphiqlPage,
            graphqlPlugin({ ...live, db, sealer, log, installation, hosts, idempotencyHours }, graphqlOptions(config)),
          ],
          exec: config.exec,
          idempotencyHours,
        }),
        closeServer,
      )
      url = await server.listen({ host: config.host, port: config.port })
    }
    const replica = new Replica({
      id: workerId,
      db,
      log,
      roles: [...config.roles],
      version: VERSION,
      keyIds: sealer.keyIds,
      measures,
    })
    await part(replica.start(), async () => await replica.stop())
    if (config.localHost === 'auto' && config.databaseUrl === null)
      await registerLocalHost({ db, sealer, hosts }, { dockerHost: config.dockerHost, log })
    log.info({ url, roles: [...config.roles], installation }, 'ready')
  }

  return {
    get url() {
      return url
    },
    async start() {
      starting = boot()
      await starting
    },
    async stop() {
      stopping.abort(new Error('stopped while it started'))
      await starting.catch(() => {})
      for (const stop of stops.toReversed()) {
        await stop().catch((error: unknown) => log.warn({ err: error }, 'a part did not stop cleanly'))
      }
    },
  }
}

/** Requests under way may end; what is still open then (a body that does not come) is cut off. */
async function closeServer(server: Awaited<ReturnType<typeof buildServer>>): Promise<void> {
  const cut = setTimeout(() => server.server.closeAllConnections(), REQUESTS_MS)
  await server.close().finally(() => clearTimeout(cut))
}

type Part = <T>(made: Promise<T>, stop?: (value: T) => Promise<unknown>) => Promise<T>

async function startWorker({
  workerId,
  config,
  log,
  db,
  sealer,
  installation,
  hosts,
  outbound,
  part,
}: {
  workerId: string
  config: Config
  log: Logger
  db: Database
  sealer: Sealer
  installation: string
  hosts: HostAccess
  outbound: Outbound
  part: Part
}): Promise<Runner> {
  const observer = new Observer({ db, log, workerId, intervalMs: config.observeIntervalMs, driver: hosts.driver })
  await part(observer.start(), async () => await observer.stop())
  const sampler = new Sampler({ db, log, workerId, keep: config.statsKeep, connect: hosts.connect })
  sampler.start()
  await part(Promise.resolve(sampler), async () => await sampler.stop())
  const kinds = { [HISTORY]: (question: unknown) => sampler.answer(question) }
  const answerer = new Answerer({ db, log, workerId, kinds })
  await part(answerer.start(), async () => await answerer.stop())
  const upkeep = new Upkeep({
    db,
    log,
    installation,
    resyncIntervalMs: config.resyncIntervalMs,
    retention: config.retention,
    sealer,
  })
  upkeep.start()
  await part(Promise.resolve(upkeep), async () => await upkeep.stop())
  const deliverer = new Deliverer({ db, sealer, log, outbound })
  await part(deliverer.start(), async () => await deliverer.stop())
  const runner = new Runner({
    db,
    log,
    installation,
    observer,
    connect: hosts.connect,
    candidates: async () => await hosts.loadCandidates(db.prisma),
    subnets: config.dockerSubnets,
    progressDeadlineMs: config.progressDeadlineMs,
    workerId,
    slots: config.workerSlots,
  })
  await part(runner.start(), async () => await runner.stop())
  return runner
}

function graphqlOptions({ graphql: { introspection, queriesFile, onlyPersisted } }: Config): GraphQLOptions {
  return { introspection, onlyPersisted, ...(queriesFile !== null && { persisted: readPersistedQueries(queriesFile) }) }
}

const keysFile = ({ dataDir }: Config): string => join(dataDir, 'secret-keys')

/** The sealing key of the data folder, made where there is none. */
async function generatedKey(config: Config, log: Logger): Promise<string> {
  const path = keysFile(config)
  const { text, made } = await keptSecret(path, () => `k1:${randomBytes(32).toString('base64')}`)
  if (made) log.info({ path }, 'made a sealing key; keep a copy of the file: what is sealed can not be read without it')
  return text
}

/** Sees to it that there is an admin's token: the setting's, the data folder's, or a new one where the database has none. */
async function firstToken(config: Config, db: Database, log: Logger): Promise<void> {
  if (config.adminToken) return await ensureAdminToken(db, config.adminToken)
  const path = join(config.dataDir, 'admin-token')
  const { text, made } = await keptSecret(path, newTokenText)
  await ensureAdminToken(db, text)
  // Printed once, to the person who starts it; the log's lines never hold it.
  if (made) process.stderr.write(`moorage: the first admin's token is ${text} (kept in ${path})\n`)
  else log.debug({ path }, 'the admin token is the kept one')
}
