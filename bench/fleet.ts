import pg from 'pg'
import { nameId, newId, sha256 } from '../src/lib/ids.ts'
import { createSealer } from '../src/lib/seal.ts'
import { parseCompose, serviceDigest } from '../src/spec/index.ts'

/** Of the servers that read what is seeded. */
export const BENCH_KEYS = `bench:${Buffer.alloc(32, 3).toString('base64')}`
const HOSTS = 10

export interface FleetTenant {
  readonly id: string
  readonly name: string
  /** Of a developer. */
  readonly token: string
  readonly apps: readonly string[]
}

/** An app of two services, as a file that people write; `{n}` makes it another release. */
export const COMPOSE = `services:
  web:
    image: registry.example.com/shop/web:1.4.2
    command: ["serve", "--port", "8080"]
    environment:
      BUILD: "{n}"
      DATABASE_HOST: db
      LOG_LEVEL: info
    ports: ["8080"]
    depends_on:
      db: { condition: service_healthy }
    healthcheck:
      test: ["CMD", "wget", "-qO-", "http://127.0.0.1:8080/healthz"]
      interval: 5s
    deploy:
      replicas: 2
      resources: { limits: { cpus: "0.5", memory: 256M } }
  db:
    image: registry.example.com/shop/db:16
    environment: { MODE: primary }
    volumes: ["data:/var/lib/data"]
    healthcheck: { test: ["CMD", "ready"], interval: 5s }
volumes: { data: {} }
`

/**
 * Tenants with a token each and their apps, spread over ten hosts: deployed, at rest, with a release and its instances. Straight into
 * the tables: this is what the benchmarks find, not what they measure.
 */
export async function seedFleet(url: string, sizes: { tenants: number; apps: number }): Promise<FleetTenant[]> {
  const { spec, digest, notes } = parseCompose({ compose: COMPOSE.replace('{n}', '0') })
  const digests = Object.fromEntries(Object.entries(spec.services).map(([name, one]) => [name, serviceDigest(one)]))
  const sealer = createSealer(BENCH_KEYS)
  const hosts = Array.from({ length: HOSTS }, (_, at) => {
    const id = newId()
    const endpoint = sealer.seal(JSON.stringify({ type: 'tcp', host: '127.0.0.1', port: 1 }), `host:${id}`)
    return { id, name: `host-${at}`, endpoint: Buffer.from(endpoint).toString('hex') }
  })
  const tenants: FleetTenant[] = Array.from({ length: sizes.tenants }, (_, at) => ({
    id: newId(),
    name: `tenant-${at}`,
    token: `mrg_${`bench${at}`.padEnd(40, 'x')}`,
    apps: Array.from({ length: sizes.apps / sizes.tenants }, (_one, nth) => `app-${String(nth).padStart(5, '0')}`),
  }))
  const apps = tenants.flatMap(({ id: tenantId, apps: names }) =>
    names.map((name, at) => ({ id: nameId(tenantId, name), tenantId, name, hostId: hosts[at % HOSTS]?.id })),
  )
  const client = new pg.Client(url)
  await client.connect()
  try {
    const rows = async (sql: string, list: readonly unknown[], ...more: unknown[]): Promise<void> => {
      await client.query(sql, [JSON.stringify(list), ...more])
    }
    await rows(
      `INSERT INTO hosts (id, name, kind, endpoint, transport, status)
       SELECT id, name, 'docker', decode(endpoint, 'hex'), '{"type": "tcp"}', 'ready'
       FROM jsonb_to_recordset($1) AS h(id uuid, name text, endpoint text)`,
      hosts,
    )
    await rows(
      'INSERT INTO tenants (id, name) SELECT id, name FROM jsonb_to_recordset($1) AS t(id uuid, name text)',
      tenants,
    )
    await rows(
      `INSERT INTO tokens (id, tenant_id, name, role, hash, created_by)
       SELECT id, "tenantId", 'bench', 'developer', hash, 'bench'
       FROM jsonb_to_recordset($1) AS k(id uuid, "tenantId" uuid, hash text)`,
      tenants.map(({ id, token }) => ({ id: newId(), tenantId: id, hash: sha256(token) })),
    )
    const appsOf = 'jsonb_to_recordset($1) AS a(id uuid, "tenantId" uuid, name text, "hostId" uuid)'
    const state = { release: 1, replicas: { web: 2, db: 1 }, running: true, restartGeneration: 0 }
    await client.query('BEGIN')
    await rows(
      `INSERT INTO apps (id, tenant_id, name, host_id, last_release, wanted_release, wanted_replicas, good)
       SELECT id, "tenantId", name, "hostId", 1, 1, $2::jsonb -> 'replicas', $2::jsonb FROM ${appsOf}`,
      apps,
      JSON.stringify(state),
    )
    await rows(`INSERT INTO lanes (id, tenant_id, app_id) SELECT id, "tenantId", id FROM ${appsOf}`, apps)
    await rows(
      `INSERT INTO releases (app_id, number, digest, spec, notes, service_digests, created_by, succeeded_at)
       SELECT id, 1, $2, $3::jsonb, $4::jsonb, $5::jsonb, 'bench', now() FROM ${appsOf}`,
      apps,
      digest,
      JSON.stringify(spec),
      JSON.stringify(notes),
      JSON.stringify(digests),
    )
    await rows(
      `INSERT INTO instances (id, native_id, host_id, app_id, name, service, ordinal, service_digest, state, serving, image, observed_at)
       SELECT gen_random_uuid(), md5(a.id::text || n), a."hostId", a.id, a.name || '-' || n, 'web', n, '', 'running', true, 'web', now()
       FROM ${appsOf}, generate_series(1, 2) n`,
      apps,
    )
    await client.query('COMMIT')
    await client.query('ANALYZE')
  } finally {
    await client.end()
  }
  return tenants
}
