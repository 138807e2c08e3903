import type { ServiceSpec } from '../spec/index.ts'
import { replicasOf } from './names.ts'
import { isAlive, isCompleted, isReady, serves, serviceOf } from './readiness.ts'
import type { DesiredApp, ObservedApp, ObservedContainer, Plan, Step } from './types.ts'

/** What the simulated containers do, by their service digest; where nothing is said they become healthy and run on. */
export interface SimulateOptions {
  /** Never healthy, or where nothing checks, always restarting. */
  readonly neverReady?: ReadonlySet<string>
  /** Exits with this code soon after its start. */
  readonly exits?: ReadonlyMap<string, number>
  /** The exit code of a container that is stopped; default 143. */
  readonly stopCode?: number
}

/** What the simulated engine remembers beside what is observed. */
export interface SimulatedApp extends ObservedApp {
  /** How many objects it has made: native ids are never used again. */
  readonly made?: number
}

interface SimulatedStep {
  readonly observed: SimulatedApp
  /** null: the step is done. */
  readonly failed: string | null
}

/** What no step of a plan may ask for: an engine would refuse it, or something would be lost. */
class SimulationFault extends Error {
  override readonly name = 'SimulationFault'
}

/**
 * Does one step on a simulated engine, which is stricter than a real one: a name twice, a removal of what runs, a taken port or
 * a stale id is a SimulationFault. Waiting lets time pass for all containers alike. A wait for what never comes, or a port that
 * is taken, is `failed`.
 */
export function applyStep(
  observed: SimulatedApp,
  step: Step,
  desired: DesiredApp,
  options: SimulateOptions = {},
): SimulatedStep {
  const done = (next: Partial<SimulatedApp>): SimulatedStep => ({ observed: { ...observed, ...next }, failed: null })
  const alter = (change: (container: ObservedContainer) => ObservedContainer): SimulatedStep => {
    const target = find(observed, step)
    return done({
      containers: observed.containers.map((container) => (container === target ? change(container) : container)),
    })
  }
  switch (step.action) {
    case 'pull_image':
      return done({})
    case 'wait':
      return done(passTime(observed, desired, step.waitMs ?? 0, options))
    case 'await_healthy':
    case 'await_completed':
      return awaitContainer(observed, step, desired, options)
    case 'create_network': {
      check(observed.network === null, step, 'there is a network already')
      const made = (observed.made ?? 0) + 1
      return done({ made, network: { nativeId: `net-${made}`, name: step.target, subnet: desired.subnet } })
    }
    case 'remove_network':
      check(observed.network?.nativeId === step.nativeId, step, 'its id is stale')
      check(observed.containers.length === 0, step, 'containers are attached to it')
      return done({ network: null })
    case 'create_volume': {
      const key = step.id.slice('volume:'.length, -':create_volume'.length)
      check(!observed.volumes.some((volume) => volume.key === key), step, 'there is such a volume already')
      const made = (observed.made ?? 0) + 1
      return done({ made, volumes: [...observed.volumes, { nativeId: `vol-${made}`, key }] })
    }
    case 'remove_volume':
      check(
        observed.volumes.some(({ nativeId }) => nativeId === step.nativeId),
        step,
        'its id is stale',
      )
      return done({ volumes: observed.volumes.filter(({ nativeId }) => nativeId !== step.nativeId) })
    case 'create_container':
      return create(observed, step, desired)
    case 'start_container':
      return start(observed, step, desired)
    case 'stop_container':
      check(step.nativeId !== null && find(observed, step).state !== 'created', step, 'it never ran')
      return alter((container) =>
        isAlive(container)
          ? { ...container, state: 'exited', exitCode: options.stopCode ?? 143, runningForMs: null }
          : container,
      )
    case 'remove_container': {
      const target = find(observed, step)
      check(step.nativeId !== null && !isAlive(target), step, 'it runs')
      return done({ containers: observed.containers.filter((container) => container !== target) })
    }
    case 'promote':
      check(find(observed, step).state !== 'created', step, 'it never ran')
      return alter((container) => ({ ...container, serving: true }))
    case 'withdraw':
      check(step.nativeId !== null && find(observed, step).state !== 'created', step, 'it never ran')
      return alter((container) => ({ ...container, serving: false }))
    case 'apply_object':
    case 'delete_object':
    case 'await_rollout':
    case 'await_gone':
      throw new SimulationFault(`${step.id}: an engine of containers has no declared objects`)
    default:
      return step.action satisfies never
  }
}

/**
 * Walks a whole plan; where several steps may be next, `choose` takes one by its index (default: the first, which is the
 * plan's own order). Ends at the first step that fails. `seen` is called with the state after each step.
 */
export function simulate(input: {
  readonly plan: Plan
  readonly desired: DesiredApp
  readonly observed: SimulatedApp
  readonly options?: SimulateOptions
  readonly choose?: (count: number) => number
  /** Ends after so many steps, as a process that is killed does. */
  readonly most?: number
  readonly seen?: (observed: SimulatedApp, step: Step) => void
}): SimulatedStep {
  const { plan, desired, options, choose = () => 0, most = Infinity, seen } = input
  let { observed } = input
  const waiting = [...plan.steps]
  const finished = new Set<string>()
  while (waiting.length > 0 && finished.size < most) {
    const next = waiting.filter(({ after }) => after.every((id) => finished.has(id)))
    const step = next[choose(next.length) % next.length]
    if (!step) throw new SimulationFault('the steps of the plan wait for each other')
    const result = applyStep(observed, step, desired, options)
    observed = result.observed
    seen?.(observed, step)
    if (result.failed !== null) return result
    finished.add(step.id)
    waiting.splice(waiting.indexOf(step), 1)
  }
  return { observed, failed: null }
}

/** How many of a service's wanted ordinals no ready container serves. */
export function countDown(desired: DesiredApp, observed: ObservedApp, name: string): number {
  const { spec } = desired
  const service = spec && serviceOf(spec, name)
  if (!service) return 0
  const up = new Set(
    observed.containers
      .filter((container) => container.service === name && serves(container) && isReady(spec, name, container))
      .map(({ ordinal }) => ordinal),
  )
  return Array.from({ length: replicasOf(desired, name, service) }, (_, at) => at + 1).filter(
    (ordinal) => !up.has(ordinal),
  ).length
}

function check(holds: boolean, step: Step, why: string): void {
  if (!holds) throw new SimulationFault(`${step.id}: ${why}`)
}

function find(observed: SimulatedApp, step: Step): ObservedContainer {
  const found = observed.containers.find(({ nativeId, name }) =>
    step.nativeId === null ? name === step.target : nativeId === step.nativeId,
  )
  if (!found) throw new SimulationFault(`${step.id}: there is no such container`)
  return found
}

function wantedOf(desired: DesiredApp, step: Step): ServiceSpec {
  const service = desired.spec && serviceOf(desired.spec, step.service ?? '')
  if (!service) throw new SimulationFault(`${step.id}: the spec has no such service`)
  return service
}

function create(observed: SimulatedApp, step: Step, desired: DesiredApp): SimulatedStep {
  const service = wantedOf(desired, step)
  check(observed.network !== null, step, 'there is no network')
  check(!observed.containers.some(({ name }) => name === step.target), step, 'its name is taken')
  for (const mount of service.mounts) {
    check(
      mount.type !== 'volume' || observed.volumes.some(({ key }) => key === mount.source),
      step,
      'a volume is missing',
    )
  }
  const made = (observed.made ?? 0) + 1
  const container: ObservedContainer = {
    nativeId: `c-${made}`,
    name: step.target,
    service: step.service ?? '',
    ordinal: step.ordinal ?? 0,
    serviceDigest: step.serviceDigest ?? '',
    state: 'created',
    health: null,
    exitCode: null,
    restarts: 0,
    runningForMs: null,
    serving: step.serving ?? false,
    ports: service.ports.flatMap(({ hostPort, protocol }) => (hostPort === null ? [] : [{ hostPort, protocol }])),
  }
  return { observed: { ...observed, made, containers: [...observed.containers, container] }, failed: null }
}

function start(observed: SimulatedApp, step: Step, desired: DesiredApp): SimulatedStep {
  const target = find(observed, step)
  const { healthcheck } = wantedOf(desired, step)
  check(target.state === 'created' || target.state === 'exited', step, `it is ${target.state}`)
  const held = observed.containers.filter(isAlive).flatMap(({ ports }) => ports ?? [])
  const taken = target.ports?.find((port) =>
    held.some(({ hostPort, protocol }) => hostPort === port.hostPort && protocol === port.protocol),
  )
  if (taken) return { observed, failed: `the host port ${taken.hostPort} is taken` }
  const health = healthcheck && !healthcheck.disabled ? 'starting' : null
  const running = {
    ...target,
    state: 'running' as const,
    health: health as ObservedContainer['health'],
    exitCode: null,
    restarts: 0,
    runningForMs: 0,
  }
  return {
    observed: { ...observed, containers: observed.containers.map((other) => (other === target ? running : other)) },
    failed: null,
  }
}

function awaitContainer(
  observed: SimulatedApp,
  step: Step,
  desired: DesiredApp,
  options: SimulateOptions,
): SimulatedStep {
  const { update } = wantedOf(desired, step)
  const later = { ...observed, ...passTime(observed, desired, update.monitorNs / 1e6, options) }
  const container = find(later, step)
  const { spec } = desired
  const holds =
    spec !== null && (step.action === 'await_completed' ? isCompleted : isReady)(spec, container.service, container)
  return {
    observed: later,
    failed: holds ? null : `it is ${container.state}, health ${container.health}, exit code ${container.exitCode}`,
  }
}

/** What `ms` do to all containers that run. */
function passTime(
  observed: SimulatedApp,
  desired: DesiredApp,
  ms: number,
  options: SimulateOptions,
): Pick<SimulatedApp, 'containers'> {
  return { containers: observed.containers.map((container) => age(container, desired, ms, options)) }
}

function age(
  container: ObservedContainer,
  desired: DesiredApp,
  ms: number,
  { neverReady, exits }: SimulateOptions,
): ObservedContainer {
  const restarts = container.state === 'restarting' && !neverReady?.has(container.serviceDigest)
  if (restarts) return age({ ...container, state: 'running', runningForMs: 0 }, desired, ms, { neverReady, exits })
  if (container.state !== 'running') return container
  const exitCode = exits?.get(container.serviceDigest)
  if (exitCode !== undefined) {
    const policy = (desired.spec && serviceOf(desired.spec, container.service)?.restart.policy) ?? 'no'
    const ends = policy === 'no' || (exitCode === 0 && policy === 'on-failure')
    return {
      ...container,
      exitCode,
      restarts: container.restarts + (ends ? 0 : 3),
      runningForMs: null,
      state: ends ? 'exited' : 'restarting',
    }
  }
  if (neverReady?.has(container.serviceDigest)) {
    if (container.health === null)
      return { ...container, exitCode: 1, restarts: container.restarts + 3, runningForMs: null, state: 'restarting' }
    return { ...container, health: 'unhealthy', runningForMs: (container.runningForMs ?? 0) + ms }
  }
  const health = container.health === null ? null : 'healthy'
  return { ...container, health, runningForMs: (container.runningForMs ?? 0) + ms }
}
