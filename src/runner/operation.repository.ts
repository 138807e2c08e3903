import { Prisma } from '../db/generated/client.ts'
import type { Database, Tx } from '../db/index.ts'
import type { AppState, Change, HostOfApp } from '../modules/apps/index.ts'

/** An operation with its app, that app's tenant and its host. */
export interface OperationRow extends Change {
  readonly id: string
  readonly kind: string
  readonly appId: string | null
  readonly tenantId: string | null
  readonly appName: string | null
  readonly params: unknown
  readonly cancelRequested: boolean
  readonly error: unknown
  readonly app: (AppState & Named & { readonly tenant: Named; readonly host: HostOfApp | null }) | null
  /** The one that it is to bring, or to go back to; null: nothing of the app, or it is gone. */
  readonly release: { readonly number: number; readonly spec: unknown; readonly notes: unknown } | null
}

interface Named {
  readonly id: string
  readonly name: string
}

const HOST_JSON = Prisma.sql`jsonb_build_object('id', h.id, 'name', h.name, 'kind', h.kind, 'facts', h.facts, 'settings', h.settings)`

/** The operation as it is now; null: it is gone. */
export async function loadOperation(db: Database, id: string): Promise<OperationRow | null> {
  const rows = await db.prisma.$queryRaw<OperationRow[]>`
    select o.id, o.kind, o.app_id as "appId", o.tenant_id as "tenantId", o.app_name as "appName", o.patch, o.params, o.revert_to as "revertTo", o.cancel_requested as "cancelRequested", o.error,
      case when a.id is not null then jsonb_build_object('id', a.id, 'name', a.name, 'wantedRelease', a.wanted_release,
        'wantedReplicas', a.wanted_replicas, 'wantedRunning', a.wanted_running,
        'wantedRestartGeneration', a.wanted_restart_generation, 'good', a.good,
        'tenant', jsonb_build_object('id', t.id, 'name', t.name),
        'host', case when h.id is not null then ${HOST_JSON} end) end as app,
      case when r.number is not null then jsonb_build_object('number', r.number, 'spec', r.spec, 'notes', r.notes) end as release
    from operations o left join apps a on a.id = o.app_id left join tenants t on t.id = a.tenant_id left join hosts h on h.id = a.host_id
      left join releases r on r.app_id = a.id and r.number =
        case when o.revert_to is null and o.patch ? 'release' then (o.patch ->> 'release')::int else (a.good ->> 'release')::int end
    where o.id = ${id}::uuid`
  return rows[0] ?? null
}

/** Writes down where an app is. Whoever was slower takes the choice of the one before: an app is never on two hosts. null: that host is gone. */
export async function writePlace(tx: Tx, appId: string, hostId: string): Promise<HostOfApp | null> {
  const placed = await tx.$queryRaw<{ host: HostOfApp }[]>`
    with placed as (
      update apps a set host_id = coalesce(a.host_id, h.id) from hosts h where a.id = ${appId}::uuid and h.id = ${hostId}::uuid
      returning a.host_id)
    select ${HOST_JSON} as host from hosts h join placed on placed.host_id = h.id`
  return placed[0]?.host ?? null
}
