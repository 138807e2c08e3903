import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { labDatabase } from '../lab/database.ts'

const KEYS = `k:${Buffer.alloc(32).toString('base64')}`

/** How the server ends that can't start, and all that it says. */
async function start(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: { PATH: process.env.PATH, MOORAGE_LOCAL_HOST: 'off', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code, said: out + err }
}

t.test('bad settings end it with 2, each on a line', async (t) => {
  const { code, said } = await start({ MOORAGE_PORT: 'x', MOORAGE_NONE: '1' })
  t.equal(code, 2)
  t.equal(
    said,
    'moorage: bad settings:\n  MOORAGE_NONE is not a setting; docs/settings.md lists all of them\n  MOORAGE_PORT must be a whole number from 0 to 65535\n',
  )
})

t.test(
  'a port that is taken, an address that is not ours and a folder that is none: which setting to change',
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'moorage-start-'))
    t.teardown(async () => await rm(folder, { recursive: true }))
    const file = join(folder, 'file')
    await writeFile(file, '')
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.teardown(() => void other.close())
    const address = other.address()
    const port = String(typeof address === 'object' ? address?.port : 0)
    const { url } = await labDatabase(t)
    const database = { DATABASE_URL: url, MOORAGE_SECRET_KEYS: KEYS, MOORAGE_DATA_DIR: folder, MOORAGE_ROLES: 'api' }
    for (const [env, words] of [
      [{ ...database, MOORAGE_PORT: port }, `port ${port} of 127.0.0.1 is taken by another program: set MOORAGE_PORT`],
      [{ ...database, MOORAGE_HOST: '192.0.2.1' }, '192.0.2.1 is no address of this machine: set MOORAGE_HOST'],
      [{ MOORAGE_DATA_DIR: file }, `the data folder ${file} can not be used`],
    ] as const) {
      const { code, said } = await start(env)
      t.equal(code, 1)
      t.match(said, `the server could not start: ${words}`)
      t.notMatch(said, /node:net|\.ts:\d+/, 'no stack')
    }
  },
)
