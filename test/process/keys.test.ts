import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import t from 'tap'
import { emptyDatabase, type Teardown } from '../lab/database.ts'
import { eventually, startServer } from '../lab/server.ts'
import { tablesDigest } from '../lab/tables.ts'

const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`
const [k1, k2] = [key('k1', 1), key('k2', 2)]

async function database(t: Teardown) {
  const { url } = await emptyDatabase(t)
  const client = new pg.Client({ connectionString: url })
  // Dropping the database ends the connection.
  client.on('error', () => {})
  await client.connect()
  t.teardown(async () => await client.end())
  return { url, client }
}

t.test(
  'replicas that begin at once with the same keys all come up; with other keys none does, and nothing is written',
  async (t) => {
    const { url, client } = await database(t)
    const start = async (keys: string, roles: string) =>
      await startServer({ databaseUrl: url, roles, env: { MOORAGE_SECRET_KEYS: keys } })
    const servers = await Promise.all([start(k1, 'api'), start(k1, 'worker')])
    for (const server of servers) t.equal(await server.stop(), 0)
    const before = await tablesDigest(client)
    for (const [keys, words] of [
      [k2, /was given k2; k1 is missing/],
      [key('k1', 9), /was given k1; k1 has other bytes/],
    ] as const) {
      const folder = await mkdtemp(join(tmpdir(), 'moorage-keys-'))
      t.teardown(async () => await rm(folder, { recursive: true }))
      const env = { DATABASE_URL: url, MOORAGE_SECRET_KEYS: keys, MOORAGE_DATA_DIR: folder, MOORAGE_PORT: '0' }
      const child = spawn(process.execPath, ['src/main.ts'], {
        env: { PATH: process.env.PATH, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const [said, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
      t.equal(code, 1)
      t.match(said, /the server could not start: the sealing keys are not those of this database: it needs k1/)
      t.match(said, words)
      t.notMatch(said + error, /"ready"|\.ts:\d+/)
      for (const secret of [k1, k2, keys]) t.notMatch(said + error, secret.split(':')[1])
      t.same(await readdir(folder), [])
    }
    t.same(await tablesDigest(client), before)
  },
)

t.test('without its key file, the embedded database is not given a new key', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'moorage-keys-'))
  t.teardown(async () => await rm(folder, { recursive: true, maxRetries: 5 }))
  const start = () => {
    const child = spawn(process.execPath, ['src/main.ts'], {
      env: { PATH: process.env.PATH, MOORAGE_DATA_DIR: folder, MOORAGE_PORT: '0', MOORAGE_LOCAL_HOST: 'off' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    // It stops its database with it, where the test broke off.
    t.teardown(async () => {
      if (child.kill('SIGTERM')) await once(child, 'exit')
    })
    return child
  }
  const first = start()
  let said = ''
  first.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await eventually('it is ready', () => said.includes('"ready"'))
  first.kill('SIGTERM')
  await once(first, 'exit')
  await rm(join(folder, 'secret-keys'))
  const second = start()
  const [words, [code]] = await Promise.all([text(second.stdout), once(second, 'exit')])
  t.equal(code, 1)
  t.match(words, /it needs k1 \(1 of installation\), and was given none; k1 is missing/)
  t.notOk((await readdir(folder)).includes('secret-keys'))
})
