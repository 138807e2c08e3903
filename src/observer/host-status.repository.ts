import { CHANGED } from './record.repository.ts'
import { Prisma } from '../db/generated/client.ts'
import type { Tx } from '../db/index.ts'
import type { Probe } from '../drivers/index.ts'
import { storable } from '../lib/storable-text.ts'

interface OfHost {
  readonly hostId: string
  /** The worker that looked: nothing is written where another one holds the host. */
  readonly workerId: string
}

/** The host answered, and is the one that was registered. An event where its status was another. One statement. */
export async function hostAnswered(tx: Tx, host: OfHost, probe: Probe): Promise<void> {
  await tx.$queryRaw`
    with ${before(host)},
    changed as (
      update hosts h set status = 'ready', message = null, last_seen_at = now(), engine_version = ${probe.version},
        capacity = coalesce(${probe.capacity && JSON.stringify(probe.capacity)}::jsonb, h.capacity),
        facts = coalesce(${probe.facts === null ? null : JSON.stringify(probe.facts)}::jsonb, h.facts),
        updated_at = case when before.status = 'ready' then h.updated_at else now() end
      from before where h.id = before.id returning h.name, h.status, h.message, before.status as was),
    ${TOLD}
    select append_events(items)::text from told where items is not null`
}

/**
 * The host did not answer as it should: its status, and why. What runs there is not known then (but while it is merely `suspect`). Writes,
 * and makes events, only where something is another than it was. One statement.
 */
export async function hostFailed(
  tx: Tx,
  host: OfHost,
  status: 'suspect' | 'unreachable' | 'unknown',
  message: string,
): Promise<void> {
  await tx.$queryRaw`
    with ${before(host)},
    changed as (
      update hosts h set status = ${status}, message = ${storable(message)},
        updated_at = case when before.status = ${status} then h.updated_at else now() end
      from before where h.id = before.id and (before.status, before.message) is distinct from (${status}, ${storable(message)})
      returning h.name, h.status, h.message, before.status as was),
    lost as (
      update instances i set reachable = false from before
      where i.host_id = before.id and i.reachable and ${status} <> 'suspect' returning i.*, before.name as host),
    ${TOLD},
    lost_told as materialized (
      select jsonb_agg(jsonb_build_object('tenantId', a.tenant_id, 'type', 'instance.changed', 'app', a.name, 'host', c.host,
        'service', c.service, 'data', ${CHANGED}) order by c.name) as items
      from lost c join apps a on a.id = c.app_id)
    select append_events(coalesce(told.items, '[]') || coalesce(lost_told.items, '[]'))::text from told, lost_told
    where told.items is not null or lost_told.items is not null`
}

function before({ hostId, workerId }: OfHost): Prisma.Sql {
  return Prisma.sql`before as (
      select id, name, status, message from hosts where id = ${hostId}::uuid
        and (observer_id is null or observer_id = ${workerId}::uuid or observer_until < now())
      for no key update)`
}

/** The event of a status that is another now. */
const TOLD = Prisma.sql`told as materialized (
      select jsonb_agg(jsonb_build_object('tenantId', null, 'type', 'host.status', 'host', name,
        'data', jsonb_build_object('status', status, 'message', message))) filter (where was <> status) as items
      from changed)`
