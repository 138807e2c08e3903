import type { AppSpec } from '../spec/index.ts'
import { reconcileDeclared } from './declared.ts'
import { names } from './names.ts'
import { inDependencyOrder } from './order.ts'
import { toPlan } from './plan.ts'
import { isAlive } from './readiness.ts'
import { retire } from './retire.ts'
import { rollOut, type Rollout } from './rollout.ts'
import { stateOf, type ServiceState } from './slots.ts'
import { Steps } from './steps.ts'
import { removeAll, stopAll } from './teardown.ts'
import type { DesiredApp, ObservedApp, ObservedContainer, Plan } from './types.ts'

/**
 * The steps that make what is observed equal to what is desired; none where it is so already and every wanted container is
 * ready. Equal arguments give an equal plan, and it may be computed from any half-done state: a container is known by its service,
 * ordinal and digest, never by the plan that made it.
 *
 * - A container that serves is taken away only after one of its ordinal serves in its place (start-first), or not more than
 *   `update.parallelism` at once (stop-first).
 * - Two containers of one ordinal and digest are never made.
 * - Services come after what they depend on, where that has steps in this plan; services that the spec no longer has go last.
 */
export function reconcile(desired: DesiredApp, observed: ObservedApp): Plan {
  const steps = new Steps()
  const notes: string[] = []
  if (desired.objects) reconcileDeclared({ steps, notes, desired, observed }, desired.objects)
  else if (!desired.spec) removeAll(steps, desired, observed)
  else if (!desired.running) stopAll(steps, desired.spec, observed)
  else makeAll({ steps, notes, desired, spec: desired.spec, observed })
  return toPlan({ host: desired.host.name, steps: steps.list, notes, capabilities: desired.notes })
}

interface Making {
  readonly steps: Steps
  readonly notes: string[]
  readonly desired: DesiredApp
  readonly spec: AppSpec
  readonly observed: ObservedApp
}

function makeAll({ steps, notes, desired, spec, observed }: Making): void {
  const states = inDependencyOrder(spec).flatMap((name) => stateOf({ desired, spec, observed, name }) ?? [])
  const network = makeNetwork(steps, desired, observed)
  const volumes = makeVolumes(steps, desired, observed, states)
  const pulls = pullImages(steps, states)

  const orphans = new Set(
    observed.containers
      .filter(({ service }) => !Object.hasOwn(spec.services, service))
      .toSorted((a, b) => (a.name === b.name ? byText(a.nativeId, b.nativeId) : byText(a.name, b.name))),
  )
  const rollouts = new Map<string, Rollout>()
  for (const state of states) {
    const { name, service } = state
    const own = service.mounts.flatMap((mount) => (mount.type === 'volume' ? (volumes.get(mount.source) ?? []) : []))
    const pull = creates(state) ? (pulls.get(service.image) ?? []) : []
    const gates = Object.entries(service.dependsOn).flatMap(([dependency, { condition }]) => {
      const rollout = rollouts.get(dependency)
      return (condition === 'service_started' ? rollout?.started : rollout?.ready) ?? []
    })
    const freed = freePorts({ steps, notes, state, orphans, ready: [...network, ...own, ...pull, ...gates] })
    const base = [...network, ...own, ...gates, ...freed]
    rollouts.set(name, rollOut({ desired, state, steps, notes, base, pull }))
  }

  const before = steps.ends
  for (const container of orphans) {
    retire(steps, container, { after: before, cause: `the spec has no service ${container.service}`, others: false })
  }
}

/**
 * Orphans go last, but for those that hold a host port that a service of the spec is about to publish (it has got another
 * name, mostly): they go right before it, and are taken out of `orphans`.
 */
function freePorts({
  steps,
  notes,
  state,
  orphans,
  ready,
}: {
  readonly steps: Steps
  readonly notes: string[]
  readonly state: ServiceState
  readonly orphans: Set<ObservedContainer>
  readonly ready: readonly string[]
}): readonly string[] {
  if (!state.slots.some(({ rise }) => rise.includes('start_container'))) return []
  return state.service.ports.flatMap(({ hostPort, protocol }) => {
    const holders = [...orphans].filter(
      (one) => isAlive(one) && one.ports?.some((port) => port.hostPort === hostPort && port.protocol === protocol),
    )
    return holders.flatMap((container) => {
      orphans.delete(container)
      notes.push(
        `${state.name}: a gap in service while it takes over the fixed host port ${hostPort} of ${container.service}`,
      )
      const cause = `the spec has no service ${container.service}, and ${state.name} publishes its host port ${hostPort}`
      return retire(steps, container, { after: ready, cause, others: false })
    })
  })
}

function makeNetwork(steps: Steps, desired: DesiredApp, observed: ObservedApp): readonly string[] {
  if (observed.network) return []
  const cause = 'the app has no network yet'
  return [
    steps.add({ id: 'network:create_network', action: 'create_network', target: names.network(desired), cause }, []),
  ]
}

function makeVolumes(
  steps: Steps,
  desired: DesiredApp,
  observed: ObservedApp,
  states: readonly ServiceState[],
): ReadonlyMap<string, readonly string[]> {
  const mounted = states.flatMap(({ name, service }) =>
    service.mounts.flatMap((mount) => (mount.type === 'volume' ? [{ key: mount.source, name }] : [])),
  )
  const missing = [...new Set(mounted.map(({ key }) => key))]
    .filter((key) => !observed.volumes.some((volume) => volume.key === key))
    .toSorted(byText)
  return new Map(
    missing.map((key) => {
      const users = [...new Set(mounted.filter((mount) => mount.key === key).map(({ name }) => name))].toSorted(byText)
      const cause = `${users.join(', ')} ${users.length > 1 ? 'mount' : 'mounts'} it`
      const target = names.volume(desired, key)
      return [key, [steps.add({ id: `volume:${key}:create_volume`, action: 'create_volume', target, cause }, [])]]
    }),
  )
}

/** Once for each image that a container is made from. */
function pullImages(steps: Steps, states: readonly ServiceState[]): ReadonlyMap<string, readonly string[]> {
  const making = states.filter(creates)
  const images = [...new Set(making.map(({ service }) => service.image))]
  return new Map(
    images.map((image) => {
      const users = making.filter(({ service }) => service.image === image)
      const policy =
        (['always', 'missing'] as const).find((one) => users.some(({ service }) => service.pullPolicy === one)) ??
        'never'
      const cause = `${users.map(({ name }) => name).join(', ')} ${users.length > 1 ? 'are' : 'is'} made from it (pull policy ${policy})`
      const service = users.length === 1 ? (users[0]?.name ?? null) : null
      const id = `image:${image}:pull_image`
      return [image, [steps.add({ id, action: 'pull_image', service, target: image, cause }, [])]]
    }),
  )
}

function creates({ slots }: ServiceState): boolean {
  return slots.some(({ rise }) => rise.includes('create_container'))
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
