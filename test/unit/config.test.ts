import { join } from 'node:path'
import t from 'tap'
import { ConfigError, loadConfig } from '../../src/config.ts'

const KEY = Buffer.alloc(32, 1).toString('base64')

/** The lines of what the settings are refused with; none where they are taken. */
function problems(env: Record<string, string>): string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n  ').slice(1)
    throw error
  }
}

t.test('nothing set is as good as everything empty', async (t) => {
  t.match(loadConfig({}), { databaseUrl: null, host: '127.0.0.1', port: 7080, logLevel: 'info', workerSlots: 32 })
  t.same(loadConfig({ MOORAGE_PORT: '', DATABASE_URL: '' }), loadConfig({}))
})

t.test('every bad setting is named at once, with what it must be, and never with its value', async (t) => {
  const bad = {
    DATABASE_URL: 'mysql://secret',
    MOORAGE_PORT: '70000',
    MOORAGE_ROLES: 'secret',
    MOORAGE_ADMIN_TOKEN: 'secret',
    MOORAGE_SECRET_KEYS: 'secret',
    MOORAGE_LOCAL_HOST: 'secret',
    MOORAGE_DOCKER_SUBNETS: 'secret',
    MOORAGE_LOG_LEVEL: 'secret',
    MOORAGE_WORKER_SLOTS: 'secret',
    MOORAGE_STATS_KEEP: 'secret',
    MOORAGE_OBSERVE_SECONDS: '1.5',
    MOORAGE_RESYNC_SECONDS: '0',
    MOORAGE_PROT: '1',
  }
  const found = problems(bad)
  for (const name of Object.keys(bad)) {
    const lines = found.filter((line) => line.startsWith(`${name} `))
    t.ok(lines.length > 0, name)
    t.notMatch(lines.join(), /secret\b|pattern|constant/)
  }
  t.ok(found.includes('MOORAGE_OBSERVE_SECONDS must be a whole number from 1 to 3600'))
  t.ok(found.includes('MOORAGE_LOCAL_HOST must be one of auto, off'))
})

t.test('a database of our own choosing needs sealing keys, each id once', async (t) => {
  const DATABASE_URL = 'postgres://moorage@db/moorage'
  t.match(problems({ DATABASE_URL }), [/^MOORAGE_SECRET_KEYS must be set where DATABASE_URL is/])
  t.same(problems({ DATABASE_URL, MOORAGE_SECRET_KEYS: `a:${KEY},b:${KEY}` }), [])
  t.same(problems({ DATABASE_URL, MOORAGE_SECRET_KEYS: `a:${KEY},a:${KEY}` }), [
    'MOORAGE_SECRET_KEYS must have each id once',
  ])
})

t.test('what tenants may have called beside the public internet is blocks and single addresses', async (t) => {
  const bad = [/^MOORAGE_OUTBOUND_ALLOW must be addresses or blocks/]
  t.same(loadConfig({}).outboundAllow, [])
  t.same(loadConfig({ MOORAGE_OUTBOUND_ALLOW: '10.1.0.0/16, fd00::/8,192.168.0.7' }).outboundAllow, [
    '10.1.0.0/16',
    'fd00::/8',
    '192.168.0.7',
  ])
  for (const MOORAGE_OUTBOUND_ALLOW of ['example.com', '10.0.0.0/33', '10.0.0.0/8;10.1.0.0/16', '*', 'localhost'])
    t.match(problems({ MOORAGE_OUTBOUND_ALLOW }), bad, MOORAGE_OUTBOUND_ALLOW)
})

t.test('what Kubernetes injects beside a Service of the same name is no setting', async (t) => {
  t.same(
    problems({
      MOORAGE_PORT: 'tcp://10.0.0.1:7080',
      MOORAGE_SERVICE_HOST: '10.0.0.1',
      MOORAGE_PORT_7080_TCP_ADDR: '10.0.0.1',
    }),
    [],
  )
})

t.test('every secret may stand in a file, without the newlines at its end', async (t) => {
  const folder = t.testdir({
    url: 'postgres://moorage:word@db/moorage\n',
    token: `mrg_${'a'.repeat(40)}\r\n`,
    keys: `a:${KEY}`,
  })
  const config = loadConfig({
    DATABASE_URL_FILE: join(folder, 'url'),
    MOORAGE_ADMIN_TOKEN_FILE: join(folder, 'token'),
    MOORAGE_SECRET_KEYS_FILE: join(folder, 'keys'),
  })
  t.match(config, {
    databaseUrl: 'postgres://moorage:word@db/moorage',
    adminToken: `mrg_${'a'.repeat(40)}`,
    secretKeys: `a:${KEY}`,
  })
  t.same(problems({ DATABASE_URL_FILE: '' }), [], 'an empty one counts as unset')
})

t.test('a bad file of a secret is named with its setting, and nothing of what is in it', async (t) => {
  const folder = t.testdir({ empty: '\n', bad: 'mysql://secret\n' })
  const [empty, bad, none] = ['empty', 'bad', 'none'].map((name) => join(folder, name)) as [string, string, string]
  t.same(problems({ DATABASE_URL_FILE: none }), ['DATABASE_URL_FILE names a file that can not be read (ENOENT)'])
  t.same(problems({ DATABASE_URL_FILE: folder }), ['DATABASE_URL_FILE names a file that can not be read (EISDIR)'])
  t.notMatch(problems({ DATABASE_URL_FILE: 'postgres://me:hunter2@db/app' }).join(), /hunter2/, 'nor itself a secret')
  t.same(problems({ DATABASE_URL: 'postgres://db', MOORAGE_SECRET_KEYS_FILE: empty }), [
    `MOORAGE_SECRET_KEYS_FILE names ${empty}, which is empty`,
  ])
  t.same(problems({ DATABASE_URL_FILE: bad, MOORAGE_SECRET_KEYS: `a:${KEY}` }), [
    `DATABASE_URL (in ${bad}) must be like postgres://user:password@host:5432/database`,
  ])
  t.same(problems({ MOORAGE_ADMIN_TOKEN: `mrg_${'a'.repeat(40)}`, MOORAGE_ADMIN_TOKEN_FILE: bad }), [
    'MOORAGE_ADMIN_TOKEN and MOORAGE_ADMIN_TOKEN_FILE are both set: keep one of them',
  ])
  t.same(
    problems({ MOORAGE_PORT_FILE: bad }),
    ['MOORAGE_PORT_FILE is not a setting; docs/settings.md lists all of them'],
    'what is no secret has none',
  )
})
