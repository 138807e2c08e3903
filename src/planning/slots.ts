import type { AppSpec, ServiceSpec } from '../spec/index.ts'
import { effectiveDigest, replicasOf } from './names.ts'
import { isAwaited, isCompleted, isReady, serviceOf, serves } from './readiness.ts'
import type { DesiredApp, ObservedApp, ObservedContainer, StepAction } from './types.ts'

/** One ordinal of a service: the container that is wanted, where it is there, and those that are in its place. */
export interface Slot {
  readonly ordinal: number
  readonly fresh: ObservedContainer | null
  readonly old: readonly ObservedContainer[]
  /** What makes the fresh one serve, in order; none where it does (or has completed). */
  readonly rise: readonly StepAction[]
}

/** A service as it is wanted, beside what there is of it. */
export interface ServiceState {
  readonly name: string
  readonly service: ServiceSpec
  readonly digest: string
  readonly slots: readonly Slot[]
  /** Containers of ordinals beyond the wanted number. */
  readonly excess: readonly ObservedContainer[]
  /** Others await its completion: it has no names to hand over, and what is outdated goes first. */
  readonly awaited: boolean
  /** A new container gets the service's names at once: nobody serves, so there is nobody to protect. */
  readonly servingAtOnce: boolean
  readonly order: UpdateOrder
}

/** `why`: the reason for stop-first, as the end of a sentence; `forced`: the update_config did not ask for it. */
type UpdateOrder =
  | { readonly stopFirst: false }
  | { readonly stopFirst: true; readonly why: string; readonly forced: boolean }

/** Start-first, unless two containers of one ordinal can't be side by side, or the spec says otherwise. */
export function updateOrder(service: ServiceSpec): UpdateOrder {
  const port = service.ports.find(({ hostPort }) => hostPort !== null)
  if (port) return { stopFirst: true, forced: true, why: `it publishes the fixed host port ${port.hostPort}` }
  for (const mount of service.mounts) {
    if (mount.type !== 'volume' || mount.readOnly) continue
    return { stopFirst: true, forced: true, why: `it mounts the volume ${mount.source} writable` }
  }
  if (service.update.order === 'stop-first')
    return { stopFirst: true, forced: false, why: 'its update_config says stop-first' }
  return { stopFirst: false }
}

/** Sorts what there is of a service into slots; null where the spec has no such service. */
export function stateOf({
  desired,
  spec,
  observed,
  name,
}: {
  readonly desired: DesiredApp
  readonly spec: AppSpec
  readonly observed: ObservedApp
  readonly name: string
}): ServiceState | null {
  const service = serviceOf(spec, name)
  if (!service) return null
  const digest = effectiveDigest(service, desired.restartGeneration)
  const replicas = replicasOf(desired, name, service)
  const mine = observed.containers.filter((container) => container.service === name)
  const awaited = isAwaited(spec, name)
  const servingAtOnce = awaited || !mine.some(serves)

  const rank = (container: ObservedContainer): number => {
    if (isCompleted(spec, name, container)) return 0
    const places = ['running', 'restarting', 'paused', 'created', 'exited'].indexOf(container.state)
    if (places > 0) return places + 5
    return places < 0 ? 20 : 4 - (serves(container) ? 2 : 0) - (isReady(spec, name, container) ? 1 : 0)
  }
  const best = (a: ObservedContainer, b: ObservedContainer): number =>
    rank(a) - rank(b) || (a.nativeId < b.nativeId ? -1 : 1)

  const slots = Array.from({ length: replicas }, (_, at): Slot => {
    const ordinal = at + 1
    const here = mine.filter((container) => container.ordinal === ordinal).toSorted(best)
    const fresh = here.find((container) => container.serviceDigest === digest) ?? null
    const ready = fresh !== null && isReady(spec, name, fresh)
    const completed = fresh !== null && isCompleted(spec, name, fresh)
    const rise = completed ? [] : riseOf(fresh, { ready, awaited, servingAtOnce, network: observed.network !== null })
    return { ordinal, fresh, old: here.filter((container) => container !== fresh), rise }
  })
  const excess = mine
    .filter(({ ordinal }) => ordinal > replicas || ordinal < 1)
    .toSorted((a, b) => b.ordinal - a.ordinal || best(a, b))
  return { name, service, digest, slots, excess, awaited, servingAtOnce, order: updateOrder(service) }
}

/**
 * The way up from each state. `dead` and `removing` can't be started again. `paused` is stopped and started: it has not answered
 * for we don't know how long, so its clients are better served by a fresh process than by one that wakes up in the past.
 */
function riseOf(
  fresh: ObservedContainer | null,
  {
    ready,
    awaited,
    servingAtOnce,
    network,
  }: { ready: boolean; awaited: boolean; servingAtOnce: boolean; network: boolean },
): StepAction[] {
  const wait: StepAction = awaited ? 'await_completed' : 'await_healthy'
  const anew: StepAction[] = [
    'create_container',
    'start_container',
    wait,
    ...(servingAtOnce ? [] : (['promote'] as const)),
  ]
  if (!fresh) return anew
  const promote: StepAction[] = fresh.serving || awaited ? [] : ['promote']
  switch (fresh.state) {
    case 'running':
      return ready ? promote : [wait, ...promote]
    case 'restarting':
      return [wait, ...promote]
    case 'paused':
      return ['stop_container', 'start_container', wait, ...promote]
    case 'created':
    case 'exited': {
      // What was attached to a network that is gone can't be started; a failed run to completion begins from nothing.
      const again = !network || (awaited && fresh.state === 'exited')
      return again ? ['remove_container', ...anew] : ['start_container', wait, ...promote]
    }
    default:
      return ['remove_container', ...anew]
  }
}
