import { HOST_KINDS } from './capabilities.ts'
import { check } from './check.ts'
import { Cursor, isDict } from './cursor.ts'
import { extendServices, extendsOf } from './extend.ts'
import { noteKubernetes, type WrittenService } from './kubernetes.ts'
import { readLabels } from './lists.ts'
import { isName, NAME_FORM, record, sorted } from './names.ts'
import { Notes } from './notes.ts'
import { readRoutes } from './routes.ts'
import { checkCircles, checkDependencies, checkHostPorts, tooLarge } from './semantics.ts'
import { readDependencies, readService } from './service.ts'
import type { AppSpec, CapabilityNote, PlacementSpec, ServiceSpec, VolumeSpec } from './types.ts'
import { readDuration, readText, SECOND_NS } from './units.ts'

/** The canonical model of a document that fits the schema. What stands against it is recorded in the cursor's problems. */
export function readApp(root: Cursor): { spec: AppSpec; notes: CapabilityNote[] } {
  const notes = new Notes()
  const { services: _, ...rest } = root.dict
  check(new Cursor(rest, '', root.context), '', notes)

  const written = new Map(root.get('services').entries())
  for (const [name, service] of written) if (!isName(name)) service.invalid(`the name of a service ${NAME_FORM}`)
  if (written.size === 0) root.get('services').invalid('needs at least one service')
  const extended = extendServices(root.get('services'))
  const active = activeServices(extended, root)
  for (const name of withBases(active.keys(), written)) {
    const service = written.get(name)
    if (service) check(service, 'services.*', notes)
  }

  for (const [name, network] of root.get('networks').entries())
    if (name !== 'default') network.refuse('an app has one network, `default`')
  const volumes = readVolumes(root.get('volumes'))
  const awaited = awaitedServices(active)
  const services = new Map<string, ServiceSpec>()
  const running = new Map<string, WrittenService>()
  for (const [name, service] of active) {
    const spec = readService(service, { name, volumes: new Set(volumes.keys()), awaited: awaited.has(name) })
    services.set(name, { ...spec, dependsOn: checkDependencies(service, spec.dependsOn, extended, active) })
    running.set(name, { place: service, spec, awaited: awaited.has(name) })
  }
  checkCircles(services, active)
  checkHostPorts(active, services)
  const large = tooLarge(record(services), {})
  if (large !== null) root.get('services').invalid(`the app is too large: ${large}`)
  const used = new Set(
    [...services.values()].flatMap(({ mounts }) =>
      mounts.map((mount) => (mount.type === 'volume' ? mount.source : '')),
    ),
  )
  const places = root.get('volumes')
  noteKubernetes(
    running,
    new Map([...volumes.keys()].filter((name) => used.has(name)).map((name) => [name, places.get(name)])),
    notes,
  )
  const routes = readRoutes(root.get('x-moorage').get('routes'), new Set(active.keys()))
  const spec: AppSpec = {
    services: record(services),
    volumes: record([...volumes].filter(([name]) => used.has(name))),
    ...readMoorage(root.get('x-moorage')),
    ...(routes.length > 0 && { routes }),
  }
  return { spec, notes: notes.list() }
}

/** Those without profiles, and those of which `COMPOSE_PROFILES` names one (`*` names all). */
function activeServices(services: ReadonlyMap<string, Cursor>, root: Cursor): Map<string, Cursor> {
  const wanted = new Set(
    (root.context.variables.get('COMPOSE_PROFILES') ?? '').split(',').map((profile) => profile.trim()),
  )
  const active = new Map(
    [...services].filter(([, service]) => {
      const profiles = service
        .get('profiles')
        .items()
        .map((profile) => readText(profile) ?? '')
      return profiles.length === 0 || wanted.has('*') || profiles.some((profile) => wanted.has(profile))
    }),
  )
  if (services.size > 0 && active.size === 0) {
    root.get('services').invalid('every service has a profile, and COMPOSE_PROFILES in `variables` names none of them')
  }
  return active
}

/** What is active, and what that extends: an inactive base is part of what runs. */
function withBases(active: Iterable<string>, written: ReadonlyMap<string, Cursor>): Set<string> {
  const names = new Set<string>()
  for (const name of active) {
    let at: string | null = name
    while (at !== null && !names.has(at)) {
      names.add(at)
      const service: Cursor | undefined = written.get(at)
      at = service ? extendsOf(service) : null
    }
  }
  return names
}

function awaitedServices(active: ReadonlyMap<string, Cursor>): Set<string> {
  const awaited = new Set<string>()
  for (const service of active.values()) {
    for (const [name, { condition }] of Object.entries(readDependencies(service.get('depends_on')))) {
      if (condition === 'service_completed_successfully') awaited.add(name)
    }
  }
  return awaited
}

function readVolumes(cursor: Cursor): Map<string, VolumeSpec> {
  return new Map(
    cursor.entries().map(([name, volume]) => {
      if (!isName(name)) volume.invalid(`the name of a volume ${NAME_FORM}`)
      return [name, { labels: readLabels(volume.get('labels')) }] as const
    }),
  )
}

function readMoorage(cursor: Cursor): { placement: PlacementSpec; progressDeadlineNs: number | null } {
  const placement = cursor.get('placement')
  for (const map of [cursor, placement, placement.get('hosts')])
    if (map.given && !isDict(map.value)) map.invalid('must be a map')
  const kinds = placement.get('kinds')
  if (kinds.given && !Array.isArray(kinds.value)) kinds.invalid(`must be a list of ${HOST_KINDS.join(', ')}`)
  const hosts = placement
    .get('hosts')
    .entries()
    .map(([label, value]) => {
      if (!value.given) value.invalid('must be a string')
      return [label, readText(value) ?? ''] as const
    })
  return {
    placement: { hosts: record(hosts), kinds: sorted(kinds.items().map((kind) => readText(kind) ?? '')) },
    progressDeadlineNs: readDuration(cursor.get('progressDeadline'), { min: 5 * SECOND_NS }),
  }
}
