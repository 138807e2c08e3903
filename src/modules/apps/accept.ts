import type { Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import { canonicalJson } from '../../lib/canonical.ts'
import {
  type Answer,
  expectPlan,
  type PlanAnswer,
  planAnswer,
  requireVersion,
  versionMismatch,
} from '../../web/index.ts'
import {
  acceptedAnswer,
  type ActiveOperation,
  activeOperations,
  endQueued,
  idAfter,
  insertOperation,
  markSuperseded,
  type OperationAnswer,
} from '../operations/index.ts'
import {
  type AppRow,
  ensureApp,
  findApp,
  findAppLocked,
  findRelease,
  insertRelease,
  releaseState,
  updateApp,
} from './apps.repository.ts'
import type { Change, Current, Decision } from './decisions.ts'
import { planChange, type PlanDeps, requireStay } from './plan.ts'
import { applyPatch, goodOf, type WantedPatch } from './wanted.ts'

/** A change of one app, as its route understood it. */
export interface ChangeRequest {
  readonly tenant: { readonly id: string; readonly name: string }
  readonly app: string
  /** Stored as `requestedBy`. */
  readonly actor: string
  /** null: any version. */
  readonly ifMatch: number | null
  /** Wait for what is under way instead of taking its place. */
  readonly queue: boolean
  /** Make the app where it is missing. */
  readonly create: boolean
  /** Also while the app is being removed. */
  readonly evenRemoving: boolean
  readonly labels?: Readonly<Record<string, string>>
  /** The digest that the plan must have. */
  readonly expectPlan?: string
  /** What the request comes to, of the app as it is under its lock. Reads with `tx` at most. */
  readonly decide: (current: Current, tx: Tx, appId: string | null) => Decision | Promise<Decision>
}

/**
 * Accepts a change: app, release, wanted state, operation and the ends of those that it supersedes, all in the caller's
 * transaction. 202 with the operation that brings it (a new one, or one that is at it already), or 200 where nothing changes.
 * Throws `not_found`, `conflict` (it is being removed), `version_mismatch`, `plan_changed`, and what `decide` throws.
 */
export async function accept(tx: Tx, deps: PlanDeps, request: ChangeRequest): Promise<Answer<OperationAnswer>> {
  const { tenant, app: name } = request
  if (request.create) await ensureApp(tx, tenant, name)
  const app = await findAppLocked(tx, tenant.id, name)
  if (!app) throw appNotFound(name)
  const { current, decision } = await consider(tx, deps, request, app)
  if (request.expectPlan !== undefined) {
    expectPlan(request.expectPlan, await planChange(tx, deps, { tenant, name, app, current, decision }))
  }
  const labels = newLabels(app, request)
  if (decision.type === 'change') {
    const id = await writeChange(tx, request, app, current, decision, labels)
    return await acceptedAnswer(tx, id)
  }
  if (labels) await updateApp(tx, app.id, { labels })
  if (decision.type === 'existing') return await acceptedAnswer(tx, decision.operationId)
  return { status: 200, body: { operation: null } }
}

/** What `accept` would do now, as a plan. Writes and locks nothing; works for an app that does not exist yet. */
export async function dryRun(tx: Tx, deps: PlanDeps, request: ChangeRequest): Promise<Answer<PlanAnswer>> {
  const { tenant, app: name } = request
  const app = await findApp(tx, tenant.id, name)
  if (!app && !request.create) throw appNotFound(name)
  const { current, decision } = await consider(tx, deps, request, app)
  return { status: 200, body: planAnswer(await planChange(tx, deps, { tenant, name, app, current, decision })) }
}

async function consider(
  tx: Tx,
  deps: PlanDeps,
  request: ChangeRequest,
  app: AppRow | null,
): Promise<{ current: Current; decision: Decision }> {
  if (request.ifMatch !== null && (!app || app.wantedVersion === 0)) throw versionMismatch()
  if (app?.removing && !request.evenRemoving) {
    throw new AppError('conflict', { detail: `the app "${request.app}" is being removed` })
  }
  if (app) requireVersion(request.ifMatch, app.wantedVersion)
  const current = await currentOf(tx, app)
  const decision = await request.decide(current, tx, app?.id ?? null)
  await requireStay(tx, deps, { tenant: request.tenant, app, decision })
  return { current, decision }
}

async function currentOf(tx: Tx, app: AppRow | null): Promise<Current> {
  const active = app ? await activeOperations(tx, app.id) : []
  const good = goodOf(app ?? { good: null })
  const wanted = active
    .filter((operation) => counts(operation))
    .reduce((state, { patch }) => applyPatch(state, patch as WantedPatch), good)
  const row = app && wanted.release !== null ? await findRelease(tx, app.id, wanted.release) : null
  return { wanted, release: row && releaseState(row), lastRelease: app?.lastRelease ?? 0, active }
}

async function writeChange(
  tx: Tx,
  request: ChangeRequest,
  app: AppRow,
  current: Current,
  change: Change,
  labels: Readonly<Record<string, string>> | undefined,
): Promise<string> {
  const { kind, release, isNew, params } = change
  const id = idAfter(current.active.map((operation) => operation.id))
  if (isNew && release) await insertRelease(tx, app.id, release, request.actor)

  const replaced = request.queue ? [] : current.active.filter((operation) => gives(operation, change))
  const message = `operation ${id} took its place`
  for (const operation of replaced) {
    const ended =
      operation.status === 'queued' &&
      (await endQueued(tx, operation.id, { code: 'superseded', message }, { supersededBy: id }))
    if (!ended) await markSuperseded(tx, operation.id, id)
  }
  // What they would have brought and this one says nothing about, it brings in their place.
  const carried = replaced
    .filter((operation) => counts(operation))
    .reduce<WantedPatch>((patch, operation) => ({ ...patch, ...(operation.patch as WantedPatch) }), {})
  const patch = { ...carried, ...change.patch }

  const wantedVersion = await updateApp(tx, app.id, {
    wanted: applyPatch(current.wanted, patch),
    labels,
    ...(isNew && release && { lastRelease: release.number }),
    ...(kind === 'remove' && { removing: true }),
  })
  await insertOperation(tx, {
    id,
    tenantId: request.tenant.id,
    appId: app.id,
    appName: app.name,
    kind,
    release: release?.number ?? current.wanted.release,
    patch,
    params,
    wantedVersion,
    requestedBy: request.actor,
  })
  return id
}

/** What is going back, or was asked to, brings nothing any more. */
function counts({ revertTo, cancelRequested }: ActiveOperation): boolean {
  return revertTo === null && !cancelRequested
}

/** True where an operation gives way to this change: deploys to a newer one, everything to a removal. */
function gives({ kind }: ActiveOperation, change: Change): boolean {
  if (change.kind === 'remove') return true
  const newer = change.kind === 'deploy' || change.kind === 'rollback'
  return newer && (kind === 'deploy' || kind === 'rollback' || kind === 'reconcile')
}

function newLabels(app: AppRow, { labels }: ChangeRequest): Readonly<Record<string, string>> | undefined {
  return labels && canonicalJson(labels) !== canonicalJson(app.labels) ? labels : undefined
}

export function appNotFound(name: string): AppError {
  return new AppError('not_found', { detail: `there is no app "${name}"` })
}
