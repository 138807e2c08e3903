import { digestOf } from '../lib/canonical.ts'
import type { Plan, Step } from './types.ts'

/** A plan of steps, with the digest of what is printed of it. */
export function toPlan({ host, steps, notes, capabilities }: Omit<Plan, 'digest'>): Plan {
  const printed = steps.map(({ action, service, ordinal, target, cause, waitMs, id, after }) => {
    return { id, action, service, ordinal, target, cause, waitMs, after }
  })
  return { host, steps, notes, capabilities, digest: digestOf({ host, steps: printed, notes, capabilities }) }
}

/**
 * A plan as lines for people: `2 create_container mrg-… after 1 because …`, the steps numbered in an order in which they can
 * be done; then its notes, then what the host does otherwise than the spec says. Empty for a plan of nothing.
 */
export function formatPlan(plan: Plan): string {
  const numbers = new Map(plan.steps.map((step, at) => [step.id, at + 1]))
  const lines = plan.steps.map((step, at) => `${at + 1} ${formatStep(step, numbers)}`)
  const notes = plan.notes.map((note) => `note: ${note}`)
  const capabilities = plan.capabilities.map(({ path, level, message }) =>
    [level, ...(path === '' ? [] : [path]), message].join(': '),
  )
  return [...lines, ...notes, ...capabilities].join('\n')
}

function formatStep({ action, target, waitMs, after, cause }: Step, numbers: ReadonlyMap<string, number>): string {
  const wait = waitMs === null ? '' : ` ${waitMs} ms`
  const order = after
    .map((id) => numbers.get(id) ?? 0)
    .toSorted((a, b) => a - b)
    .join(', ')
  return `${action} ${target}${wait}${order && ` after ${order}`} because ${cause}`
}
