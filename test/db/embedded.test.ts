import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import t from 'tap'
import { startEmbedded, type Embedded } from '../../src/db/embedded.ts'
import { findPostmaster, stopPostmaster } from '../../src/db/postmaster.ts'
import { quiet, type Teardown } from '../lab/database.ts'

const HOLDER = fileURLToPath(new URL('embedded-holder.ts', import.meta.url))
const WAIT_MS = 30_000

/** A data folder, and at the end nothing that runs on it. */
async function dataFolder(t: Teardown, ...below: string[]): Promise<string> {
  const top = await mkdtemp(join(tmpdir(), 'moorage-embedded-'))
  await chmod(top, 0o711)
  const dataDir = join(top, ...below)
  t.teardown(async () => {
    const server = await findPostmaster(join(dataDir, 'postgres'))
    if (server) await stopPostmaster(join(dataDir, 'postgres'), server.pid)
    await rm(top, { recursive: true, force: true, maxRetries: 5 })
  })
  return dataDir
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat()
  } finally {
    client.end().catch(() => {})
  }
}

async function until<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  for (const deadline = performance.now() + WAIT_MS; ;) {
    const found = await look()
    if (found) return found
    if (performance.now() > deadline) throw new Error('it did not come')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Starts a process that holds an embedded Postgres; resolves with what it said. */
async function hold(t: Teardown, dataDir: string): Promise<{ child: ChildProcess; url?: string; error?: string }> {
  const child = spawn(process.execPath, [HOLDER, dataDir], { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
  t.teardown(() => void child.kill('SIGKILL'))
  const [line] = (await once(createInterface(child.stdout), 'line', { signal: AbortSignal.timeout(WAIT_MS) })) as [
    string,
  ]
  return { child, ...(JSON.parse(line) as { url?: string; error?: string }) }
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

const start = (dataDir: string): Promise<Embedded> => startEmbedded({ dataDir, log: quiet })
const pidOf = async (dataDir: string) => (await findPostmaster(join(dataDir, 'postgres')))?.pid ?? null

t.test('what is written is there after a stop, at the same address, and nobody else may read it', async (t) => {
  const dataDir = await dataFolder(t, 'data')
  const first = await start(dataDir)
  await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS one')
  t.same(await query(first.url, `SELECT current_setting('fsync'), current_setting('listen_addresses')`), [
    'on',
    '127.0.0.1',
  ])
  t.same(await query(first.url, 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user'), [false])
  await t.rejects(query(first.url.replace(/:[0-9a-f]+@/, ':wrong@'), 'SELECT 1'), { code: '28P01' })
  await first.stop()
  t.equal(await pidOf(dataDir), null)
  const second = await start(dataDir)
  t.equal(second.url, first.url)
  t.same(await query(second.url, 'SELECT one FROM kept'), [1])
  await second.stop()
  t.same((await readdir(dataDir)).toSorted(), ['postgres', 'postgres.log'])
  t.equal((await stat(join(dataDir, 'postgres'))).mode & 0o777, 0o700)
})

t.test('a second server on the same folder is refused, and does the first no harm', async (t) => {
  const dataDir = await dataFolder(t)
  const first = await hold(t, dataDir)
  await t.rejects(start(dataDir), {
    name: 'EmbeddedPostgresError',
    message: new RegExp(`in use by another server \\(pid ${first.child.pid}\\)`),
  })
  t.same(await query(first.url ?? '', 'SELECT 1'), [1])
  const ended = once(first.child, 'exit')
  first.child.stdin?.end()
  await ended
  t.equal(await pidOf(dataDir), null)
})

t.test('of several that start at once on a new folder one wins, the others are refused', async (t) => {
  const dataDir = await dataFolder(t)
  const all = await Promise.all([hold(t, dataDir), hold(t, dataDir), hold(t, dataDir)])
  const winners = all.filter(({ url }) => url)
  t.equal(winners.length, 1)
  for (const { error } of all.filter(({ url }) => !url)) t.match(error, /in use by another server/)
  t.same(await query(winners[0]?.url ?? '', 'SELECT 1'), [1])
})

t.test('neither Ctrl-C nor kill -9 of its server ends Postgres, and the next server takes it over', async (t) => {
  const dataDir = await dataFolder(t)
  const first = await hold(t, dataDir)
  const pid = await pidOf(dataDir)
  process.kill(-(first.child.pid ?? 0), 'SIGINT')
  await kill(first.child, 'SIGKILL')
  t.same(await query(first.url ?? '', 'SELECT 1'), [1])
  const next = await start(dataDir)
  t.equal(next.url, first.url)
  t.equal(await pidOf(dataDir), pid)
  await next.stop()
  t.equal(await pidOf(dataDir), null)
})

t.test('what a power cut leaves, with a pid that another process has now, is started again', async (t) => {
  const dataDir = await dataFolder(t)
  const first = await hold(t, dataDir)
  await query(first.url ?? '', 'CREATE TABLE kept AS SELECT 1 AS one')
  const pidFile = join(dataDir, 'postgres', 'postmaster.pid')
  const lines = (await readFile(pidFile, 'utf8')).split('\n')
  await kill(first.child, 'SIGKILL')
  process.kill((await pidOf(dataDir)) ?? 0, 'SIGKILL')
  await until(async () => (await pidOf(dataDir)) === null)
  await writeFile(pidFile, [process.pid, ...lines.slice(1)].join('\n'))
  const next = await start(dataDir)
  t.same(await query(next.url, 'SELECT one FROM kept'), [1])
  await next.stop()
})

t.test('a Postgres that is killed comes back at the same address', async (t) => {
  const dataDir = await dataFolder(t)
  const embedded = await start(dataDir)
  await query(embedded.url, 'CREATE TABLE kept AS SELECT 1 AS one')
  const pid = await pidOf(dataDir)
  process.kill(pid ?? 0, 'SIGKILL')
  const rows = await until(() => query(embedded.url, 'SELECT one FROM kept').catch(() => null))
  t.same(rows, [1])
  t.not(await pidOf(dataDir), pid)
  await embedded.stop()
  t.equal(await pidOf(dataDir), null)
})

t.test('a taken port is exchanged for a free one', async (t) => {
  const dataDir = await dataFolder(t)
  const first = await start(dataDir)
  await first.stop()
  const port = Number(new URL(first.url).port)
  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => void other.close())
  const second = await start(dataDir)
  t.not(new URL(second.url).port, String(port))
  t.same(await query(second.url, 'SELECT 1'), [1])
  await second.stop()
})

t.test('a folder below one that is closed to others works', async (t) => {
  const dataDir = await dataFolder(t, 'closed', 'data')
  await mkdir(join(dataDir, '..'))
  await chmod(join(dataDir, '..'), 0o700)
  for (const attempt of [1, 2]) {
    const embedded = await start(dataDir)
    t.same(await query(embedded.url, 'SELECT 1'), [1], `start ${attempt}`)
    await embedded.stop()
    t.equal(await pidOf(dataDir), null)
  }
})

t.test('a copy of a folder in use does not take over the original', async (t) => {
  const [original, copy] = [await dataFolder(t), await dataFolder(t)]
  const embedded = await start(original)
  await cp(original, copy, { recursive: true, force: true, preserveTimestamps: true })
  t.ok(await pidOf(original))
  t.equal(await pidOf(copy), null)
  t.same(await query(embedded.url, 'SELECT 1'), [1])
  await embedded.stop()
})

t.test('a folder that is not ours is left alone', async (t) => {
  const dataDir = await dataFolder(t)
  await mkdir(join(dataDir, 'postgres'))
  await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '12\n')
  await t.rejects(start(dataDir), { name: 'EmbeddedPostgresError', message: /not a data folder that Moorage made/ })
  t.same(await readdir(join(dataDir, 'postgres')), ['PG_VERSION'])
})
