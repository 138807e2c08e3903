import { migrate } from '../src/db/migrate.ts'
import { ownPostgres, quiet, type Teardown } from '../test/lab/database.ts'

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
