import { v7 } from 'uuid'
import { CHANNELS, notify, type Tx } from '../../db/index.ts'
import { newId } from '../../lib/ids.ts'
import type { OperationError, OperationKind, OperationStatus } from './operations.schemas.ts'

/** The rows' shape that this module reads: every column, and the tenant's name. */
export type OperationRow = Awaited<ReturnType<typeof findOperation>> & object
export type StepRow = Awaited<ReturnType<typeof listSteps>>[number]

const withTenant = { tenant: { select: { name: true } } } as const

/** One operation, of the given tenant where one is given. */
export async function findOperation(tx: Tx, id: string, tenantId?: string) {
  return await tx.operation.findFirst({
    where: { id, ...(tenantId !== undefined && { tenantId }) },
    include: withTenant,
  })
}

export interface OperationFilter {
  readonly tenantId?: string
  readonly app?: string
  readonly status?: OperationStatus
  readonly kind?: OperationKind
  /** Older than this one. */
  readonly beforeId?: string
}

/** Newest first, at most `take`; without plans. */
export async function listOperations(tx: Tx, { tenantId, app, status, kind, beforeId }: OperationFilter, take: number) {
  return await tx.operation.findMany({
    where: {
      ...(tenantId !== undefined && { tenantId }),
      ...(app !== undefined && { appName: app }),
      ...(status !== undefined && { status }),
      ...(kind !== undefined && { kind }),
      ...(beforeId !== undefined && { id: { lt: beforeId } }),
    },
    omit: { plan: true },
    include: withTenant,
    orderBy: { id: 'desc' },
    take,
  })
}

/** Steps in their order, after `afterSeq`. */
export async function listSteps(tx: Tx, operationId: string, afterSeq: number, take: number) {
  return await tx.step.findMany({ where: { operationId, seq: { gt: afterSeq } }, orderBy: { seq: 'asc' }, take })
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

/** The app's operations that have not ended, in the order of their acceptance. Call it with the app locked. */
export async function activeOperations(tx: Tx, appId: string): Promise<ActiveOperation[]> {
  return await tx.operation.findMany({
    where: { appId, status: { in: ['queued', 'running'] } },
    orderBy: [{ wantedVersion: 'asc' }, { id: 'asc' }],
    select: {
      id: true,
      kind: true,
      status: true,
      patch: true,
      params: true,
      revertTo: true,
      cancelRequested: true,
      supersededBy: true,
    },
  })
}

/** An id that comes after every one of these: a lane is worked in the order of ids, whatever the clocks say. */
export function idAfter(ids: readonly string[]): string {
  const id = newId()
  const last = ids.toSorted().at(-1)
  if (last === undefined || last < id) return id
  return v7({ msecs: Number.parseInt(last.replaceAll('-', '').slice(0, 12), 16) + 1 })
}

export interface NewOperation {
  readonly id: string
  readonly tenantId: string
  readonly appId: string
  readonly appName: string
  readonly kind: OperationKind
  readonly release: number | null
  readonly patch: object
  readonly params: object
  readonly wantedVersion: number
  readonly requestedBy: string
}

/** Queues an operation in its app's lane (whose id is the app's) and wakes the workers once the transaction commits. */
export async function insertOperation(tx: Tx, operation: NewOperation): Promise<void> {
  const { patch, params, ...columns } = operation
  await tx.operation.create({
    data: { ...columns, laneId: operation.appId, patch: { ...patch }, params: { ...params } },
    select: { id: true },
  })
  await notify(tx, CHANNELS.work)
}

/** Ends an operation if it is still queued; false where a worker has it by now, or it has ended. */
export async function endQueued(
  tx: Tx,
  id: string,
  error: OperationError,
  { status = 'cancelled', supersededBy = null }: { status?: 'cancelled' | 'failed'; supersededBy?: string | null } = {},
): Promise<boolean> {
  const ended = await tx.$executeRaw`
    UPDATE "operations" SET "status" = ${status}, "finished_at" = now(), "error" = ${JSON.stringify(error)}::jsonb,
      "superseded_by" = coalesce(${supersededBy}::uuid, "superseded_by")
    WHERE "id" = ${id}::uuid AND "status" = 'queued'`
  if (ended > 0) await notify(tx, CHANNELS.operation, id)
  return ended > 0
}

/** Marks an operation that has not ended as superseded: its runner ends it at the next step's boundary. */
export async function markSuperseded(tx: Tx, id: string, supersededBy: string): Promise<void> {
  const marked = await tx.$executeRaw`
    UPDATE "operations" SET "superseded_by" = ${supersededBy}::uuid WHERE "id" = ${id}::uuid AND "finished_at" IS NULL`
  if (marked > 0) await notify(tx, CHANNELS.operation, id)
}

/** Asks the runner to end it; false where it has ended. */
export async function requestCancel(tx: Tx, id: string): Promise<boolean> {
  const asked = await tx.$executeRaw`
    UPDATE "operations" SET "cancel_requested" = true WHERE "id" = ${id}::uuid AND "finished_at" IS NULL`
  if (asked > 0) {
    await notify(tx, CHANNELS.operation, id)
    await notify(tx, CHANNELS.work)
  }
  return asked > 0
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
  const queued = await tx.$executeRaw`
    INSERT INTO "operations" ("id", "lane_id", "tenant_id", "app_id", "app_name", "kind", "release", "wanted_version", "requested_by")
    SELECT ${newId()}::uuid, a."id", a."tenant_id", a."id", a."name", 'reconcile', a."wanted_release", a."wanted_version", 'system:resync'
    FROM "apps" a WHERE a."id" = ${appId}::uuid AND a."wanted_version" = ${wantedVersion} AND NOT a."removing"
      AND NOT EXISTS (SELECT 1 FROM "operations" o WHERE o."app_id" = a."id" AND o."status" IN ('queued', 'running'))`
  if (queued > 0) await notify(tx, CHANNELS.work)
  return queued > 0
}
