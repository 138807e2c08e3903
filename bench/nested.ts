import pg from 'pg'
import { nameId, newId, sha256 } from '../src/lib/ids.ts'
import { parseCompose, serviceDigest } from '../src/spec/index.ts'
import { COMPOSE } from './fleet.ts'

/** What a dashboard asks for: all workloads of a tenant's apps with their instances. */
export const NESTED_QUERY = `query ($tenant: String!) {
  tenant(name: $tenant) {
    apps(first: 50) { edges { node {
      name
      host
      workloads(first: 10) { edges { node {
        service
        host
        desired
        ready
        status
        instances { id name state image restarts startedAt }
      } } }
    } } }
  }
}`

/** The same answer by one statement: the tenant's id is `$1`. As a text, for nobody has to read it on its way. */
export const NESTED_SQL = `
  WITH mine AS (
    SELECT a.id, a.name, h.name AS host, a.wanted_running, a.wanted_replicas, r.spec, r.service_digests
    FROM apps a LEFT JOIN hosts h ON h.id = a.host_id JOIN releases r ON r.app_id = a.id AND r.number = a.wanted_release
    WHERE a.tenant_id = $1 ORDER BY a.name LIMIT 50),
  workloads AS (
    SELECT m.id, json_agg(json_build_object('node', json_build_object(
        'service', s.key, 'host', m.host, 'desired', w.desired, 'ready', i.ready,
        'status', CASE WHEN i.ready >= w.desired THEN 'running' WHEN i.instances IS NULL THEN 'missing' ELSE 'degraded' END,
        'instances', coalesce(i.instances, '[]'))) ORDER BY s.key) AS edges
    FROM mine m CROSS JOIN LATERAL jsonb_object_keys(m.spec -> 'services') AS s(key)
    CROSS JOIN LATERAL (SELECT CASE WHEN m.wanted_running THEN (m.wanted_replicas ->> s.key)::int ELSE 0 END AS desired) w
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE i.state = 'running' AND i.health = 'healthy' AND i.reachable
          AND i.service_digest = m.service_digests ->> s.key AND i.ordinal <= w.desired) AS ready,
        json_agg(json_build_object('id', i.id, 'name', i.name,
          'state', CASE WHEN NOT i.reachable THEN 'unknown' WHEN i.health = 'healthy' THEN 'running' ELSE 'starting' END,
          'image', i.image, 'restarts', i.restarts,
          'startedAt', to_char(i.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY i.ordinal) AS instances
      FROM instances i WHERE i.app_id = m.id AND i.service = s.key) i
    GROUP BY m.id)
  SELECT json_build_object('data', json_build_object('tenant', json_build_object('apps', json_build_object('edges',
    (SELECT json_agg(json_build_object('node', json_build_object('name', m.name, 'host', m.host,
        'workloads', json_build_object('edges', w.edges))) ORDER BY m.name)
      FROM mine m JOIN workloads w USING (id))))))::text AS answer`

export interface NestedTenant {
  readonly name: string
  readonly token: string
}

/** A tenant with so many apps of two services, three instances of each, all of them well. On the hosts that are there. */
export async function seedNested(url: string, apps: number): Promise<NestedTenant> {
  const { spec, digest, notes } = parseCompose({ compose: COMPOSE.replace('{n}', 'nested') })
  const digests = Object.fromEntries(Object.entries(spec.services).map(([name, one]) => [name, serviceDigest(one)]))
  const tenant = { id: newId(), name: 'nested', token: `mrg_${'nested'.padEnd(40, 'x')}` }
  const rows = Array.from({ length: apps }, (_, at) => `app-${String(at).padStart(3, '0')}`).map((name) => ({
    id: nameId(tenant.id, name),
    name,
  }))
  const replicas = Object.fromEntries(Object.keys(spec.services).map((service) => [service, 3]))
  const state = JSON.stringify({ release: 1, replicas, running: true, restartGeneration: 0 })
  const client = new pg.Client(url)
  await client.connect()
  try {
    const { rows: hosts } = await client.query('SELECT id FROM hosts ORDER BY name LIMIT 1')
    const list = JSON.stringify(rows)
    const of = 'jsonb_to_recordset($1) AS a(id uuid, name text)'
    await client.query('BEGIN')
    await client.query('INSERT INTO tenants (id, name) VALUES ($1, $2)', [tenant.id, tenant.name])
    await client.query(
      "INSERT INTO tokens (id, tenant_id, name, role, hash, created_by) VALUES ($1, $2, 'bench', 'viewer', $3, 'bench')",
      [newId(), tenant.id, sha256(tenant.token)],
    )
    await client.query(
      `INSERT INTO apps (id, tenant_id, name, host_id, last_release, wanted_release, wanted_replicas, good)
       SELECT id, $2, name, $3, 1, 1, $4::jsonb -> 'replicas', $4::jsonb FROM ${of}`,
      [list, tenant.id, hosts[0].id, state],
    )
    await client.query(`INSERT INTO lanes (id, tenant_id, app_id) SELECT id, $2, id FROM ${of}`, [list, tenant.id])
    await client.query(
      `INSERT INTO releases (app_id, number, digest, spec, notes, service_digests, created_by, succeeded_at)
       SELECT id, 1, $2, $3::jsonb, $4::jsonb, $5::jsonb, 'bench', now() FROM ${of}`,
      [list, digest, JSON.stringify(spec), JSON.stringify(notes), JSON.stringify(digests)],
    )
    await client.query(
      `INSERT INTO instances (id, native_id, host_id, app_id, name, service, ordinal, service_digest, state, health, serving,
         image, started_at, observed_at)
       SELECT gen_random_uuid(), md5(a.id::text || d.key || n), $2, a.id, a.name || '-' || d.key || '-' || n, d.key, n, d.value,
         'running', 'healthy', true, 'registry.example.com/shop/' || d.key || ':1', date_trunc('second', now()) - interval '1 hour', now()
       FROM ${of}, jsonb_each_text($3::jsonb) d, generate_series(1, 3) n`,
      [list, hosts[0].id, JSON.stringify(digests)],
    )
    await client.query('COMMIT')
    await client.query('ANALYZE')
  } finally {
    await client.end()
  }
  return tenant
}
