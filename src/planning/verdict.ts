import type { AppSpec, ServiceSpec } from '../spec/index.ts'
import { isAwaited, isReady, serviceOf } from './readiness.ts'
import type { ObservedContainer } from './types.ts'

/** As many restarts, while it is waited for, are a crash loop. */
const CRASH_LOOP_RESTARTS = 3
/** The engine's defaults where a health check leaves them out. */
const HEALTH_DEFAULTS = { intervalNs: 30e9, retries: 3, startPeriodNs: 0 }

interface AwaitInput {
  readonly spec: AppSpec
  readonly service: string
  /** As it was just seen; null: it is gone. */
  readonly container: ObservedContainer | null
  /** Since the wait began. */
  readonly waitedMs: number
  /** Its health when the wait began. */
  readonly firstHealth: ObservedContainer['health']
  readonly restartsAtStart: number
}

export type AwaitVerdict =
  | { readonly state: 'waiting' }
  | { readonly state: 'ready' }
  | { readonly state: 'failed'; readonly code: 'health_timeout' | 'crash_loop'; readonly detail: string }

const WAITING: AwaitVerdict = { state: 'waiting' }
const crashed = (detail: string): AwaitVerdict => ({ state: 'failed', code: 'crash_loop', detail })

/**
 * What a wait for a container comes to: ready (or completed, where others await that), failed for good, or still open.
 * One that was unhealthy before the wait began has the time of a whole round of its health check to recover.
 */
export function awaitVerdict({
  spec,
  service,
  container,
  waitedMs,
  firstHealth,
  restartsAtStart,
}: AwaitInput): AwaitVerdict {
  const wanted = serviceOf(spec, service)
  if (!container || !wanted || container.state === 'removing') return crashed('the container is gone')
  if (isReady(spec, service, container)) return { state: 'ready' }
  const restarts = container.restarts - restartsAtStart
  if (restarts >= CRASH_LOOP_RESTARTS) return crashed(`it has restarted ${restarts} times${exitText(container)}`)
  if (container.state === 'dead') return crashed(`the engine could not end it: it is dead${exitText(container)}`)
  if (container.state === 'exited' && staysDown(spec, service, wanted, container)) {
    return crashed(`it exited with ${container.exitCode ?? 'an unknown code'}, and nothing restarts it`)
  }
  if (container.state === 'running' && container.health === 'unhealthy') {
    const overdue = firstHealth !== 'unhealthy' || waitedMs >= roundMs(wanted)
    if (overdue)
      return { state: 'failed', code: 'health_timeout', detail: 'its health check fails: the engine says unhealthy' }
  }
  return WAITING
}

function exitText({ exitCode }: ObservedContainer): string {
  return exitCode === null ? '' : `, the last time with exit code ${exitCode}`
}

/** The engine leaves an exited container alone: by its policy, for its exit code. */
function staysDown(
  spec: AppSpec,
  service: string,
  { restart }: ServiceSpec,
  { exitCode, restarts }: ObservedContainer,
): boolean {
  // One that others await has had its say with an exit that the engine itself does not mend.
  if (restart.policy === 'no' || (exitCode !== 0 && isAwaited(spec, service))) return true
  return (
    restart.policy === 'on-failure' &&
    (exitCode === 0 || (restart.maxAttempts !== null && restarts >= restart.maxAttempts))
  )
}

/** How long the engine may take from a start to its word on the health. */
function roundMs({ healthcheck }: ServiceSpec): number {
  const { intervalNs, retries, startPeriodNs } = {
    intervalNs: healthcheck?.intervalNs ?? HEALTH_DEFAULTS.intervalNs,
    retries: healthcheck?.retries ?? HEALTH_DEFAULTS.retries,
    startPeriodNs: healthcheck?.startPeriodNs ?? HEALTH_DEFAULTS.startPeriodNs,
  }
  return (startPeriodNs + (retries + 1) * intervalNs) / 1e6
}
