import { randomUUID } from 'node:crypto'
import type { Tx } from '../db/index.ts'
import { storable } from '../lib/storable-text.ts'

/** How long a lease lasts on the database's clock. A heartbeat renews it every HEARTBEAT_MS. */
export const LEASE_MS = 10_000
export const HEARTBEAT_MS = 2000
/** A runner makes no more calls this long after it sent its last confirmed heartbeat: 4 s before a successor may start. */
export const FENCE_MS = 6000
/** So many leases may be lost before the sweeper ends the operation. */
export const MAX_LOST_LEASES = 5

export interface Claim {
  readonly id: string
  readonly attempt: number
  readonly tenantId: string | null
}

/** What identifies a claim in every write: compare-and-set on all three. */
export interface Fence {
  readonly operationId: string
  readonly owner: string
  readonly attempt: number
}

export const newWorkerId = (): string => randomUUID()

/**
 * Takes one operation for `owner`, or null: first one that was parked and is due, or whose lease ran out; else the oldest
 * queued one of a free lane, tenants in order of how many of theirs run. `excluded` tenants are passed over.
 * An app whose host is a socket that another live worker serves is left to that worker.
 */
export async function claim(tx: Tx, owner: string, excluded: readonly string[]): Promise<Claim | null> {
  return (await claimDue(tx, owner, excluded)) ?? (await claimQueued(tx, owner, excluded))
}

async function claimDue(tx: Tx, owner: string, excluded: readonly string[]): Promise<Claim | null> {
  const rows = await tx.$queryRaw<Claim[]>`
    with due as (
      select o.id from operations o
      left join apps a on a.id = o.app_id
      left join hosts h on h.id = a.host_id
      where o.status = 'running'
        and case when o.lease_owner is null
              then o.next_attempt_at <= now() or (o.cancel_requested and o.revert_to is null) or o.superseded_by is not null
              else o.lease_until < now() and o.lost_leases + 1 < ${MAX_LOST_LEASES} end
        and not coalesce(o.tenant_id = any(${[...excluded]}::uuid[]), false)
        and not coalesce(h.transport ->> 'type' = 'unix' and h.observer_id <> ${owner}::uuid and h.observer_until > now(), false)
      order by o.next_attempt_at nulls first limit 1
      for update of o skip locked),
    taken as (
      update operations o
      set lease_owner = ${owner}::uuid, lease_until = now() + ${LEASE_MS} * interval '1 millisecond', attempts = o.attempts + 1,
          lost_leases = o.lost_leases + (o.lease_owner is not null)::int, reason = null, next_attempt_at = null
      from due where o.id = due.id
      returning o.*)
    select taken.id, taken.attempts as attempt, taken.tenant_id as "tenantId", append_events(jsonb_build_array(jsonb_build_object(
      'tenantId', taken.tenant_id, 'type', 'operation.started', 'app', taken.app_name, 'operationId', taken.id,
      'data', jsonb_build_object('kind', taken.kind, 'attempt', taken.attempts))))
    from taken`
  return rows[0] ?? null
}

/**
 * Each lane's first is told by what is not there, not by a list of all that is queued: so the database may begin with the free lanes,
 * 0.6 ms instead of 7 where 10,000 wait in others. `offset 0` keeps it one look into the index for each that may start: joined, 10,000 in
 * one free lane would be compared with each other, for 5 s.
 */
async function claimQueued(tx: Tx, owner: string, excluded: readonly string[]): Promise<Claim | null> {
  const rows = await tx.$queryRaw<Claim[]>`
    with load as (
      select tenant_id, count(*) as running from operations where status = 'running' and lease_owner is not null group by tenant_id),
    pick as (
      select l.id as lane_id, head.id from operations head
      join lanes l on l.id = head.lane_id
      left join load on load.tenant_id = l.tenant_id
      left join apps a on a.id = l.app_id
      left join hosts h on h.id = a.host_id
      where head.status = 'queued' and l.running_op is null
        and not exists (select from operations e where e.lane_id = l.id and e.status = 'queued' and e.id < head.id offset 0)
        and not coalesce(l.tenant_id = any(${[...excluded]}::uuid[]), false)
        and not coalesce(h.transport ->> 'type' = 'unix' and h.observer_id <> ${owner}::uuid and h.observer_until > now(), false)
      order by coalesce(load.running, 0), head.id limit 1
      for no key update of l skip locked),
    taken as (
      update operations o
      set status = 'running', lease_owner = ${owner}::uuid, lease_until = now() + ${LEASE_MS} * interval '1 millisecond',
          attempts = o.attempts + 1, started_at = now(), progress_at = now()
      from pick where o.id = pick.id and o.status = 'queued'
      returning o.*),
    laned as (
      update lanes l set running_op = taken.id from taken where l.id = taken.lane_id returning l.id)
    select taken.id, taken.attempts as attempt, taken.tenant_id as "tenantId", append_events(jsonb_build_array(jsonb_build_object(
      'tenantId', taken.tenant_id, 'type', 'operation.started', 'app', taken.app_name, 'operationId', taken.id,
      'data', jsonb_build_object('kind', taken.kind, 'attempt', taken.attempts))))
    from taken, (select count(*) from laned) as freed`
  return rows[0] ?? null
}

export interface Beat {
  readonly id: string
  readonly attempt: number
  readonly cancelRequested: boolean
  readonly supersededBy: string | null
}

/** Renews the leases of `owner` on these operations; one that is missing from the answer is lost. */
export async function heartbeat(tx: Tx, owner: string, ids: readonly string[]): Promise<Beat[]> {
  return await tx.$queryRaw<Beat[]>`
    update operations set lease_until = now() + ${LEASE_MS} * interval '1 millisecond'
    where id = any(${[...ids]}::uuid[]) and lease_owner = ${owner}::uuid and status = 'running'
    returning id, attempts as attempt, cancel_requested as "cancelRequested", superseded_by as "supersededBy"`
}

/**
 * The same without waiting for rows that are locked just now, which are missing from the answer too: one that a stuck
 * transaction holds must not keep the other leases from being renewed.
 */
export async function heartbeatUnlocked(tx: Tx, owner: string, ids: readonly string[]): Promise<Beat[]> {
  return await tx.$queryRaw<Beat[]>`
    with mine as (
      select id from operations
      where id = any(${[...ids]}::uuid[]) and lease_owner = ${owner}::uuid and status = 'running'
      for no key update skip locked)
    update operations o set lease_until = now() + ${LEASE_MS} * interval '1 millisecond' from mine where o.id = mine.id
    returning o.id, o.attempts as attempt, o.cancel_requested as "cancelRequested", o.superseded_by as "supersededBy"`
}

/** Gives the lease back and lets the operation wait. False: the lease was lost before. */
export async function park(
  tx: Tx,
  fence: Fence,
  { delayMs, reason, error }: { delayMs: number; reason: string | null; error: object | null },
): Promise<boolean> {
  const told = error === null ? null : JSON.stringify(error)
  const parked = await tx.$queryRaw<unknown[]>`
    with parked as (
      update operations
      set lease_owner = null, lease_until = null, reason = ${reason}, next_attempt_at = now() + ${delayMs} * interval '1 millisecond',
          error = case when revert_to is null then ${told}::jsonb else error end
      where id = ${fence.operationId}::uuid and lease_owner = ${fence.owner}::uuid and attempts = ${fence.attempt}
      returning *)
    select case when reason is not null then append_events(jsonb_build_array(jsonb_build_object(
      'tenantId', tenant_id, 'type', 'operation.waiting', 'app', app_name, 'operationId', id,
      'data', jsonb_build_object('reason', reason, 'nextAttemptAt', next_attempt_at, 'error', ${told}::jsonb)))) end
    from parked`
  return parked.length === 1
}

/** Writes that the operation goes back to the good state, and why. False: the lease was lost before. */
export async function turnRound(tx: Tx, fence: Fence, revertTo: string, error: object): Promise<boolean> {
  const turned = await tx.$queryRaw<unknown[]>`
    with turned as (
      update operations set revert_to = ${revertTo}, error = ${JSON.stringify(error)}::jsonb, progress_at = now()
      where id = ${fence.operationId}::uuid and lease_owner = ${fence.owner}::uuid and attempts = ${fence.attempt}
      returning *)
    select append_events(jsonb_build_array(jsonb_build_object(
      'tenantId', tenant_id, 'type', 'operation.reverting', 'app', app_name, 'operationId', id,
      'data', jsonb_build_object('to', revert_to, 'error', error))))
    from turned`
  return turned.length === 1
}

/** Ends the operation and frees its lane. False: the lease was lost before, and nothing was written. */
export async function finish(tx: Tx, fence: Fence, status: string, error: object | null): Promise<boolean> {
  const ended = await tx.$executeRaw`
    update operations
    set status = ${status}, error = ${error === null ? null : JSON.stringify(error)}::jsonb, finished_at = now(), reason = null,
        next_attempt_at = null, lease_owner = null, lease_until = null
    where id = ${fence.operationId}::uuid and lease_owner = ${fence.owner}::uuid and attempts = ${fence.attempt} and status = 'running'`
  if (ended !== 1) return false
  await freeLane(tx, fence.operationId)
  return true
}

/** The lane of an operation that ended takes the next one. */
export async function freeLane(tx: Tx, operationId: string): Promise<void> {
  await tx.$executeRaw`update lanes set running_op = null where running_op = ${operationId}::uuid`
}

export interface StepRecord {
  readonly seq: number
  readonly key: string
  readonly host: string
  readonly service: string | null
  readonly action: string
  readonly target: string
  readonly cause: string
}

export interface StepEnd {
  readonly seq: number
  readonly status: 'succeeded' | 'failed' | 'cancelled'
  readonly message: string | null
}

/**
 * Writes that steps ended and that others began; one that finished for the first time is progress (a pull that each attempt repeats
 * is none). False: the lease was lost, and nothing was written.
 */
export async function writeSteps(
  tx: Tx,
  fence: Fence,
  { ended, begun }: { ended: readonly StepEnd[]; begun: readonly StepRecord[] },
): Promise<boolean> {
  const ends = ended.map((end) => ({ ...end, message: end.message === null ? null : storable(end.message) }))
  const written = await tx.$queryRaw<unknown[]>`
    with ended as (
      select * from jsonb_to_recordset(${JSON.stringify(ends)}::jsonb) as e(seq int, status text, message text)),
    progress as (
      select exists (
        select from ended join steps this on this.operation_id = ${fence.operationId}::uuid and this.seq = ended.seq
        where ended.status = 'succeeded' and not exists (
          select from steps before where before.operation_id = this.operation_id and before.key = this.key
            and before.seq <> this.seq and before.status = 'succeeded')) as made),
    held as (
      update operations set progress_at = case when progress.made then now() else progress_at end from progress
      where id = ${fence.operationId}::uuid and lease_owner = ${fence.owner}::uuid and attempts = ${fence.attempt}
      returning id, attempts, tenant_id, app_name),
    closed as (
      update steps s set status = ended.status, message = ended.message, finished_at = now()
      from held, ended where s.operation_id = held.id and s.seq = ended.seq
      returning s.*),
    opened as (
      insert into steps (operation_id, seq, attempt, key, host, service, action, target, cause, status, started_at)
      select held.id, b.seq, held.attempts, b.key, b.host, b.service, b.action, b.target, b.cause, 'running', now()
      from held, jsonb_to_recordset(${JSON.stringify(begun)}::jsonb)
        as b(seq int, key text, host text, service text, action text, target text, cause text)
      returning *),
    told as (
      select coalesce(jsonb_agg(jsonb_build_object(
        'tenantId', held.tenant_id, 'type', 'operation.step', 'app', held.app_name, 'host', s.host, 'service', s.service,
        'operationId', held.id, 'data', jsonb_build_object('seq', s.seq, 'attempt', s.attempt, 'action', s.action,
          'target', s.target, 'cause', s.cause, 'status', s.status, 'message', left(s.message, 4096)))
        order by s.status = 'running', s.seq), '[]') as events
      from held, (select * from closed union all select * from opened) as s)
    select append_events(told.events) from held, told`
  return written.length === 1
}

/** Steps that an attempt up to this one left open were cut off with it. Returns the next free sequence number. */
export async function closeOpenSteps(
  tx: Tx,
  { operationId, attempt }: Pick<Fence, 'operationId' | 'attempt'>,
): Promise<number> {
  await tx.$executeRaw`
    update steps set status = 'cancelled', finished_at = now(), message = 'cut off'
    where operation_id = ${operationId}::uuid and status = 'running' and attempt <= ${attempt}`
  const rows = await tx.$queryRaw<{ next: number }[]>`
    select coalesce(max(seq), 0)::int + 1 as next from steps where operation_id = ${operationId}::uuid`
  return rows[0]?.next ?? 1
}
