import { shortId } from '../lib/ids.ts'
import type { ObservedContainer, Plan, Step, StepAction } from './types.ts'

/** What a step is about: a container that is there, or one that a step of this plan makes. */
interface Subject {
  readonly service: string
  readonly ordinal: number
  readonly name: string
  readonly digest: string
  readonly nativeId: string | null
}

/** Actions that only let time pass, or look. */
const WAITS: ReadonlySet<StepAction> = new Set([
  'wait',
  'await_healthy',
  'await_completed',
  'await_rollout',
  'await_gone',
])

/**
 * The step of the plan mends what is missing or too much. Not so: what only has to come to an end by itself, and a declared object that is
 * there and merely outdated (by another version of this program, mostly) or spent, also where another takes its place: nobody asked for that.
 */
export function isHealing({ action, target, nativeId }: Step, { steps }: Pick<Plan, 'steps'>): boolean {
  const isReplaced = (): boolean =>
    (['apply_object', 'delete_object'] as const).every((other) =>
      steps.some((step) => step.action === other && step.target === target),
    )
  return !WAITS.has(action) && !(action === 'apply_object' && nativeId !== null) && !isReplaced()
}

type Sketch = Pick<Step, 'action' | 'target' | 'cause'> & Partial<Omit<Step, 'after'>>

/** The steps of a plan as it grows. Whatever a step comes after must be there before it, so the list's order is one that works. */
export class Steps {
  readonly #steps = new Map<string, Step>()
  readonly #followed = new Set<string>()

  get list(): readonly Step[] {
    return [...this.#steps.values()]
  }

  /** Ids of the steps that nothing comes after yet. */
  get ends(): string[] {
    return [...this.#steps.keys()].filter((id) => !this.#followed.has(id))
  }

  /** Adds a step and returns its id; a second one with the same wish for an id gets `~2` behind it. */
  add(sketch: Sketch & { readonly id: string }, after: readonly string[]): string {
    let id = sketch.id
    for (let nth = 2; this.#steps.has(id); nth++) id = `${sketch.id}~${nth}`
    const before = [...new Set(after)]
    for (const earlier of before) {
      if (!this.#steps.has(earlier)) throw new Error(`the step ${id} comes after ${earlier}, which is not in the plan`)
      this.#followed.add(earlier)
    }
    this.#steps.set(id, {
      id,
      action: sketch.action,
      service: sketch.service ?? null,
      ordinal: sketch.ordinal ?? null,
      target: sketch.target,
      cause: sketch.cause,
      after: before,
      nativeId: sketch.nativeId ?? null,
      serviceDigest: sketch.serviceDigest ?? null,
      serving: sketch.serving ?? null,
      waitMs: sketch.waitMs ?? null,
    })
    return id
  }
}

/** Steps of one container, each after the one before; `tail` is what comes after all of them has to wait for. */
export class Chain {
  readonly #steps: Steps
  tail: readonly string[]

  constructor(steps: Steps, after: readonly string[]) {
    this.#steps = steps
    this.tail = after
  }

  add(action: StepAction, subject: Subject, cause: string, more: { serving?: boolean; waitMs?: number } = {}): string {
    const { service, ordinal, name, digest, nativeId } = subject
    const id = `${service}/${ordinal}@${shortId(digest)}:${action}`
    const sketch = { id, action, service, ordinal, target: name, cause, nativeId, serviceDigest: digest, ...more }
    const added = this.#steps.add(sketch, this.tail)
    this.tail = [added]
    return added
  }
}

/** A container that was observed, as a step's subject. */
export function subjectOf({ service, ordinal, name, serviceDigest, nativeId }: ObservedContainer): Subject {
  return { service, ordinal, name, digest: serviceDigest, nativeId }
}
