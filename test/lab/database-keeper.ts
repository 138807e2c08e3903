// Keeps the Postgres that all test processes share: starts it, says where it is, stops it 20 s after the last one has
// gone and takes its files away. Started by database.ts, detached.
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded } from '../../src/db/embedded.ts'
import { isTaken } from '../../src/db/postmaster.ts'
import { sleep } from '../../src/lib/abort.ts'
import { FAST, labFolder, quiet, USERS_LOCK } from './database.ts'

const IDLE_MS = 20_000

const mark = process.argv[2] ?? ''
const folder = labFolder()
// What a test's Ctrl-C means is not meant for us: others may still use the server.
process.on('SIGINT', () => {})

try {
  const server = await startEmbedded({
    dataDir: folder,
    log: { ...quiet, warn: console.warn, error: console.error },
    settings: FAST,
  })
  const { url, adminUrl } = server
  await writeFile(join(folder, 'server.json.new'), JSON.stringify({ url, adminUrl }), { mode: 0o600 })
  await rename(join(folder, 'server.json.new'), join(folder, 'server.json'))
  await rm(mark, { force: true })
  await untilUnused(adminUrl)
  // Whoever comes now finds nothing here and starts anew, while this one is taken down elsewhere.
  const gone = `${folder}.gone-${process.pid}`
  await rename(folder, gone)
  await server.stop()
  while (await isTaken(Number(new URL(url).port))) await sleep(20)
  await rm(gone, { recursive: true, force: true, maxRetries: 10 })
  await rm(`${folder}.log`, { force: true })
} finally {
  await rm(mark, { force: true })
}

/** Resolves, with the door shut, once nobody has used the server for a while. */
async function untilUnused(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: 'moorage keeper' })
  client.on('error', () => {})
  await client.connect()
  for (let usedAt = performance.now(); ;) {
    await sleep(500)
    const alone = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [USERS_LOCK])
    if (!alone.rows[0]?.got) usedAt = performance.now()
    else if (performance.now() - usedAt > IDLE_MS) return
    else await client.query('SELECT pg_advisory_unlock($1)', [USERS_LOCK])
  }
}
