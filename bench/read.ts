import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import { fileURLToPath } from 'node:url'
import { request, startServer } from '../test/lab/server.ts'
import type { Teardown } from '../test/lab/database.ts'
import { alternate, type Bench, type Figure, figure, median, spread } from './bench.ts'
import { durableDatabase } from './database.ts'
import { BENCH_KEYS, type FleetTenant, seedFleet } from './fleet.ts'
import { type Load, runLoad } from './load.ts'
import { NESTED_QUERY, type NestedTenant, seedNested } from './nested.ts'
import { scope } from './scope.ts'

const APPS = 10_000
/** As in the image. */
const NODE_ENV = 'production'

export const bench: Bench = {
  about: 'GET of one app and of 50 of 10,000, and a nested GraphQL query, beside Fastify with one hand-written query',
  run: async ({ short, note }) =>
    await scope(async (t) => {
      const url = await durableDatabase(t)
      const [tenant] = await seedFleet(url, { tenants: 2, apps: 2 * (short ? 100 : APPS) })
      if (!tenant) throw new Error('there is no tenant')
      const nested = await seedNested(url, 50)
      const server = await startServer({
        databaseUrl: url,
        roles: 'api',
        env: { MOORAGE_SECRET_KEYS: BENCH_KEYS, NODE_ENV },
      })
      t.teardown(async () => void (await server.stop()))
      const ports = { ours: Number(new URL(server.url).port), reference: await startReference(t, url) }
      const figures: Figure[] = []
      for (const { name, ...question } of questionsOf(tenant, nested)) {
        await requireEqual(ports, question)
        const load = (port: number): Load => ({
          ...{ ...question, port, connections: 32, keyed: false, expect: 200 },
          ...{ warmMs: short ? 500 : 300, measureMs: short ? 500 : 1500 },
        })
        if (!short) for (const port of Object.values(ports)) await runLoad({ ...load(port), warmMs: 1000 })
        const measure = (side: keyof typeof ports) => async (round: number) => {
          const { perSecond, p50Ms, p99Ms, cpuShare } = await runLoad(load(ports[side]))
          const latency = `p50 ${p50Ms?.toFixed(1)} ms, p99 ${p99Ms?.toFixed(1)} ms`
          note(
            `${name} ${round} ${side} ${perSecond.toFixed(0)}/s, ${latency}, generator ${(cpuShare * 100).toFixed(0)} %`,
          )
          return perSecond
        }
        const rounds = await alternate(short ? 1 : 10, measure('ours'), measure('reference'))
        note(`${name}: ours ${spread(rounds.ours, '/s')}, reference ${spread(rounds.reference, '/s')}`)
        const [ours, reference] = [median(rounds.ours), median(rounds.reference)]
        figures.push(
          figure({ name, unit: '/s', ours, reference, goal: 'at least 50 %', holds: ours >= 0.5 * reference }),
        )
      }
      return figures
    }),
}

type Question = Pick<Load, 'method' | 'body' | 'targets'>

function questionsOf({ name, apps, token }: FleetTenant, nested: NestedTenant): (Question & { name: string })[] {
  const get = { method: 'GET', body: null }
  const query = JSON.stringify({ query: NESTED_QUERY, variables: { tenant: nested.name } })
  return [
    { ...get, name: 'read one', targets: apps.map((app) => ({ path: `/v1/tenants/${name}/apps/${app}`, token })) },
    { ...get, name: 'read 50', targets: [{ path: `/v1/tenants/${name}/apps?limit=50`, token }] },
    { method: 'POST', body: query, name: 'read nested', targets: [{ path: '/graphql', token: nested.token }] },
  ]
}

/** A reference that answers something else is none. */
async function requireEqual(
  ports: { readonly ours: number; readonly reference: number },
  { method, body, targets: [target] }: Question,
): Promise<void> {
  if (!target) throw new Error('nothing is asked')
  const { path, token } = target
  const answer = async (port: number): Promise<unknown> =>
    (
      await request(`http://127.0.0.1:${port}`, method, path, {
        token,
        ...(body !== null && { body: JSON.parse(body) }),
      })
    ).body
  if (!isDeepStrictEqual(await answer(ports.ours), await answer(ports.reference)))
    throw new Error(`the reference answers ${path} with another body`)
}

async function startReference(t: Teardown, url: string): Promise<number> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('read-reference.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, BENCH_DATABASE_URL: url, NODE_ENV },
  })
  t.teardown(async () => {
    const gone = once(child, 'exit')
    if (child.kill('SIGKILL')) await gone
  })
  const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  const port = Number(line)
  if (!(port > 0)) throw new Error('the reference did not start')
  return port
}
