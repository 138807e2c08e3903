import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { alternate, type Bench, figure, type Figure, median, type Rounds } from './bench.ts'
import { bareQueue } from './bare-queue.ts'
import { benchServer } from './database.ts'
import { IMAGES } from '../test/lab/images.ts'
import { parseCompose } from '../src/spec/index.ts'
import { ended, type LabServer } from '../test/lab/server.ts'
import { must, percentile, Scene } from '../test/prove/scene.ts'

const ROUNDS = 100
const QUEUED = 10_000
const GOAL_MS = 10
const SETTLE_MS = 50

/** A deploy of a new app: it is placed, gets a subnet, its host is looked at, and its first step is its network. */
const SPEC = { services: { web: { image: IMAGES.web1, pull_policy: 'never', scale: 0 } } }

/** A row that nobody touches again says by its transaction when an operation was accepted. */
const COMMITS = `
  create table bench_commits (id uuid primary key);
  create function bench_note_commit() returns trigger language plpgsql as
    $$ begin insert into bench_commits values (new.id); return new; end $$;
  create trigger bench_note_commit after insert on operations for each row execute function bench_note_commit()`

/**
 * Deploys of twenty tenants' apps on a host that is away: of each app one operation that waits to be tried again, and behind it ten
 * that are queued, as requests write them.
 */
const ELSEWHERE = `
  with host as (
    insert into hosts (id, name, kind, endpoint, transport, status, observer_id, observer_until)
    values (gen_random_uuid(), 'away', 'docker', '', '{"type":"tcp","address":"192.0.2.1:2375"}', 'unreachable', gen_random_uuid(), now() + interval '1 day')
    returning id),
  tenant as (
    insert into tenants (id, name) select gen_random_uuid(), 'tenant-' || n from generate_series(1, 20) n returning id),
  numbered as (select id, row_number() over () as nth from tenant),
  app as (
    insert into apps (id, tenant_id, name, host_id, last_release, wanted_release, wanted_version)
    select gen_random_uuid(), t.id, 'app-' || n, host.id, 10, 10, 10 from generate_series(1, $1::int) n
    join numbered t on t.nth = 1 + n % 20, host returning id, tenant_id, name),
  release as (
    insert into releases (app_id, number, digest, spec, service_digests, created_by)
    select app.id, n, md5(app.id::text || n), $2::jsonb, '{}', 'bench' from app, generate_series(1, 10) n),
  numbers as (select app.*, uuidv7() as running from app),
  lane as (
    insert into lanes (id, tenant_id, app_id, running_op) select id, tenant_id, id, running from numbers returning id),
  waits as (
    insert into operations (id, lane_id, tenant_id, app_id, app_name, kind, status, reason, release, patch, wanted_version, requested_by,
      started_at, progress_at, attempts, next_attempt_at)
    select a.running, a.id, a.tenant_id, a.id, a.name, 'deploy', 'running', 'backoff', 1, '{"release":1}', 1, 'bench', now(), now(), 1, now() + interval '1 day'
    from numbers a)
  insert into operations (id, lane_id, tenant_id, app_id, app_name, kind, release, patch, wanted_version, requested_by)
  select uuidv7(), a.id, a.tenant_id, a.id, a.name, 'deploy', n, jsonb_build_object('release', n), n, 'bench'
  from numbers a, generate_series(2, 11) n`

export const bench: Bench = {
  about: 'from the commit of what accepts a deploy until its first step starts, beside a minimal claim loop',
  run: async ({ short, note }) =>
    await Scene.run(async (scene) => {
      const { databaseUrl, server, db } = await benchServer(scene)
      await db.query(COMMITS)
      const bare = await bareQueue(scene, databaseUrl)
      let nth = 0
      const measure = async (rounds: number): Promise<Rounds> =>
        await alternate(
          rounds,
          async () => await ourWait(server, db, `bench-${++nth}`),
          async () => await bare.measure(++nth),
        )
      await measure(short ? 1 : 10)
      const idle = await measure(short ? 1 : ROUNDS)
      note('idle is measured')
      const count = short ? 100 : QUEUED
      await queueElsewhere(db, count)
      await bare.fill(count)
      const behind = await measure(short ? 1 : ROUNDS)
      return figures(idle, behind)
    }),
}

function figures(idle: Rounds, behind: Rounds): Figure[] {
  const idleMs = median(idle.ours)
  const of = (
    name: string,
    goal: string,
    limitMs: number,
    measure: (values: readonly number[]) => number,
    rounds: Rounds,
  ) => {
    const ours = measure(rounds.ours)
    return figure({ name, unit: 'ms', ours, reference: measure(rounds.reference), goal, holds: ours <= limitMs })
  }
  const p99 = (values: readonly number[]): number => percentile(values, 0.99)
  return [
    of('queue idle, p50', `≤ ${GOAL_MS} ms`, GOAL_MS, median, idle),
    of('queue idle, p99', '≤ 10 × the median', 10 * idleMs, p99, idle),
    of('queue 10,000 queued, p50', '≤ 2 × idle', 2 * idleMs, median, behind),
    of('queue 10,000 queued, p99', '≤ 10 × the median', 10 * median(behind.ours), p99, behind),
  ]
}

/** Deploys a new app, and says how long after the commit its first step started, by the database's clock; then takes it away. */
async function ourWait(server: LabServer, db: pg.Client, app: string): Promise<number> {
  const { operation } = await must(server, 'PUT', `/v1/tenants/acme/apps/${app}`, { spec: SPEC })
  // A request that waits would be at work in the same process just then.
  await sleep(SETTLE_MS)
  const { status, error } = await ended(server, operation)
  if (status !== 'succeeded') throw new Error(`the deploy of ${app} ended ${status}: ${JSON.stringify(error)}`)
  const { rows } = await db.query<{ ms: number }>(
    `select extract(epoch from min(s.started_at) - pg_xact_commit_timestamp(l.xmin))::float8 * 1000 as ms
     from operations o join steps s on s.operation_id = o.id join bench_commits l on l.id = o.id where o.id = $1 group by l.xmin`,
    [operation.id],
  )
  await ended(server, (await must(server, 'DELETE', `/v1/tenants/acme/apps/${app}`)).operation)
  return rows[0]?.ms ?? Number.NaN
}

async function queueElsewhere(db: pg.Client, count: number): Promise<void> {
  const { spec } = parseCompose({ spec: SPEC })
  await db.query(ELSEWHERE, [count / 10, JSON.stringify(spec)])
  await db.query('analyze')
}
