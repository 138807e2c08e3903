import type { Static } from 'typebox'
import { actorOf, type Answer, type PlanAnswer, type Principal } from '../../web/index.ts'
import { idempotent, type IdempotencyDeps, type RequestFacts } from '../idempotency/index.ts'
import { type OperationAnswer, type OperationWaits, waited } from '../operations/index.ts'
import { tenantFor } from '../tenants/index.ts'
import { accept, type ChangeRequest, dryRun } from './accept.ts'
import type { ApplyBody, DeployBody, PlainBody, RemoveQuery, RollbackBody, ScaleBody } from './apps.schemas.ts'
import { applying, deploying, rollingBack } from './apps.service.ts'
import { decideReconcile, decideRemove, decideRestart, decideRunning, decideScale } from './decisions.ts'
import type { PlanDeps } from './plan.ts'

export interface AppsDeps extends IdempotencyDeps, PlanDeps {
  readonly waits: OperationWaits
}

/** What a request wants of an app. */
export interface Verb {
  readonly body: { readonly dryRun?: boolean; readonly expectPlan?: string } | null | undefined
  readonly labels?: ChangeRequest['labels']
  readonly create?: boolean
  readonly evenRemoving?: boolean
  /** Called once the principal may change the tenant's apps. */
  readonly decide: () => ChangeRequest['decide']
}

type Plain = Static<typeof PlainBody> | null | undefined

/** What each way to change an app means, whether it comes by REST or by GraphQL. */
export const VERBS = {
  apply: (body: ApplyBody): Verb => ({ body, labels: body.labels, create: true, decide: () => applying(body) }),
  deploy: (body: DeployBody): Verb => ({ body, decide: () => deploying(body) }),
  rollback: (body: Static<typeof RollbackBody> | null | undefined): Verb => ({
    body,
    decide: () => rollingBack(body?.release),
  }),
  scale: (body: Static<typeof ScaleBody>): Verb => ({
    body,
    decide: () => (current) => decideScale(current, body.services),
  }),
  start: (body: Plain): Verb => ({ body, decide: () => (current) => decideRunning(current, true) }),
  stop: (body: Plain): Verb => ({ body, decide: () => (current) => decideRunning(current, false) }),
  restart: (body: Plain): Verb => ({ body, decide: () => decideRestart }),
  reconcile: (body: Plain): Verb => ({ body, decide: () => decideReconcile }),
  remove: (body: Pick<Static<typeof RemoveQuery>, 'dryRun' | 'expectPlan' | 'volumes'>): Verb => ({
    body,
    evenRemoving: true,
    decide: () => (current) => decideRemove(current, body.volumes),
  }),
}

export interface AppChangeRequest {
  readonly principal: Principal
  readonly tenant: string
  readonly app: string
  readonly verb: Verb
  readonly ifMatch: number | null
  readonly supersede?: 'queue' | undefined
  /** In seconds. */
  readonly wait?: number | undefined
  /** Nobody waits any more. */
  readonly gone: AbortSignal
  /** Called once the principal may change the tenant's apps. */
  readonly facts: () => RequestFacts
}

/** Carries out a change of an app, once for its key, and waits for its operation where it is asked to; or answers the plan. */
export async function changeApp(
  deps: AppsDeps,
  { principal, tenant: name, app, verb, ifMatch, supersede, wait, gone, facts }: AppChangeRequest,
): Promise<Answer<OperationAnswer | PlanAnswer>> {
  const tenant = await tenantFor(deps.db.prisma, principal, name, 'deploy')
  const { body, labels, create = false, evenRemoving = false } = verb
  const wanted: ChangeRequest = {
    tenant,
    app,
    actor: actorOf(principal),
    ifMatch,
    queue: supersede === 'queue',
    create,
    evenRemoving,
    ...(labels && { labels }),
    ...(body?.expectPlan !== undefined && { expectPlan: body.expectPlan }),
    decide: verb.decide(),
  }
  if (body?.dryRun) return await dryRun(deps.db.prisma, deps, wanted)
  const answer = await idempotent(deps, facts(), async (tx) => await accept(tx, deps, wanted))
  return await waited(deps, answer, wait, gone)
}
