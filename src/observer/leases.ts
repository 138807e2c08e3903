import { CHANNELS, type Tx } from '../db/index.ts'

/** How long a hold on a host lasts on the database's clock, and a worker counts as alive. Both are renewed every BEAT_MS. */
export const LEASE_MS = 8000
export const BEAT_MS = 2000

export interface KnownHost {
  readonly id: string
  readonly name: string
  /** `unix`: only a worker on its machine can reach it. */
  readonly transport: string
  /** Who holds it now; null: nobody. */
  readonly holder: string | null
}

export interface Beat {
  readonly hosts: readonly KnownHost[]
  /** Ids of the workers that are alive. */
  readonly workers: readonly string[]
}

/**
 * Says that this worker is alive, renews its hold on `held` and when those among `answered` were last seen; tells what is there. One
 * statement. A row that somebody has locked just now is passed over until the next beat: it must not keep the others from being renewed.
 */
export async function beat(
  tx: Tx,
  workerId: string,
  { held, answered }: { readonly held: readonly string[]; readonly answered: readonly string[] },
): Promise<Beat> {
  const rows = await tx.$queryRaw<Beat[]>`
    with alive as (update replicas set seen_at = now() where id = ${workerId}::uuid),
    mine as (
      select id from hosts where id = any(${[...held]}::uuid[]) and observer_id = ${workerId}::uuid for no key update skip locked),
    renewed as (
      update hosts h set observer_until = now() + ${LEASE_MS} * interval '1 millisecond',
        last_seen_at = case when h.id = any(${[...answered]}::uuid[]) then now() else h.last_seen_at end
      from mine where h.id = mine.id)
    select
      coalesce((select jsonb_agg(jsonb_build_object('id', id, 'name', name, 'transport', transport ->> 'type',
        'holder', case when observer_id = ${workerId}::uuid or observer_until >= now() then observer_id end)) from hosts), '[]') as hosts,
      coalesce((select jsonb_agg(id) from replicas
        where seen_at > now() - ${LEASE_MS} * interval '1 millisecond' and 'worker' = any(string_to_array(roles, ','))), '[]') as workers`
  return rows[0] ?? { hosts: [], workers: [] }
}

/** Takes those of these hosts that nobody else holds; gives their ids. */
export async function take(tx: Tx, workerId: string, hostIds: readonly string[]): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    with free as (
      select id from hosts where id = any(${[...hostIds]}::uuid[])
        and (observer_id is null or observer_id = ${workerId}::uuid or observer_until < now())
      for no key update skip locked)
    update hosts h set observer_id = ${workerId}::uuid, observer_until = now() + ${LEASE_MS} * interval '1 millisecond'
    from free where h.id = free.id returning h.id`
  return rows.map(({ id }) => id)
}

/** Gives hosts up (all that this worker has, where none are named), and tells the other workers. */
export async function letGo(tx: Tx, workerId: string, hostIds: readonly string[] | null): Promise<void> {
  await tx.$queryRaw`
    with free as (
      update hosts set observer_id = null, observer_until = null
      where observer_id = ${workerId}::uuid and (${hostIds === null} or id = any(${[...(hostIds ?? [])]}::uuid[])) returning id)
    select pg_notify(${CHANNELS.host}, '')::text from (select count(*) as hosts from free) as f where f.hosts > 0`
}
