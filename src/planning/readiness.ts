import type { ServiceSpec } from '../spec/index.ts'
import type { ObservedContainer } from './types.ts'

/** What of a spec says whether a container is ready. */
export interface ReadinessSpec {
  readonly services: Readonly<Record<string, Pick<ServiceSpec, 'restart' | 'dependsOn' | 'update'>>>
}

/** The service of that name; a container may be of one that the spec does not have. */
export function serviceOf<Service>(
  spec: { readonly services: Readonly<Record<string, Service>> },
  name: string,
): Service | undefined {
  return Object.hasOwn(spec.services, name) ? spec.services[name] : undefined
}

/** Others wait for the service's completion (`service_completed_successfully`). */
export function isAwaited(spec: ReadinessSpec, service: string): boolean {
  return Object.values(spec.services).some(
    (other) => other.dependsOn[service]?.condition === 'service_completed_successfully',
  )
}

/** The service's containers run to an end: others await its completion, or its restart policy is `no`. */
export function runsToCompletion(spec: ReadinessSpec, service: string): boolean {
  return serviceOf(spec, service)?.restart.policy === 'no' || isAwaited(spec, service)
}

/** The container has run to its end, as its service may: it is never started again. */
export function isCompleted(spec: ReadinessSpec, service: string, container: ObservedContainer): boolean {
  return container.state === 'exited' && container.exitCode === 0 && runsToCompletion(spec, service)
}

/**
 * Ready: completed, healthy, or (where nothing checks) running for `monitor` without a restart (the time that a container
 * runs begins anew at each restart). One whose completion others await is ready only once it has completed.
 */
export function isReady(spec: ReadinessSpec, service: string, container: ObservedContainer): boolean {
  const wanted = serviceOf(spec, service)
  if (!wanted) return false
  if (isCompleted(spec, service, container)) return true
  if (container.state !== 'running' || isAwaited(spec, service)) return false
  if (container.health !== null) return container.health === 'healthy'
  return container.runningForMs !== null && container.runningForMs >= wanted.update.monitorNs / 1e6
}

/** It answers to its service's name now. A stopped one keeps its names, but does not answer. */
export function serves(container: ObservedContainer): boolean {
  return container.serving && container.state === 'running'
}

/** It has a process, so it must be stopped before it is removed. */
export function isAlive({ state }: ObservedContainer): boolean {
  return state === 'running' || state === 'restarting' || state === 'paused'
}
