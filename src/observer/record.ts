import type { Tx } from '../db/index.ts'
import type { Observation, Probe } from '../drivers/index.ts'
import { newId } from '../lib/ids.ts'
import { storable } from '../lib/storable-text.ts'

/** The database's clock: what an observation is dated with, before it begins. */
export async function observationTime(tx: Tx): Promise<Date> {
  const rows = await tx.$queryRaw<{ now: Date }[]>`select clock_timestamp() as now`
  return rows[0]?.now ?? new Date()
}

export interface Observed {
  readonly hostId: string
  /** Only this app was looked at. */
  readonly appId?: string
  /** From `observationTime`. */
  readonly since: Date
  readonly observation: Observation
}

/**
 * Makes the tables of instances and objects equal to what was observed. Rows of an observation that began later stay; rows change only
 * where something differs; what carries the id of an app that does not exist is passed over. A list of the whole host
 * brings nothing new of an app that an operation is or was at work on since it began: what the list saw may be gone by now, and
 * the operation looks by itself. One statement.
 */
export async function record(tx: Tx, { hostId, appId, since, observation }: Observed): Promise<void> {
  const instances = JSON.stringify(observation.instances.map((instance) => ({ id: newId(), ...instance })))
  const objects = JSON.stringify(observation.objects)
  await tx.$executeRaw`
    with seen as (
      select r.* from jsonb_to_recordset(${instances}::jsonb) as r(id uuid, "nativeId" text, "appId" uuid, name text, service text, ordinal int,
        "serviceDigest" text, "restartGeneration" int, state text, health text, serving boolean, image text, "imageDigest" text, addresses jsonb,
        ports jsonb, restarts int, "exitCode" int, "startedAt" timestamptz, "createdAt" timestamptz)),
    seen_objects as (
      select r.* from jsonb_to_recordset(${objects}::jsonb) as r(kind text, "nativeId" text, "appId" uuid, name text, key text, subnet text)),
    written as (
      insert into instances as i (id, native_id, host_id, app_id, name, service, ordinal, service_digest, restart_generation, state, health,
        serving, image, image_digest, addresses, ports, restarts, exit_code, started_at, created_at, observed_at, reachable)
      select r.id, r."nativeId", ${hostId}::uuid, a.id, r.name, r.service, r.ordinal, r."serviceDigest", r."restartGeneration", r.state, r.health,
        r.serving, r.image, r."imageDigest", r.addresses, r.ports, r.restarts, r."exitCode", r."startedAt", r."createdAt", ${since}::timestamptz, true
      from seen r join apps a on a.id = r."appId"
      where ${appId ?? null}::uuid is not null
        or exists (select from instances k where k.host_id = ${hostId}::uuid and k.native_id = r."nativeId")
        or not exists (select from operations o where o.app_id = a.id and (o.lease_owner is not null or o.finished_at > ${since}::timestamptz))
      on conflict (host_id, native_id) do update set
        name = excluded.name, state = excluded.state, health = excluded.health, serving = excluded.serving, addresses = excluded.addresses,
        ports = excluded.ports, restarts = excluded.restarts, exit_code = excluded.exit_code, started_at = excluded.started_at,
        image_digest = excluded.image_digest, observed_at = excluded.observed_at, reachable = true
      where i.observed_at <= excluded.observed_at
        and (i.name, i.state, i.health, i.serving, i.addresses, i.ports, i.restarts, i.exit_code, i.started_at, i.image_digest, i.reachable)
          is distinct from (excluded.name, excluded.state, excluded.health, excluded.serving, excluded.addresses, excluded.ports,
            excluded.restarts, excluded.exit_code, excluded.started_at, excluded.image_digest, true)),
    gone as (
      delete from instances where host_id = ${hostId}::uuid and observed_at < ${since}::timestamptz
        and (${appId ?? null}::uuid is null or app_id = ${appId ?? null}::uuid)
        and not exists (select from seen where seen."nativeId" = instances.native_id)),
    written_objects as (
      insert into engine_objects as o (host_id, kind, native_id, app_id, name, key, subnet, observed_at)
      select ${hostId}::uuid, r.kind, r."nativeId", a.id, r.name, r.key, r.subnet, ${since}::timestamptz
      from seen_objects r join apps a on a.id = r."appId"
      where ${appId ?? null}::uuid is not null
        or exists (select from engine_objects k where k.host_id = ${hostId}::uuid and k.native_id = r."nativeId")
        or not exists (select from operations o where o.app_id = a.id and (o.lease_owner is not null or o.finished_at > ${since}::timestamptz))
      on conflict (host_id, kind, native_id) do update set app_id = excluded.app_id, subnet = excluded.subnet, observed_at = excluded.observed_at
      where o.observed_at <= excluded.observed_at and (o.app_id, o.subnet) is distinct from (excluded.app_id, excluded.subnet))
    delete from engine_objects where host_id = ${hostId}::uuid and observed_at < ${since}::timestamptz
      and (${appId ?? null}::uuid is null or app_id = ${appId ?? null}::uuid)
      and not exists (select from seen_objects r where r.kind = engine_objects.kind and r."nativeId" = engine_objects.native_id)`
}

/** The host answered, and is the one that was registered. */
export async function hostAnswered(tx: Tx, hostId: string, probe: Probe): Promise<void> {
  await tx.$executeRaw`
    update hosts set status = 'ready', message = null, last_seen_at = now(), engine_version = ${probe.version},
      capacity = coalesce(${probe.capacity && JSON.stringify(probe.capacity)}::jsonb, capacity), updated_at = case when status = 'ready' then updated_at else now() end
    where id = ${hostId}::uuid`
}

/** The host did not answer as it should: its status, and why. What runs there is not known then. */
export async function hostFailed(
  tx: Tx,
  hostId: string,
  status: 'suspect' | 'unreachable' | 'unknown',
  message: string,
): Promise<void> {
  await tx.$executeRaw`
    update hosts set status = ${status}, message = ${storable(message)}, updated_at = case when status = ${status} then updated_at else now() end
    where id = ${hostId}::uuid`
  if (status !== 'suspect')
    await tx.$executeRaw`update instances set reachable = false where host_id = ${hostId}::uuid and reachable`
}
