import { AppError } from '../errors/app-error.ts'
import { digestOf } from '../lib/canonical.ts'
import { formatPlan, type Plan } from '../planning/index.ts'
import type { PlanAnswer, PlanView } from './schemas.ts'

/** A plan of planning as the API shows it. */
export function planView(plan: Plan): PlanView {
  return {
    digest: plan.digest,
    steps: plan.steps.map(({ id, action, service, ordinal, target, cause, after }) => {
      return { id, action, host: plan.host, service, ordinal, target, cause, after: [...after] }
    }),
    notes: [...plan.notes],
    capabilities: plan.capabilities.map(({ path, level, message }) => ({ path, level, message })),
    text: formatPlan(plan),
  }
}

/** One line of a plan that is not an app's, e.g. of registering a host. */
export interface PlanLine {
  readonly action: string
  readonly target: string
  readonly cause: string
}

/** A plan of lines in their order, each after the one before. */
export function planOfLines(host: string, lines: readonly PlanLine[]): PlanView {
  const ids = lines.map(({ action, target }) => `${target}:${action}`)
  return {
    digest: digestOf({ host, lines: lines.map(({ action, target, cause }) => ({ action, target, cause })) }),
    steps: lines.map(({ action, target, cause }, at) => {
      const before = ids[at - 1]
      return {
        id: ids[at] ?? '',
        action,
        host,
        service: null,
        ordinal: null,
        target,
        cause,
        after: before === undefined ? [] : [before],
      }
    }),
    notes: [],
    capabilities: [],
    text: lines.map(({ action, target, cause }, at) => `${at + 1} ${action} ${target} because ${cause}`).join('\n'),
  }
}

/** The answer to `dryRun`. */
export function planAnswer(plan: PlanView): PlanAnswer {
  return { dryRun: true, plan, planDigest: plan.digest }
}

/** Throws `plan_changed`, carrying the new plan, where an expected digest is given and differs. */
export function expectPlan(expected: string | undefined, plan: PlanView): void {
  if (expected === undefined || expected === plan.digest) return
  throw new AppError('plan_changed', {
    detail: `the plan's digest is ${plan.digest} by now; the answer carries the new plan`,
    extra: { plan, planDigest: plan.digest },
  })
}
