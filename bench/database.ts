import pg from 'pg'
import { migrate } from '../src/db/migrate.ts'
import { ownPostgres, quiet, type Teardown } from '../test/lab/database.ts'
import type { LabEngine } from '../test/lab/engines.ts'
import type { LabServer } from '../test/lab/server.ts'
import { addHost, must, type Scene } from '../test/prove/scene.ts'

/** As an operator runs it: each commit is on the disk before it is answered; and when it was, can be asked. */
const DURABLE = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '200',
  track_commit_timestamp: 'on',
}

/** A migrated database on a Postgres of the benchmark's own, durable as in production (the tests' shared one is not). */
export async function durableDatabase(t: Teardown): Promise<string> {
  const { url } = await ownPostgres(t, DURABLE)
  await migrate(url, { log: quiet })
  return url
}

export interface BenchServer {
  readonly databaseUrl: string
  readonly engine: LabEngine
  readonly server: LabServer
  /** A connection of the benchmark's own to the server's database. */
  readonly db: pg.Client
}

/** A server with both roles on a durable database, an engine as its host `h1`, and a tenant `acme`. */
export async function benchServer(scene: Scene): Promise<BenchServer> {
  const databaseUrl = await durableDatabase(scene)
  const engine = await scene.engine({ tcp: false })
  const server = await scene.server({ databaseUrl })
  await addHost(server, 'h1', engine)
  await must(server, 'POST', '/v1/tenants', { name: 'acme' })
  const db = new pg.Client({ connectionString: databaseUrl })
  await db.connect()
  scene.teardown(async () => await db.end())
  return { databaseUrl, engine, server, db }
}
