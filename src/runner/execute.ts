import { errorOfStep, failure } from './failure.ts'
import { Journal } from './journal.ts'
import type { Fence } from './queue.ts'
import type { Database } from '../db/index.ts'
import type { CallOptions, Driver } from '../drivers/index.ts'
import { AppError, isAppError } from '../errors/app-error.ts'
import { sleep } from '../lib/abort.ts'
import { monotonicMs } from '../lib/clock.ts'
import type { Told } from '../observer/index.ts'
import { awaitVerdict, type DesiredApp, type Plan, type Step } from '../planning/index.ts'

/** Independent steps of one plan that run at once. */
const PARALLEL_STEPS = 8
const AWAIT_POLL_MS = { first: 100, most: 1000 }
const LOOK_GAP_MS = 30

export interface ExecuteOptions {
  readonly db: Database
  readonly fence: Fence
  readonly driver: Driver
  readonly desired: DesiredApp
  readonly plan: Plan
  /** The sequence number of the first step's record. */
  readonly firstSeq: number
  readonly call: CallOptions
  /** Ends the walk at the next step's boundary; what only waits is cut short. */
  readonly stopSignal: AbortSignal
  /** A step that changed the engine has finished. */
  readonly changed: () => void
  /** What is told of a container (by its id), or of an app's objects (by the app's), while a step waits for them. */
  readonly listen: (key: string) => Told
  /** How long one `await` step may wait in all. */
  readonly awaitMs: number
}

export interface ExecuteResult {
  /** `stopped`: `stop` said so; `subnet_taken`: the network needs another subnet. */
  readonly end: 'done' | 'stopped' | 'subnet_taken'
  readonly nextSeq: number
}

/**
 * Walks a plan: each step once all that it comes after have finished, independent ones side by side. The first failure keeps new
 * steps from starting, lets those under way end, and is thrown. No decisions are made here.
 *
 * A step's call is made once its beginning is written down; its end goes into the statement that writes the beginning of what
 * comes after it.
 */
export async function execute(options: ExecuteOptions): Promise<ExecuteResult> {
  const { plan, stopSignal } = options
  const waiting = new Map(plan.steps.map((step) => [step.id, step]))
  const finished = new Set<string>()
  const underWay = new Set<Promise<void>>()
  let seq = options.firstSeq
  let end: ExecuteResult['end'] = 'done'
  const failures: unknown[] = []
  const journal = new Journal(options.db, options.fence)
  const written: Promise<void>[] = []

  const run = async (step: Step): Promise<void> => {
    const nth = seq++
    try {
      const { result, message } = await runStep(options, journal, step, nth)
      if (result === 'done') finished.add(step.id)
      else end = result
      const wrote = journal.end({ seq: nth, status: result === 'stopped' ? 'cancelled' : 'succeeded', message })
      written.push(wrote.catch((error: unknown) => void failures.push(error)))
    } catch (error) {
      failures.push(error)
    }
  }

  while (waiting.size > 0 || underWay.size > 0) {
    if (end === 'done' && stopSignal.aborted) end = 'stopped'
    if (failures.length === 0 && end === 'done') {
      for (const step of waiting.values()) {
        if (underWay.size >= PARALLEL_STEPS) break
        if (!step.after.every((id) => finished.has(id))) continue
        waiting.delete(step.id)
        const running: Promise<void> = run(step).finally(() => underWay.delete(running))
        underWay.add(running)
      }
    }
    if (underWay.size === 0) break
    await Promise.race(underWay)
  }
  await Promise.all(written)
  if (failures.length > 0) throw failures[0]
  return { end, nextSeq: seq }
}

interface StepResult {
  readonly result: ExecuteResult['end']
  readonly message: string | null
}

async function runStep(options: ExecuteOptions, journal: Journal, step: Step, seq: number): Promise<StepResult> {
  const { desired, plan, stopSignal } = options
  await journal.begin({
    seq,
    key: step.id,
    host: plan.host,
    service: step.service,
    action: step.action,
    target: step.target,
    cause: step.cause,
  })
  try {
    return await act(options, step)
  } catch (error) {
    if (stopSignal.aborted && error === stopSignal.reason) return { result: 'stopped', message: 'cut off' }
    if (!isAppError(error)) {
      await journal.end({ seq, status: 'cancelled', message: 'cut off' }).catch(() => {})
      throw error
    }
    await journal.end({ seq, status: 'failed', message: error.options.detail })
    throw errorOfStep(error, {
      host: desired.host.name,
      service: step.service,
      instance: step.ordinal === null ? null : step.target,
    })
  }
}

async function act(options: ExecuteOptions, step: Step): Promise<StepResult> {
  const { driver, desired, call, stopSignal, changed } = options
  if (step.action === 'wait') {
    await sleep(step.waitMs ?? 0, AbortSignal.any([call.signal, stopSignal]))
    return { result: 'done', message: null }
  }
  if (step.action === 'await_healthy' || step.action === 'await_completed') {
    try {
      return { result: 'done', message: await waitFor(options, step) }
    } finally {
      changed()
    }
  }
  if (step.action === 'await_rollout' || step.action === 'await_gone') {
    try {
      return { result: 'done', message: await waitForObject(options, step) }
    } finally {
      changed()
    }
  }
  const outcome = await driver.execute(step, desired, call)
  changed()
  return outcome.result === 'done'
    ? { result: 'done', message: outcome.message ?? null }
    : { result: outcome.result, message: 'the engine refused the subnet' }
}

/** Looks at the container until it is as the step wants it. Throws `health_timeout` or `crash_loop` with the end of its log. */
async function waitFor(
  { driver, desired, call, stopSignal, awaitMs, listen }: ExecuteOptions,
  step: Step,
): Promise<string> {
  const { spec } = desired
  if (!spec || !step.service)
    throw new AppError('internal', { detail: 'a step waits for a service that the spec does not have' })
  const name = step.nativeId ?? step.target
  const startedAt = monotonicMs()
  const first = await driver.inspect(name, call)
  using told = listen(first?.nativeId ?? name)
  for (let container = first, pollMs = AWAIT_POLL_MS.first; ; pollMs = Math.min(pollMs * 1.5, AWAIT_POLL_MS.most)) {
    const waitedMs = monotonicMs() - startedAt
    const verdict = awaitVerdict({
      spec,
      service: step.service,
      container,
      waitedMs,
      firstHealth: first?.health ?? null,
      restartsAtStart: first?.restarts ?? 0,
    })
    if (verdict.state === 'ready')
      return `${step.action === 'await_completed' ? 'completed' : 'ready'} after ${(waitedMs / 1000).toFixed(1)} s`
    if (verdict.state === 'failed') throw await failure(driver, name, verdict, call)
    if (waitedMs > awaitMs) {
      throw await failure(
        driver,
        name,
        { code: 'health_timeout', detail: `not ready after ${Math.round(waitedMs / 1000)} s` },
        call,
      )
    }
    await told.next(pollMs, AbortSignal.any([call.signal, stopSignal]))
    container = await driver.inspect(name, call)
  }
}

/** Looks at a declared object until it is as far as the step wants it. Throws what keeps it from that: for good, or when the time is up. */
async function waitForObject(
  { driver, desired, call, stopSignal, awaitMs, listen }: ExecuteOptions,
  step: Step,
): Promise<string> {
  const startedAt = monotonicMs()
  using told = listen(desired.app.id)
  for (let pollMs = AWAIT_POLL_MS.first; ; pollMs = Math.min(pollMs * 1.5, AWAIT_POLL_MS.most)) {
    const progress = await driver.progress(step, desired, call)
    const waitedMs = monotonicMs() - startedAt
    const seconds = (waitedMs / 1000).toFixed(1)
    if (progress.state === 'done') return `${progress.message} after ${seconds} s`
    const { problem } = progress
    if (progress.state === 'failed' || waitedMs > awaitMs) {
      const late = progress.state === 'waiting' ? `not so after ${seconds} s: ` : ''
      throw new AppError(problem?.code ?? 'health_timeout', {
        detail: `${step.target}: ${late}${problem?.detail ?? 'nothing says what keeps it'}`,
        ...(problem?.instance && { instance: problem.instance }),
      })
    }
    const signal = AbortSignal.any([call.signal, stopSignal])
    await told.next(pollMs, signal)
    // A rollout changes its objects many times a second.
    await sleep(LOOK_GAP_MS, signal)
  }
}
