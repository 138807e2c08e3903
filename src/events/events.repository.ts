import { Prisma } from '../db/generated/client.ts'
import type { Tx } from '../db/index.ts'
import type { EventType } from './types.ts'

/** One event as the API shows it. */
export interface Event {
  /** Decimal; grows within a tenant. */
  readonly id: string
  readonly type: EventType
  /** Names. */
  readonly tenant: string | null
  readonly app: string | null
  readonly host: string | null
  readonly service: string | null
  /** An id. */
  readonly operation: string | null
  readonly actor: string | null
  /** RFC 3339. */
  readonly at: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Whose events: one tenant's, or all of the installation with the platform's own (for admins). */
export type EventScope = { readonly tenantId: string } | 'all'

export interface EventFilter {
  readonly app?: string
  readonly operation?: string
  /** Types, or `operation.*` for all that begin so. None: all. */
  readonly types?: readonly string[]
}

interface EventRow extends Omit<Event, 'at'> {
  readonly at: Date
}

const COLUMNS_OF = Prisma.sql`e.id::text, e.type, t.name AS tenant, e.app, e.host, e.service, e.operation_id AS operation, e.actor,
  e.created_at AS at, e.data`
const COLUMNS = Prisma.sql`${COLUMNS_OF} FROM events e LEFT JOIN tenants t ON t.id = e.tenant_id`

/** The lock of `append_events`: whoever holds it may have an id that is not visible yet. */
const APPEND_LOCK = 1_297_044_050
const HORIZON_POLL_MS = 5

/** At most `take` events after this id, oldest first, whatever they are. `upTo`: none after that one. */
export async function eventsAfter(tx: Tx, scope: EventScope, after: bigint, take: number, upTo?: bigint) {
  const rows = await tx.$queryRaw<EventRow[]>`
    SELECT ${COLUMNS} WHERE e.id > ${after} AND ${ofScope(scope)} AND e.id <= coalesce(${upTo ?? null}::bigint, 9223372036854775807)
    ORDER BY e.id LIMIT ${take}`
  return rows.map(toEvent)
}

/** Those of these events that are there, in no order. */
export async function eventsOf(tx: Tx, ids: readonly string[]): Promise<Event[]> {
  const rows = await tx.$queryRaw<EventRow[]>`SELECT ${COLUMNS} WHERE e.id = ANY (${[...ids]}::bigint[])`
  return rows.map(toEvent)
}

/** At most `take` events before this id (or the newest), newest first. */
export async function eventsBefore(
  tx: Tx,
  scope: EventScope,
  before: bigint | undefined,
  filter: EventFilter,
  take: number,
): Promise<Event[]> {
  if (scope !== 'all') return (await eventsBeforeOf(tx, [scope], before, filter, take))[0] ?? []
  const rows = await tx.$queryRaw<EventRow[]>`
    SELECT ${COLUMNS} WHERE ${matching(before, filter)} ORDER BY e.id DESC LIMIT ${take}`
  return rows.map(toEvent)
}

/** The same of each tenant (or of one app of it), in their order, by one statement. */
export async function eventsBeforeOf(
  tx: Tx,
  scopes: readonly { readonly tenantId: string; readonly app?: string }[],
  before: bigint | undefined,
  filter: EventFilter,
  take: number,
): Promise<Event[][]> {
  const rows = await tx.$queryRaw<(EventRow & { readonly at_: number })[]>`
    SELECT f.at AS at_, ${COLUMNS_OF}
    FROM unnest(${scopes.map((_, at) => at)}::int[], ${scopes.map(({ tenantId }) => tenantId)}::uuid[],
      ${scopes.map(({ app = null }) => app)}::text[]) AS f(at, tenant_id, app)
    CROSS JOIN LATERAL (
      SELECT * FROM events e WHERE e.tenant_id = f.tenant_id AND ${ofApps(scopes)} AND ${matching(before, filter)}
      ORDER BY e.id DESC LIMIT ${take}) e
    LEFT JOIN tenants t ON t.id = e.tenant_id ORDER BY e.id DESC`
  const found: Event[][] = scopes.map(() => [])
  for (const { at_, ...row } of rows) found[at_]?.push(toEvent(row))
  return found
}

function ofApps(scopes: readonly { readonly app?: string }[]): Prisma.Sql {
  if (scopes.every(({ app }) => app === undefined)) return Prisma.sql`true`
  return scopes.every(({ app }) => app !== undefined)
    ? Prisma.sql`e.app = f.app`
    : Prisma.sql`(f.app IS NULL OR e.app = f.app)`
}

/** Only what is asked for: a condition that a missing value would fulfil hides from Postgres that an index serves the others. */
function matching(before: bigint | undefined, { app, operation, types = [] }: EventFilter): Prisma.Sql {
  const exact = types.filter((type) => !type.endsWith('.*'))
  const prefixes = types.filter((type) => type.endsWith('.*')).map((type) => `${type.slice(0, -1)}%`)
  const conditions = [
    ...(before === undefined ? [] : [Prisma.sql`e.id < ${before}`]),
    ...(app === undefined ? [] : [Prisma.sql`e.app = ${app}`]),
    ...(operation === undefined ? [] : [Prisma.sql`e.operation_id = ${operation}::uuid`]),
    ...(types.length === 0
      ? []
      : [Prisma.sql`(e.type = ANY (${exact}::text[]) OR e.type LIKE ANY (${prefixes}::text[]))`]),
  ]
  return conditions.length === 0 ? Prisma.sql`true` : Prisma.join(conditions, ' AND ')
}

/** The newest id of a scope that nothing older can follow any more; 0: there is none. */
export async function newestId(tx: Tx, scope: EventScope): Promise<bigint> {
  if (scope === 'all') return await horizon(tx)
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT coalesce(max(id), 0)::text AS id FROM events WHERE tenant_id = ${scope.tenantId}::uuid`
  return BigInt(rows[0]?.id ?? 0)
}

/**
 * Up to which id all events of all tenants are visible, or never will be. Tenants' events are in order each by itself, and one may commit an
 * older id than another: so the ids that were given by now count once everybody who held a tenant's lock meanwhile has ended.
 */
export async function horizon(tx: Tx): Promise<bigint> {
  const given = await lastGiven(tx)
  let open = new Set(await writers(tx))
  while (open.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, HORIZON_POLL_MS))
    open = new Set((await writers(tx)).filter((writer) => open.has(writer)))
  }
  return given
}

/** The last id that was given; settled: all events up to it are visible, or never will be. */
export async function written(tx: Tx): Promise<{ readonly last: bigint; readonly isSettled: boolean }> {
  const last = await lastGiven(tx)
  return { last, isSettled: (await writers(tx)).length === 0 }
}

async function lastGiven(tx: Tx): Promise<bigint> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT (CASE WHEN is_called THEN last_value ELSE 0 END)::text AS id FROM events_id_seq`
  return BigInt(rows[0]?.id ?? 0)
}

/** The transactions that may have ids which are not visible yet. */
async function writers(tx: Tx): Promise<string[]> {
  const rows = await tx.$queryRaw<{ writer: string }[]>`
    SELECT virtualtransaction AS writer FROM pg_locks
    WHERE locktype = 'advisory' AND classid::bigint = ${APPEND_LOCK} AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
  return rows.map(({ writer }) => writer)
}

/**
 * Where a reader goes on that has seen all up to `after`. A gap: some after it are kept no more, and it goes on with the oldest that are; or
 * this id was never given (the database is another, or an older state of it), and it goes on with what happens from now on.
 */
export async function placeAfter(
  tx: Tx,
  scope: EventScope,
  after: bigint,
): Promise<{ readonly from: bigint; readonly isGap: boolean }> {
  const tenant = scope === 'all' ? null : scope.tenantId
  const rows = await tx.$queryRaw<{ floor: string; last: string }[]>`
    SELECT (SELECT coalesce(max(event_id), 0) FROM event_floors WHERE tenant_id = coalesce(${tenant}::uuid, tenant_id))::text AS floor,
      last_value::text AS last FROM events_id_seq`
  const [floor, last] = [BigInt(rows[0]?.floor ?? 0), BigInt(rows[0]?.last ?? 0)]
  if (after > last) return { from: await newestId(tx, scope), isGap: true }
  return after < floor ? { from: floor, isGap: true } : { from: after, isGap: false }
}

/** Whether an event passes a filter. */
export function passes({ app, operation, types = [] }: EventFilter, event: Event): boolean {
  return (
    (app === undefined || event.app === app) &&
    (operation === undefined || event.operation === operation) &&
    (types.length === 0 || types.some((type) => isOfType(event.type, type)))
  )
}

function isOfType(type: string, wanted: string): boolean {
  return wanted.endsWith('.*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted
}

function ofScope(scope: EventScope): Prisma.Sql {
  return scope === 'all' ? Prisma.sql`true` : Prisma.sql`e.tenant_id = ${scope.tenantId}::uuid`
}

function toEvent(row: EventRow): Event {
  return { ...row, at: row.at.toISOString() }
}
