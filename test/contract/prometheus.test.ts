import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/child.mjs'
import { newId } from '../../src/lib/ids.ts'
import { createSealer } from '../../src/lib/seal.ts'
import { SEALED_ENDPOINTS } from '../../src/modules/hosts/index.ts'
import { labDatabase } from '../lab/database.ts'
import { promtool } from '../lab/promtool.ts'
import { run } from '../lab/run.ts'
import { eventually, startServer } from '../lab/server.ts'

const FOLDER = join(ROOT, 'deploy/prometheus')
const file = (name: string) => join(FOLDER, name)
const KEYS = `k1:${Buffer.alloc(32, 5).toString('base64')}`

t.test('the rules are what Prometheus takes, and fire when they should', async (t) => {
  if (!existsSync('/etc/debian_version') && process.env.CI !== 'true') return t.plan(0, 'promtool is a Debian package')
  const program = await promtool()
  await run(program, ['check', 'config', file('prometheus.yml')])
  await run(program, ['test', 'rules', file('moorage.test.yml')])
  const rules = parse(readFileSync(file('moorage.rules.yml'), 'utf8')).groups[0].rules as { alert: string }[]
  const tests = readFileSync(file('moorage.test.yml'), 'utf8')
  for (const { alert } of rules) t.match(tests, `alertname: ${alert}\n`, 'each has a test')
})

t.test('every metric and label that a rule names is in the answer of a server', async (t) => {
  const { url: databaseUrl } = await labDatabase(t)
  const server = await startServer({
    databaseUrl,
    env: { MOORAGE_SECRET_KEYS: KEYS, MOORAGE_OBSERVE_SECONDS: '1' },
  })
  t.teardown(() => server.kill('SIGKILL'))
  const client = new pg.Client({ connectionString: databaseUrl })
  // Dropping the database ends the connection.
  client.on('error', () => {})
  await client.connect()
  t.teardown(async () => await client.end())
  const id = newId()
  const endpoint = createSealer(KEYS).seal('{"url":"tcp://127.0.0.1:1"}', SEALED_ENDPOINTS.context([id]))
  await client.query(
    `INSERT INTO hosts (id, name, kind, endpoint, transport, last_seen_at) VALUES ($1, 'h1', 'docker', $2, '{"type":"tcp"}', now())`,
    [id, endpoint],
  )
  await server.request('POST', '/v1/tenants', { body: { name: 'acme' } })
  const spec = { services: { web: { image: 'none' } } }
  await server.request('PUT', '/v1/tenants/acme/apps/shop', { body: { spec } })
  const metrics = await eventually('the host is unreachable', async () => {
    const { body } = await server.request('GET', '/metrics')
    return String(body).includes('status="unreachable"} 1') && String(body)
  })

  const rules = readFileSync(file('moorage.rules.yml'), 'utf8')
  const selectors = [...rules.matchAll(/\b(moorage_[a-z_]+|http_[a-z_]+)(?:\{([^}]*)\})?/g)]
  t.ok(selectors.length > 15)
  for (const [selector, name, matchers = ''] of selectors) {
    const series = metrics.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    t.not(series.length, 0, selector)
    for (const [, label] of matchers.matchAll(/(\w+)[=!]/g))
      t.ok(
        series.every((line) => line.includes(`${label}="`)),
        `${name} has the label ${label}`,
      )
  }
  t.match(metrics, /^moorage_replica_info\{replica="[^"]+",roles="api,worker",version="\d+\.\d+\.\d+",keys="k1"\} 1$/m)
  t.match(metrics, /^moorage_sealed_rows\{table="hosts",key="k1",first="true"\} 1$/m)
  t.match(metrics, /^moorage_operations\{kind="deploy",status="(queued|running)"\} 1$/m)
  t.match(metrics, /^moorage_replica_slots_used\{.*\} [01]$/m)
  t.match(metrics, /^moorage_host_status\{host="h1",kind="docker",status="ready"\} 0$/m)
  t.match(metrics, /^moorage_database_up 1$/m)
  t.match(metrics, /^moorage_tenant_apps\{tenant="acme"\} 1$/m)
  t.notMatch(metrics, KEYS.slice(3))

  await client.query('BEGIN; LOCK TABLE operations')
  const stuck = await fetch(`${server.url}/metrics`)
  const text = await stuck.text()
  await client.query('ROLLBACK')
  t.equal(stuck.status, 200, 'a database that hangs does not keep the answer back')
  t.match(text, /^moorage_database_up 0$/m)
})
