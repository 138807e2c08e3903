import type { CallOptions, Driver } from '../../src/drivers/index.ts'
import { toObservedApp } from '../../src/drivers/index.ts'
import { AppError } from '../../src/errors/app-error.ts'
import {
  awaitVerdict,
  type DesiredApp,
  formatPlan,
  type ObservedApp,
  reconcile,
  type Step,
} from '../../src/planning/index.ts'
import { eventually } from '../lab/run.ts'
import { freely } from './build.ts'

const ROUNDS = 10
const POLL_MS = 100
/** More than any step of a test takes: a cluster may need a minute to take a namespace away. */
const STEP_MS = 120_000

export interface BringOptions {
  /** Each call of a step is made a second time. */
  readonly twice?: boolean
  readonly call?: CallOptions
}

/** What is there of an app. */
export async function lookAt(driver: Driver, desired: DesiredApp, call: CallOptions = freely()): Promise<ObservedApp> {
  return toObservedApp(await driver.observe({ appId: desired.app.id }, call))
}

/**
 * Makes what is equal to what is desired, as the runner does: looks, plans, carries the plan out step by step, and looks again until there
 * is nothing to do. Throws the first failure of a step.
 */
export async function bring(driver: Driver, desired: DesiredApp, options: BringOptions = {}): Promise<void> {
  const { twice = false, call = freely() } = options
  let left = ''
  for (let round = 0; round < ROUNDS; round += 1) {
    const plan = reconcile(desired, await lookAt(driver, desired, call))
    if (plan.steps.length === 0) return
    for (const step of plan.steps) {
      await carryOut({ driver, desired, call }, step)
      if (twice && isCall(step)) await carryOut({ driver, desired, call }, step)
    }
    left = formatPlan(plan)
  }
  throw new Error(`it is not as desired after ${ROUNDS} plans, the last one:\n${left}`)
}

interface Carrying {
  readonly driver: Driver
  readonly desired: DesiredApp
  readonly call: CallOptions
}

/** It changes something on the engine. */
export function isCall({ action }: Step): boolean {
  return action !== 'wait' && !action.startsWith('await_')
}

async function carryOut(carrying: Carrying, step: Step): Promise<void> {
  const { driver, desired, call } = carrying
  switch (step.action) {
    // A drain, or the delay of an update: no test has requests under way.
    case 'wait':
      return
    case 'await_healthy':
    case 'await_completed':
      return await awaitContainer(carrying, step)
    case 'await_rollout':
    case 'await_gone':
      return await awaitObject(carrying, step)
    default: {
      const { result } = await driver.execute(step, desired, call)
      if (result !== 'done') throw new Error(`${step.id}: ${result}`)
    }
  }
}

async function awaitContainer({ driver, desired: { spec }, call }: Carrying, step: Step): Promise<void> {
  const { service } = step
  if (!spec || service === null) throw new Error(`${step.id} waits for a service that the spec does not have`)
  const name = step.nativeId ?? step.target
  const startedAt = performance.now()
  const first = await driver.inspect(name, call)
  await polled(step, async () => {
    const verdict = awaitVerdict({
      spec,
      service,
      container: await driver.inspect(name, call),
      waitedMs: performance.now() - startedAt,
      firstHealth: first?.health ?? null,
      restartsAtStart: first?.restarts ?? 0,
    })
    if (verdict.state === 'failed') throw new AppError(verdict.code, { detail: verdict.detail })
    return verdict.state === 'ready'
  })
}

async function awaitObject({ driver, desired, call }: Carrying, step: Step): Promise<void> {
  let problem = ''
  await polled(step, async () => {
    const progress = await driver.progress(step, desired, call)
    if (progress.state === 'failed') throw new AppError(progress.problem.code, { detail: progress.problem.detail })
    if (progress.state === 'waiting') problem = progress.problem?.detail ?? ''
    return progress.state === 'done'
  }).catch((error: unknown) => {
    throw problem === '' || error instanceof AppError ? error : new Error(`${step.id}: ${problem}`, { cause: error })
  })
}

async function polled(step: Step, isSo: () => Promise<boolean>): Promise<void> {
  await eventually(
    step.id,
    async () => {
      if (await isSo()) return true
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      return false
    },
    STEP_MS,
  )
}
