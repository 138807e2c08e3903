import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startServer } from '../test/lab/server.ts'
import { recordAccept, toPgbench } from './accept-statements.ts'
import { alternate, type Bench, figure, median, spread } from './bench.ts'
import { durableDatabase } from './database.ts'
import { BENCH_KEYS, COMPOSE, type FleetTenant, seedFleet } from './fleet.ts'
import { runLoad } from './load.ts'
import { findPgbench, pgbench, writeScripts } from './pgbench.ts'
import { scope } from './scope.ts'

const CLIENTS = 32

export const bench: Bench = {
  about: 'PUT of an app with a changed spec at 32 connections, beside pgbench with the same SQL',
  run: async ({ short, note }) =>
    await scope(async (t) => {
      const program = await findPgbench()
      const seconds = short ? 1 : 3
      const url = await durableDatabase(t)
      const tenants = await seedFleet(url, { tenants: 20, apps: short ? 100 : 1000 })
      const reference = { ...(await reworked(url, tenants)), clients: CLIENTS, seconds, url }
      const folder = await mkdtemp(join(tmpdir(), 'moorage-pgbench-'))
      t.teardown(async () => await rm(folder, { recursive: true, force: true }))
      const scripts = await writeScripts(folder, reference.scripts)

      const server = await startServer({ databaseUrl: url, roles: 'api', env: { MOORAGE_SECRET_KEYS: BENCH_KEYS } })
      t.teardown(async () => void (await server.stop()))
      const put = async (measureMs: number, warmMs: number) =>
        await runLoad({
          ...{ port: Number(new URL(server.url).port), connections: CLIENTS, warmMs, measureMs, method: 'PUT' },
          targets: tenants.flatMap(({ name, token, apps }) =>
            apps.map((app) => ({ path: `/v1/tenants/${name}/apps/${app}`, token })),
          ),
          ...{ body: JSON.stringify({ compose: COMPOSE }), keyed: true, expect: 202 },
        })
      await put(1000, short ? 1000 : 4000)

      const p50: number[] = []
      const p99: number[] = []
      const rounds = await alternate(
        short ? 1 : 10,
        async (round) => {
          const { perSecond, p50Ms, p99Ms, maxMs, cpuShare } = await put(seconds * 1000, 300)
          p50.push(p50Ms)
          p99.push(p99Ms)
          const latency = `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(0)} ms`
          note(
            `${round} ours ${perSecond.toFixed(0)}/s, ${latency}, generator ${(cpuShare * 100).toFixed(0)} % of a core`,
          )
          return perSecond
        },
        async (round) => {
          const perSecond = await pgbench(program, { ...reference, scripts })
          note(`${round} pgbench ${perSecond.toFixed(0)}/s`)
          return perSecond
        },
      )
      note(`ours ${spread(rounds.ours, '/s')}, pgbench ${spread(rounds.reference, '/s')}`)
      const [ours, theirs] = [median(rounds.ours), median(rounds.reference)]
      return [
        figure({
          ...{ name: 'accept', unit: '/s', ours, reference: theirs },
          ...{ goal: 'at least 35 % of pgbench', holds: ours >= 0.35 * theirs },
        }),
        figure({
          ...{ name: 'accept p99', unit: 'ms', ours: median(p99), reference: median(p50) },
          ...{ goal: 'at most 10 times its own median', holds: median(p99) <= 10 * median(p50) },
        }),
      ]
    }),
}

/** What one request sends, as pgbench does it. */
async function reworked(url: string, tenants: readonly FleetTenant[]) {
  const [recorded] = tenants
  const name = recorded?.apps[0]
  if (!recorded || name === undefined) throw new Error('there is no app to record')
  const statements = await recordAccept(url, recorded, name)
  const client = new pg.Client(url)
  await client.connect()
  try {
    const { rows: tokens } = await client.query('SELECT tenant_id AS tenant, id, hash FROM tokens')
    const { rows } = await client.query(
      `SELECT a.id, a.name, o.id AS superseded, o.superseded_by AS operation
       FROM apps a JOIN operations o ON o.app_id = a.id AND o.superseded_by IS NOT NULL
       WHERE a.tenant_id = $1 AND a.name = $2`,
      [recorded.id, name],
    )
    const byTenant = new Map(tokens.map(({ tenant, ...token }) => [tenant, token]))
    return toPgbench(statements, { tenants, recorded, app: rows[0], tokens: byTenant })
  } finally {
    await client.end()
  }
}
