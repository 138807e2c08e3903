import type { AppSpec } from '../spec/index.ts'
import { names } from './names.ts'
import { dependentsOf, inDependencyOrder } from './order.ts'
import { isAlive, runsToCompletion } from './readiness.ts'
import { Chain, subjectOf, type Steps } from './steps.ts'
import { retire } from './retire.ts'
import type { DesiredApp, ObservedApp, ObservedContainer } from './types.ts'

/** Takes everything away: containers side by side, then the network, and the volumes where that is asked for. */
export function removeAll(steps: Steps, desired: DesiredApp, observed: ObservedApp): void {
  const cause = `${desired.app.name} is removed`
  const gone = inOrder(observed.containers).flatMap((container) =>
    retire(steps, container, { after: [], cause, others: false }),
  )
  if (observed.network) {
    const { name, nativeId } = observed.network
    steps.add({ id: 'network:remove_network', action: 'remove_network', target: name, cause, nativeId }, gone)
  }
  if (!desired.removeVolumes) return
  for (const { key, nativeId } of observed.volumes.toSorted((a, b) => byText(a.key, b.key))) {
    const sketch = {
      action: 'remove_volume' as const,
      target: names.volume(desired, key),
      cause: `${cause} with its volumes`,
      nativeId,
    }
    steps.add({ id: `volume:${key}:remove_volume`, ...sketch }, gone)
  }
}

/**
 * Stops what runs, each service after those that depend on it, and keeps the containers, the network and the volumes for the
 * next start. Only one that runs to an end and has not got there is removed too: stopped, it might look as if it had.
 */
export function stopAll(steps: Steps, spec: AppSpec, observed: ObservedApp): void {
  const cause = 'the app is to be stopped'
  const known = inDependencyOrder(spec).toReversed()
  const unknown = new Set(observed.containers.map(({ service }) => service).filter((name) => !known.includes(name)))
  const stopped = new Map<string, readonly string[]>()
  for (const name of [...known, ...[...unknown].toSorted(byText)]) {
    const before = known.includes(name)
      ? [...dependentsOf(spec, name)].flatMap((other) => stopped.get(other) ?? [])
      : []
    const alive = inOrder(observed.containers.filter((container) => container.service === name && isAlive(container)))
    const stops = alive.map((container) => {
      const chain = new Chain(steps, before)
      const stop = chain.add('stop_container', subjectOf(container), cause)
      if (runsToCompletion(spec, name))
        chain.add('remove_container', subjectOf(container), 'it has not completed, and begins anew at the next start')
      return stop
    })
    stopped.set(name, stops)
  }
}

function inOrder(containers: readonly ObservedContainer[]): readonly ObservedContainer[] {
  return containers.toSorted(
    (a, b) =>
      byText(a.service, b.service) ||
      a.ordinal - b.ordinal ||
      byText(a.serviceDigest, b.serviceDigest) ||
      byText(a.nativeId, b.nativeId),
  )
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
