/**
 * A server of three routes that `bench read` holds ours against: Fastify and `pg` alone, the token looked up for each request as ours
 * does, and one prepared statement a route. Takes the database's address in BENCH_DATABASE_URL, and says its port on stdout.
 */
import fastify from 'fastify'
import { createHash } from 'node:crypto'
import pg from 'pg'
import { NESTED_SQL } from './nested.ts'

const TOKEN = `
  SELECT k.role, k.tenant_id AS "tenantId", t.name AS tenant FROM tokens k JOIN tenants t ON t.id = k.tenant_id
  WHERE k.hash = $1 AND (k.expires_at IS NULL OR k.expires_at > now())`
const COLUMNS = `
  SELECT a.id, a.name, a.labels, h.name AS host, a.wanted_version AS version, a.wanted_release AS release,
    a.wanted_replicas AS replicas, a.wanted_running AS running, a.wanted_restart_generation AS "restartGeneration",
    a.good ->> 'release' AS "currentRelease", a.removing, a.created_at AS "createdAt", a.updated_at AS "updatedAt"
  FROM apps a LEFT JOIN hosts h ON h.id = a.host_id`
const ONE = `${COLUMNS} WHERE a.tenant_id = $1 AND a.name = $2`
const PAGE = `${COLUMNS} WHERE a.tenant_id = $1 ORDER BY a.name LIMIT $2`

const text = { type: 'string' } as const
const number = { type: 'integer' } as const
const App = {
  type: 'object',
  properties: {
    ...{ id: text, tenant: text, name: text, host: { ...text, nullable: true }, version: number },
    labels: { type: 'object', additionalProperties: text },
    wanted: {
      type: 'object',
      properties: {
        release: { ...number, nullable: true },
        replicas: { type: 'object', additionalProperties: number },
        running: { type: 'boolean' },
        restartGeneration: number,
      },
    },
    currentRelease: { ...number, nullable: true },
    removing: { type: 'boolean' },
    ...{ createdAt: text, updatedAt: text },
  },
} as const
const Page = {
  type: 'object',
  properties: { items: { type: 'array', items: App }, nextCursor: { ...text, nullable: true } },
} as const

const pool = new pg.Pool({ connectionString: process.env.BENCH_DATABASE_URL, max: 20 })
const app = fastify()

async function tenantOf(authorization: string | undefined, name: string): Promise<{ id: string; name: string } | null> {
  const hash = createHash('sha256')
    .update(authorization?.slice('Bearer '.length) ?? '')
    .digest('hex')
  const { rows } = await pool.query({ name: 'token', text: TOKEN, values: [hash] })
  return rows[0]?.tenant === name ? { id: rows[0].tenantId, name } : null
}

function appOf({ release, replicas, running, restartGeneration, ...row }: Record<string, unknown>, tenant: string) {
  return { ...row, tenant, wanted: { release, replicas, running, restartGeneration } }
}

app.get<{ Params: { tenant: string }; Querystring: { limit: number } }>(
  '/v1/tenants/:tenant/apps',
  { schema: { querystring: { type: 'object', properties: { limit: number } }, response: { 200: Page } } },
  async ({ headers, params, query: { limit } }, reply) => {
    const tenant = await tenantOf(headers.authorization, params.tenant)
    if (!tenant) return await reply.code(401).send()
    const { rows } = await pool.query({ name: 'page', text: PAGE, values: [tenant.id, limit + 1] })
    const items = rows.slice(0, limit).map((row) => appOf(row, tenant.name))
    const cursor = JSON.stringify({ name: items.at(-1) && rows[limit - 1].name })
    return { items, nextCursor: rows.length > limit ? Buffer.from(cursor).toString('base64url') : null }
  },
)

app.get<{ Params: { tenant: string; app: string } }>(
  '/v1/tenants/:tenant/apps/:app',
  { schema: { response: { 200: App } } },
  async ({ headers, params }, reply) => {
    const tenant = await tenantOf(headers.authorization, params.tenant)
    if (!tenant) return await reply.code(401).send()
    const { rows } = await pool.query({ name: 'one', text: ONE, values: [tenant.id, params.app] })
    return rows[0] ? appOf(rows[0], tenant.name) : await reply.code(404).send()
  },
)

app.post<{ Body: { variables: { tenant: string } } }>('/graphql', async ({ headers, body }, reply) => {
  const tenant = await tenantOf(headers.authorization, body.variables.tenant)
  if (!tenant) return await reply.code(401).send()
  const { rows } = await pool.query({ name: 'nested', text: NESTED_SQL, values: [tenant.id] })
  return await reply.type('application/json; charset=utf-8').send(rows[0].answer)
})

process.stdout.write(`${new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port}\n`)
