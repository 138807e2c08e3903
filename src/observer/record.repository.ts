import { Prisma } from '../db/generated/client.ts'
import { isForeignKeyViolation, isRetryConflict, type Tx } from '../db/index.ts'
import type { Observation, ObservedInstance } from '../drivers/index.ts'
import { newId } from '../lib/ids.ts'

/** The database's clock: what an observation is dated with, before it begins. */
export async function observationTime(tx: Tx): Promise<Date> {
  const rows = await tx.$queryRaw<{ now: Date }[]>`select clock_timestamp() as now`
  return rows[0]?.now ?? new Date()
}

interface OfHost {
  readonly hostId: string
  /** The worker that watches the host: nothing is written once it does not hold it any more. Left out: whoever holds it. */
  readonly holder?: string
}

export interface Observed extends OfHost {
  /** Only this app was looked at. */
  readonly appId?: string
  /** From `observationTime`. */
  readonly since: Date
  readonly observation: Observation
  /** Containers that the engine told of meanwhile: what is new of them is not brought, they may be gone by now. */
  readonly told?: readonly string[]
}

/** One container, looked at because the engine told of it. */
export interface Seen {
  readonly nativeId: string
  /** From `observationTime`. */
  readonly since: Date
  /** null: it is gone. */
  readonly instance: ObservedInstance | null
}

/**
 * Makes the tables of instances and objects equal to what was observed, with an event for each instance that changed. Rows of an observation
 * that began later stay; rows change only where something differs; what carries the id of an app that does not exist is passed over. A list
 * of the whole host brings nothing new of an app that an operation is or was at work on since it began: what the list saw may be gone by
 * now, and the operation looks by itself. One statement; false: the host is another's, and nothing was written.
 */
export async function record(tx: Tx, observed: Observed): Promise<boolean> {
  const { hostId, since, observation, told = [] } = observed
  const appId = observed.appId ?? null
  const objects = JSON.stringify(observation.objects)
  // What an app's own operation looks at is brought as it is.
  const mayBeNew = (host: Prisma.Sql) => Prisma.sql`(${appId}::uuid is not null or exists (${host})
    or not exists (select from operations o where o.app_id = a.id and (o.lease_owner is not null or o.finished_at > ${since}::timestamptz)))`
  return await write(
    tx,
    Prisma.sql`
    ${holding(observed)},
    ${seen(observation.instances.map((instance) => ({ ...instance, since })))},
    seen_objects as (
      select r.* from jsonb_to_recordset(${objects}::jsonb) as r(kind text, "nativeId" text, "appId" uuid, name text, key text, subnet text, state jsonb)
      where exists (select from held)),
    written as (
      ${upsert(
        hostId,
        Prisma.sql`${mayBeNew(KNOWN(hostId))} and (r."nativeId" <> all(${[...told]}::text[]) or exists (${KNOWN(hostId)}))`,
      )}),
    gone as (
      delete from instances i where i.host_id = ${hostId}::uuid and i.observed_at < ${since}::timestamptz and exists (select from held)
        and (${appId}::uuid is null or i.app_id = ${appId}::uuid)
        and not exists (select from seen where seen."nativeId" = i.native_id)
      returning i.*),
    written_objects as (
      insert into engine_objects as o (host_id, kind, native_id, app_id, name, key, subnet, state, observed_at)
      select ${hostId}::uuid, r.kind, r."nativeId", a.id, r.name, r.key, r.subnet, r.state, ${since}::timestamptz
      from seen_objects r join apps a on a.id = r."appId"
      where ${mayBeNew(Prisma.sql`select from engine_objects k where k.host_id = ${hostId}::uuid and k.native_id = r."nativeId"`)}
      order by r.kind, r."nativeId"
      on conflict (host_id, kind, native_id) do update set app_id = excluded.app_id, subnet = excluded.subnet, state = excluded.state,
        observed_at = excluded.observed_at
      where o.observed_at <= excluded.observed_at
        and (o.app_id, o.subnet, o.state) is distinct from (excluded.app_id, excluded.subnet, excluded.state)
      returning 1),
    gone_objects as (
      delete from engine_objects o where o.host_id = ${hostId}::uuid and o.observed_at < ${since}::timestamptz and exists (select from held)
        and (${appId}::uuid is null or o.app_id = ${appId}::uuid)
        and not exists (select from seen_objects r where r.kind = o.kind and r."nativeId" = o.native_id)
      returning 1)
    ${tell(hostId, Prisma.sql`(select count(*) from written_objects) + (select count(*) from gone_objects)`)}`,
  )
}

/**
 * Writes down containers that were looked at one by one, whatever is at work on their apps: the engine tells of each later change too. One that
 * is gone never comes back. One statement; false: the host is another's, and nothing was written.
 */
export async function recordSeen(tx: Tx, host: Required<OfHost>, all: readonly Seen[]): Promise<boolean> {
  const gone = all.flatMap(({ nativeId, instance }) => (instance ? [] : [nativeId]))
  return await write(
    tx,
    Prisma.sql`
    ${holding(host)},
    ${seen(all.flatMap(({ since, instance }) => (instance ? [{ ...instance, since }] : [])))},
    written as (${upsert(host.hostId, Prisma.sql`true`)}),
    gone as (
      delete from instances i where i.host_id = ${host.hostId}::uuid and i.native_id = any(${gone}::text[]) and exists (select from held)
      returning i.*)
    ${tell(host.hostId, Prisma.sql`0`)}`,
  )
}

const ATTEMPTS = 5

/** A statement by itself: a process that is stopped in the middle of one holds no locks. */
async function write(tx: Tx, statement: Prisma.Sql): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const rows = await tx.$queryRaw<{ held: boolean }[]>`with ${statement}`
      return rows[0]?.held ?? false
    } catch (error) {
      // An app that was removed meanwhile, or another who writes the same rows: what it sees of them next is as they left it.
      if (attempt === ATTEMPTS || !(isRetryConflict(error) || isForeignKeyViolation(error))) throw error
    }
  }
}

function holding({ hostId, holder = null as string | null }: { hostId: string; holder?: string | null }): Prisma.Sql {
  return Prisma.sql`held as (
      select from hosts where id = ${hostId}::uuid
        and (${holder}::uuid is null or (observer_id = ${holder}::uuid and observer_until > now())))`
}

function seen(instances: readonly (ObservedInstance & { since: Date })[]): Prisma.Sql {
  const rows = JSON.stringify(instances.map((instance) => ({ id: newId(), ...instance })))
  return Prisma.sql`seen as (
      select r.* from jsonb_to_recordset(${rows}::jsonb) as r(id uuid, since timestamptz, "nativeId" text, "appId" uuid, name text, service text,
        ordinal int, "serviceDigest" text, "restartGeneration" int, state text, health text, serving boolean, image text, "imageDigest" text,
        addresses jsonb, ports jsonb, restarts int, "exitCode" int, "startedAt" timestamptz, "createdAt" timestamptz)
      where exists (select from held))`
}

const KNOWN = (hostId: string): Prisma.Sql =>
  Prisma.sql`select from instances k where k.host_id = ${hostId}::uuid and k.native_id = r."nativeId"`

/** In the order of their ids, as everybody does who writes several. */
function upsert(hostId: string, condition: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`insert into instances as i (id, native_id, host_id, app_id, name, service, ordinal, service_digest, restart_generation, state,
        health, serving, image, image_digest, addresses, ports, restarts, exit_code, started_at, created_at, observed_at, reachable)
      select r.id, r."nativeId", ${hostId}::uuid, a.id, r.name, r.service, r.ordinal, r."serviceDigest", r."restartGeneration", r.state,
        r.health, r.serving, r.image, r."imageDigest", r.addresses, r.ports, r.restarts, r."exitCode", r."startedAt", r."createdAt", r.since, true
      from seen r join apps a on a.id = r."appId"
      where ${condition}
      order by r."nativeId"
      on conflict (host_id, native_id) do update set
        name = excluded.name, state = excluded.state, health = excluded.health, serving = excluded.serving, addresses = excluded.addresses,
        ports = excluded.ports, restarts = excluded.restarts, exit_code = excluded.exit_code, started_at = excluded.started_at,
        image_digest = excluded.image_digest, observed_at = excluded.observed_at, reachable = true
      where i.observed_at <= excluded.observed_at
        and (i.name, i.state, i.health, i.serving, i.addresses, i.ports, i.restarts, i.exit_code, i.started_at, i.image_digest, i.reachable)
          is distinct from (excluded.name, excluded.state, excluded.health, excluded.serving, excluded.addresses, excluded.ports,
            excluded.restarts, excluded.exit_code, excluded.started_at, excluded.image_digest, true)
      returning i.*`
}

/** What `instance.changed` says of a row. */
export const CHANGED = Prisma.sql`jsonb_build_object('id', c.id, 'name', c.name, 'engineState', c.state, 'health', c.health,
  'exitCode', c.exit_code, 'restarts', c.restarts, 'serving', c.serving, 'reachable', c.reachable)`

/**
 * The end of a statement that has `held`, `written` and `gone`: the events of both. They are made once all else is written (`others` is asked
 * for to have it so): `append_events` takes its lock last, or two of these could wait for each other.
 */
function tell(hostId: string, others: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`, told as materialized (
      select jsonb_agg(jsonb_build_object('tenantId', a.tenant_id, 'type', c.type, 'app', a.name, 'host', h.name, 'service', c.service,
        'data', c.data) order by c.name) as items, ${others} as others
      from (
        select c.app_id, c.service, c.name, 'instance.changed' as type, ${CHANGED} as data from written c
        union all
        select c.app_id, c.service, c.name, 'instance.removed', jsonb_build_object('id', c.id, 'name', c.name) from gone c) as c
      join apps a on a.id = c.app_id join hosts h on h.id = ${hostId}::uuid)
    select exists (select from held) as held, case when items is not null and others >= 0 then append_events(items)::text end from told`
}
