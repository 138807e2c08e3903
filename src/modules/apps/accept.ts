import type { Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import { emit } from '../../events/index.ts'
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
  answerAccepted,
  idAfter,
  insertOperation,
  type Operation,
  type OperationAnswer,
} from '../operations/index.ts'
import {
  type AppSituation,
  ensureApp,
  findSituation,
  lockAppNamed,
  writeLabels,
  writeWanted,
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
  if (!(await lockAppNamed(tx, tenant.id, name)) && request.create) {
    await ensureApp(tx, tenant, name, request.actor)
    // Another request may have made it, and be at work on it.
    await lockAppNamed(tx, tenant.id, name)
  }
  const app = await findSituation(tx, tenant.id, name)
  if (!app) throw appNotFound(name)
  const { current, decision } = await consider(tx, request, app)
  if (request.expectPlan !== undefined) {
    expectPlan(request.expectPlan, await planChange(tx, deps, { tenant, name, app, current, decision }))
  }
  const labels = newLabels(app, request)
  if (labels) emit(tx, { tenantId: tenant.id, type: 'app.updated', app: name, actor: request.actor, data: { labels } })
  if (decision.type === 'change') return answerAccepted(await writeChange(tx, request, app, current, decision, labels))
  if (labels) await writeLabels(tx, app.id, labels)
  if (decision.type === 'existing') return await acceptedAnswer(tx, decision.operationId)
  return { status: 200, body: { operation: null } }
}

/** What `accept` would do now, as a plan. Writes and locks nothing; works for an app that does not exist yet. */
export async function dryRun(tx: Tx, deps: PlanDeps, request: ChangeRequest): Promise<Answer<PlanAnswer>> {
  const { tenant, app: name } = request
  const app = await findSituation(tx, tenant.id, name)
  if (!app && !request.create) throw appNotFound(name)
  const { current, decision } = await consider(tx, request, app)
  return { status: 200, body: planAnswer(await planChange(tx, deps, { tenant, name, app, current, decision })) }
}

async function consider(
  tx: Tx,
  request: ChangeRequest,
  app: AppSituation | null,
): Promise<{ current: Current; decision: Decision }> {
  if (request.ifMatch !== null && (!app || app.wantedVersion === 0)) throw versionMismatch()
  if (app?.removing && !request.evenRemoving) {
    throw new AppError('conflict', { detail: `the app "${request.app}" is being removed` })
  }
  if (app) requireVersion(request.ifMatch, app.wantedVersion)
  const current = currentOf(app)
  const decision = await request.decide(current, tx, app?.id ?? null)
  requireStay({ tenant: request.tenant, app, decision })
  return { current, decision }
}

function currentOf(app: AppSituation | null): Current {
  const active = app?.active ?? []
  const wanted = active
    .filter((operation) => counts(operation))
    .reduce((state, { patch }) => applyPatch(state, patch as WantedPatch), goodOf(app ?? { good: null }))
  const release = app?.releases.find(({ number }) => number === wanted.release) ?? null
  return { wanted, release, lastRelease: app?.lastRelease ?? 0, active }
}

async function writeChange(
  tx: Tx,
  request: ChangeRequest,
  app: AppSituation,
  current: Current,
  change: Change,
  labels: Readonly<Record<string, string>> | undefined,
): Promise<Operation> {
  const { kind, release, isNew, params } = change
  const id = idAfter(current.active.map((operation) => operation.id))
  const replaced = request.queue ? [] : current.active.filter((operation) => gives(operation, change))
  // What they would have brought and this one says nothing about, it brings in their place.
  const carried = replaced
    .filter((operation) => counts(operation))
    .reduce<WantedPatch>((patch, operation) => ({ ...patch, ...(operation.patch as WantedPatch) }), {})
  const patch = { ...carried, ...change.patch }

  const wantedVersion = await writeWanted(tx, app.id, {
    wanted: applyPatch(current.wanted, patch),
    newRelease: isNew ? release : null,
    labels: labels ?? null,
    removes: kind === 'remove',
    actor: request.actor,
  })
  return await insertOperation(tx, {
    id,
    tenant: request.tenant,
    app,
    kind,
    release: release?.number ?? current.wanted.release,
    patch,
    params,
    wantedVersion,
    requestedBy: request.actor,
    supersedes: replaced.map((operation) => operation.id),
  })
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

function newLabels(app: AppSituation, { labels }: ChangeRequest): Readonly<Record<string, string>> | undefined {
  return labels && canonicalJson(labels) !== canonicalJson(app.labels) ? labels : undefined
}

export function appNotFound(name: string): AppError {
  return new AppError('not_found', { detail: `there is no app "${name}"` })
}
