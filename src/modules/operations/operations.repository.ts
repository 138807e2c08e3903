import { v7 } from 'uuid'
import { Prisma } from '../../db/generated/client.ts'
import { CHANNELS, notify, type Tx } from '../../db/index.ts'
import { emit } from '../../events/index.ts'
import { newId } from '../../lib/ids.ts'
import { queuedJson } from './operation-json.ts'
import type { Operation, OperationError, OperationKind, OperationStatus } from './operations.schemas.ts'

/** The rows' shape that this module reads: every column, and the tenant's name. */
export type OperationRow = Awaited<ReturnType<typeof findOperation>> & object
export interface StepRow {
  readonly operationId: string
  readonly seq: number
  readonly host: string
  readonly service: string | null
  readonly action: string
  readonly status: string
  readonly startedAt: Date
  readonly finishedAt: Date | null
  readonly message: string | null
}

const withTenant = { tenant: { select: { name: true } } } as const

/** One operation, of the given tenant where one is given. */
export async function findOperation(tx: Tx, id: string, tenantId?: string) {
  return await tx.operation.findFirst({
    where: { id, ...(tenantId !== undefined && { tenantId }) },
    include: withTenant,
  })
}

export interface OperationFilter {
  readonly status?: OperationStatus
  readonly kind?: OperationKind
  /** Older than this one. */
  readonly beforeId?: string
}

/** Whose operations. */
export interface OperationScope {
  /** Left out: all, of tenants and of hosts. */
  readonly tenantId?: string
  /** Of this app alone. */
  readonly app?: string
}

/** What lists show of an operation. */
export interface OperationSummaryRow {
  readonly id: string
  readonly tenantId: string | null
  readonly tenant: { readonly name: string } | null
  readonly appName: string | null
  readonly parentId: string | null
  readonly kind: string
  readonly status: string
  readonly reason: string | null
  readonly release: number | null
  readonly error: unknown
  readonly requestedBy: string
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  readonly attempts: number
  readonly nextAttemptAt: Date | null
}

const SUMMARY = Prisma.sql`o.id, o.tenant_id AS "tenantId", CASE WHEN t.id IS NULL THEN NULL ELSE json_build_object('name', t.name) END AS tenant,
  o.app_name AS "appName", o.parent_id AS "parentId", o.kind, o.status, o.reason, o.release, o.error, o.requested_by AS "requestedBy",
  o.created_at AS "createdAt", o.started_at AS "startedAt", o.finished_at AS "finishedAt", o.attempts,
  o.next_attempt_at AS "nextAttemptAt"`

/** Of each scope, in their order: newest first, at most `take`. One statement for all scopes of tenants. */
export async function listOperations(
  tx: Tx,
  scopes: readonly OperationScope[],
  { status, kind, beforeId }: OperationFilter,
  take: number,
): Promise<OperationSummaryRow[][]> {
  const matching = Prisma.sql`o.status = coalesce(${status ?? null}, o.status) AND o.kind = coalesce(${kind ?? null}, o.kind)
    AND o.id < coalesce(${beforeId ?? null}::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')`
  const ofTenants = scopes.flatMap(({ tenantId, app = null }, at) =>
    tenantId === undefined ? [] : [{ at, tenantId, app }],
  )
  const found: OperationSummaryRow[][] = scopes.map(() => [])
  const rows = await tx.$queryRaw<(OperationSummaryRow & { at: number })[]>`
    SELECT f.at, ${SUMMARY}
    FROM unnest(${ofTenants.map(({ at }) => at)}::int[], ${ofTenants.map(({ tenantId }) => tenantId)}::uuid[],
      ${ofTenants.map(({ app }) => app)}::text[]) AS f(at, tenant_id, app)
    CROSS JOIN LATERAL (
      SELECT * FROM operations o WHERE o.tenant_id = f.tenant_id AND (f.app IS NULL OR o.app_name = f.app) AND ${matching}
      ORDER BY o.id DESC LIMIT ${take}) o
    LEFT JOIN tenants t ON t.id = o.tenant_id ORDER BY o.id DESC`
  for (const { at, ...row } of rows) found[at]?.push(row)
  for (const [at, { tenantId, app = null }] of scopes.entries()) {
    if (tenantId !== undefined) continue
    found[at] = await tx.$queryRaw<OperationSummaryRow[]>`
      SELECT ${SUMMARY} FROM operations o LEFT JOIN tenants t ON t.id = o.tenant_id
      WHERE ${matching} AND (${app}::text IS NULL OR o.app_name = ${app}) ORDER BY o.id DESC LIMIT ${take}`
  }
  return found
}

/** Those that there are. */
export async function findOperations(tx: Tx, ids: readonly string[]): Promise<OperationSummaryRow[]> {
  return await tx.$queryRaw<OperationSummaryRow[]>`
    SELECT ${SUMMARY} FROM operations o LEFT JOIN tenants t ON t.id = o.tenant_id WHERE o.id = ANY(${[...ids]}::uuid[])`
}

/** The plans of those that have one. */
export async function findPlans(tx: Tx, ids: readonly string[]): Promise<{ id: string; plan: unknown }[]> {
  return await tx.$queryRaw<{ id: string; plan: unknown }[]>`
    SELECT id, plan FROM operations WHERE id = ANY(${[...ids]}::uuid[]) AND plan IS NOT NULL`
}

/** Of each of these operations: its steps in their order, after `afterSeq`, at most `take`. By operation. */
export async function listSteps(
  tx: Tx,
  operationIds: readonly string[],
  afterSeq: number,
  take: number,
): Promise<Map<string, StepRow[]>> {
  const rows = await tx.$queryRaw<StepRow[]>`
    SELECT s.operation_id AS "operationId", s.seq, s.host, s.service, s.action, s.status, s.started_at AS "startedAt",
      s.finished_at AS "finishedAt", s.message
    FROM unnest(${[...operationIds]}::uuid[]) AS of(operation_id) CROSS JOIN LATERAL (
      SELECT * FROM steps WHERE operation_id = of.operation_id AND seq > ${afterSeq} ORDER BY seq LIMIT ${take}) s
    ORDER BY s.operation_id, s.seq`
  return Map.groupBy(rows, ({ operationId }) => operationId)
}

/** The last `take` steps, in their order. */
export async function lastSteps(tx: Tx, operationId: string, take: number): Promise<StepRow[]> {
  const steps = await tx.step.findMany({ where: { operationId }, orderBy: { seq: 'desc' }, take })
  return steps.toReversed()
}

/** An operation of an app that has not ended. */
export interface ActiveOperation {
  readonly id: string
  readonly kind: string
  readonly status: string
  readonly patch: unknown
  readonly params: unknown
  readonly revertTo: string | null
  readonly cancelRequested: boolean
  readonly supersededBy: string | null
}

/** Of `operations o`: it has not ended. Written so that a lane's are found by the two indexes that hold nothing else. */
export const ACTIVE = Prisma.sql`(o.status = 'queued' OR o.status = 'running')`

/** An id that comes after every one of these: a lane is worked in the order of ids, whatever the clocks say. */
export function idAfter(ids: readonly string[]): string {
  const id = newId()
  const last = ids.toSorted().at(-1)
  if (last === undefined || last < id) return id
  return v7({ msecs: Number.parseInt(last.replaceAll('-', '').slice(0, 12), 16) + 1 })
}

export interface NewOperation {
  readonly id: string
  readonly tenant: { readonly id: string; readonly name: string }
  readonly app: { readonly id: string; readonly name: string }
  readonly kind: OperationKind
  readonly release: number | null
  readonly patch: object
  readonly params: object
  readonly wantedVersion: number
  readonly requestedBy: string
  /** The operations of the app whose place it takes. */
  readonly supersedes: readonly string[]
}

/**
 * Queues an operation in its app's lane (whose id is the app's) and wakes the workers once the transaction commits. Those whose
 * place it takes end where they are still queued; what a worker has by now is marked, and ends at its next step's boundary.
 */
export async function insertOperation(tx: Tx, operation: NewOperation): Promise<Operation> {
  const { id, tenant, app, kind, release, patch, params, wantedVersion, requestedBy, supersedes } = operation
  const error: OperationError = { code: 'superseded', message: `operation ${id} took its place` }
  const [row] = await tx.$queryRaw<{ createdAt: Date; ended: { id: string; kind: string }[] }[]>`
    WITH superseded AS (
      UPDATE operations o SET superseded_by = ${id}::uuid,
        status = CASE o.status WHEN 'queued' THEN 'cancelled' ELSE o.status END,
        finished_at = CASE o.status WHEN 'queued' THEN now() END,
        error = CASE o.status WHEN 'queued' THEN ${JSON.stringify(error)}::jsonb ELSE o.error END
      WHERE o.id = ANY(${[...supersedes]}::uuid[]) AND o.finished_at IS NULL
      RETURNING o.id, o.kind, o.status),
    queued AS (
      INSERT INTO operations (id, lane_id, tenant_id, app_id, app_name, kind, release, patch, params, wanted_version, requested_by)
      VALUES (${id}::uuid, ${app.id}::uuid, ${tenant.id}::uuid, ${app.id}::uuid, ${app.name}, ${kind}, ${release},
        ${JSON.stringify(patch)}::jsonb, ${JSON.stringify(params)}::jsonb, ${wantedVersion}, ${requestedBy})
      RETURNING created_at)
    SELECT created_at AS "createdAt", pg_notify(${CHANNELS.work}, ''),
      (SELECT count(pg_notify(${CHANNELS.operation}, superseded.id::text)) FROM superseded),
      (SELECT coalesce(json_agg(json_build_object('id', id, 'kind', s.kind)), '[]') FROM superseded s WHERE s.status = 'cancelled') AS ended
    FROM queued`
  if (!row) throw new TypeError('the database did not say when the operation was made')
  const common = { tenantId: tenant.id, app: app.name }
  for (const gone of row.ended)
    emit(tx, { ...common, type: 'operation.cancelled', operationId: gone.id, data: { kind: gone.kind, error } })
  emit(tx, {
    ...common,
    type: 'operation.queued',
    operationId: id,
    actor: requestedBy,
    data: { kind, release, supersedes },
  })
  return queuedJson({ ...operation, createdAt: row.createdAt })
}

/** What an event says of an operation that was changed. */
interface ChangedRow {
  readonly tenantId: string | null
  readonly app: string | null
  readonly kind: string
}

/** Ends an operation if it is still queued; false where a worker has it by now, or it has ended. */
export async function endQueued(
  tx: Tx,
  id: string,
  error: OperationError,
  status: 'cancelled' | 'failed' = 'cancelled',
): Promise<boolean> {
  const [ended] = await tx.$queryRaw<ChangedRow[]>`
    UPDATE "operations" SET "status" = ${status}, "finished_at" = now(), "error" = ${JSON.stringify(error)}::jsonb
    WHERE "id" = ${id}::uuid AND "status" = 'queued'
    RETURNING tenant_id AS "tenantId", app_name AS app, kind`
  if (!ended) return false
  await notify(tx, CHANNELS.operation, id)
  const { kind, ...of } = ended
  emit(tx, { ...of, type: `operation.${status}`, operationId: id, data: { kind, error } })
  return true
}

/** Asks the runner to end it; false where it has ended. */
export async function requestCancel(tx: Tx, id: string, actor: string): Promise<boolean> {
  const [asked] = await tx.$queryRaw<ChangedRow[]>`
    UPDATE "operations" SET "cancel_requested" = true WHERE "id" = ${id}::uuid AND "finished_at" IS NULL
    RETURNING tenant_id AS "tenantId", app_name AS app, kind`
  if (!asked) return false
  await notify(tx, CHANNELS.operation, id)
  await notify(tx, CHANNELS.work)
  const { tenantId, app } = asked
  emit(tx, { tenantId, app, type: 'operation.cancel_requested', operationId: id, actor })
  return true
}

/**
 * True where operations before this one have left, or may leave, something half done on the engine because they were superseded,
 * and this is the next that would put it right: only an attempt in the lane can. Call it with the app locked.
 */
export async function inheritsWork(tx: Tx, operationId: string, appId: string): Promise<boolean> {
  const rows = await tx.$queryRaw<{ inherits: boolean }[]>`
    SELECT EXISTS (SELECT 1 FROM "operations" WHERE "app_id" = ${appId}::uuid AND "status" = 'running'
        AND "superseded_by" = ${operationId}::uuid)
      OR NOT EXISTS (SELECT 1 FROM "operations" WHERE "app_id" = ${appId}::uuid AND "status" IN ('queued', 'running')
        AND "id" < ${operationId}::uuid)
      AND coalesce((SELECT "error" ->> 'code' = 'superseded' FROM "operations" WHERE "app_id" = ${appId}::uuid
        AND "started_at" IS NOT NULL AND "finished_at" IS NOT NULL ORDER BY "finished_at" DESC LIMIT 1), false) AS "inherits"`
  return rows[0]?.inherits ?? false
}

/** Those of the operations that have neither ended nor gone. One small statement, for all who wait. */
export async function stillOpen(tx: Tx, ids: readonly string[]): Promise<Set<string>> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT "id" FROM "operations" WHERE "id" = ANY(${[...ids]}::uuid[]) AND "finished_at" IS NULL`
  return new Set(rows.map(({ id }) => id))
}

/**
 * Queues a `reconcile` of an app that nothing is at work on and whose wanted state is still of this version; false where
 * that is not so any more.
 */
export async function enqueueReconcile(
  tx: Tx,
  { appId, wantedVersion }: { appId: string; wantedVersion: number },
): Promise<boolean> {
  // Locked by itself first: what another transaction queued meanwhile must be seen by the second statement.
  await tx.$queryRaw`SELECT 1 FROM "apps" WHERE "id" = ${appId}::uuid FOR NO KEY UPDATE`
  const id = newId()
  const [queued] = await tx.$queryRaw<(ChangedRow & { readonly release: number | null })[]>`
    INSERT INTO "operations" ("id", "lane_id", "tenant_id", "app_id", "app_name", "kind", "release", "wanted_version", "requested_by")
    SELECT ${id}::uuid, a."id", a."tenant_id", a."id", a."name", 'reconcile', a."wanted_release", a."wanted_version", 'system:resync'
    FROM "apps" a WHERE a."id" = ${appId}::uuid AND a."wanted_version" = ${wantedVersion} AND NOT a."removing"
      AND NOT EXISTS (SELECT 1 FROM "operations" o WHERE o."app_id" = a."id" AND o."status" IN ('queued', 'running'))
    RETURNING tenant_id AS "tenantId", app_name AS app, kind, release`
  if (!queued) return false
  await notify(tx, CHANNELS.work)
  const { kind, release, ...of } = queued
  emit(tx, {
    ...of,
    type: 'operation.queued',
    operationId: id,
    actor: 'system:resync',
    data: { kind, release, supersedes: [] },
  })
  return true
}
