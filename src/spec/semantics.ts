import type { Cursor } from './cursor.ts'
import { LIMITS } from './limits.ts'
import { record } from './names.ts'
import type { AppSpec, DependencySpec, PortSpec, ServiceSpec } from './types.ts'

/**
 * The dependencies that hold: on active services. One on a service that isn't there, on an inactive one that is required,
 * and a circle are problems; an inactive one that is not required is left out, as in Compose.
 */
export function checkDependencies(
  service: Cursor,
  dependencies: Readonly<Record<string, DependencySpec>>,
  all: ReadonlyMap<string, Cursor>,
  active: ReadonlyMap<string, Cursor>,
): ServiceSpec['dependsOn'] {
  const place = service.get('depends_on')
  const at = (name: string): Cursor => (place.has(name) ? place.get(name) : place)
  const kept: [string, DependencySpec][] = []
  for (const [name, dependency] of Object.entries(dependencies)) {
    if (!all.has(name)) at(name).invalid(`the document has no service "${name}"`)
    else if (active.has(name)) kept.push([name, dependency])
    else if (dependency.required)
      at(name).invalid(
        'requires a service that is inactive: COMPOSE_PROFILES in `variables` names none of its profiles',
      )
  }
  return record(kept)
}

/** Services whose dependencies form a circle, each as one problem of the service that closes it. */
export function checkCircles(services: ReadonlyMap<string, ServiceSpec>, places: ReadonlyMap<string, Cursor>): void {
  const done = new Set<string>()
  const open = new Set<string>()
  const visit = (name: string): void => {
    open.add(name)
    for (const next of Object.keys(services.get(name)?.dependsOn ?? {})) {
      if (open.has(next)) places.get(name)?.get('depends_on').invalid('services depend on each other in a circle')
      else if (!done.has(next)) visit(next)
    }
    open.delete(name)
    done.add(name)
  }
  for (const name of services.keys()) if (!done.has(name)) visit(name)
}

/** A host port can be given once: to one replica of one service. */
export function checkHostPorts(places: ReadonlyMap<string, Cursor>, services: ReadonlyMap<string, ServiceSpec>): void {
  const taken = new Map<string, { service: string; hostIp: string | null }[]>()
  for (const [name, { ports, replicas }] of services) {
    const place = places.get(name)?.get('ports')
    const fixed = ports.filter((port): port is PortSpec & { hostPort: number } => port.hostPort !== null)
    if (fixed.length > 0 && replicas > 1) {
      place?.invalid(
        'a fixed host port can be published by one replica alone: leave the host port out to get a free one for each, or use one replica',
      )
    }
    for (const { hostPort, hostIp, protocol } of fixed) {
      const holders = taken.get(`${hostPort}/${protocol}`) ?? []
      const holder = holders.find((other) => overlap(other.hostIp, hostIp))
      if (holder)
        place?.invalid(
          `the host port ${hostPort}/${protocol} is published twice, here and by the service ${holder.service}`,
        )
      taken.set(`${hostPort}/${protocol}`, [...holders, { service: name, hostIp }])
    }
  }
}

/** Why an app of these services is too large with these numbers of replicas (a service's own, where none is given); null where it is not. */
export function tooLarge(services: AppSpec['services'], replicas: Readonly<Record<string, number>>): string | null {
  if (charactersOf(services, LIMITS.specCharacters) > LIMITS.specCharacters)
    return `its services have more than ${LIMITS.specCharacters} characters (what is extended counts in each that extends it)`
  let containers = 0
  let publications = 0
  for (const [name, service] of Object.entries(services)) {
    const count = Object.hasOwn(replicas, name) ? (replicas[name] ?? 0) : service.replicas
    containers += count
    publications += count * service.ports.length
  }
  if (containers > LIMITS.containers) return `it has ${containers} containers; at most ${LIMITS.containers} are allowed`
  if (publications > LIMITS.publications)
    return `its containers publish ${publications} ports; at most ${LIMITS.publications} are allowed`
  return null
}

/** The characters of all keys and strings; counting ends soon after `most`. */
function charactersOf(value: unknown, most: number): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 1
  let count = 0
  for (const [key, member] of Object.entries(value)) {
    count += key.length + charactersOf(member, most - count)
    if (count > most) break
  }
  return count
}

function overlap(a: string | null, b: string | null): boolean {
  return a === b || [a, b].some((ip) => ip === null || ip === '0.0.0.0' || ip === '::')
}
