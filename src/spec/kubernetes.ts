import { type Cursor, isDict } from './cursor.ts'
import {
  isAnnotation,
  isHostName,
  isId,
  isOwnName,
  isServiceName,
  isVariable,
  SERVICE_NAME_LENGTH,
} from './kubernetes-forms.ts'
import { LIMITS } from './limits.ts'
import { keyValues } from './lists.ts'
import type { Notes } from './notes.ts'
import { pointer } from './problems.ts'
import type { CapabilityNote, ServiceSpec } from './types.ts'
import { readText, SECOND_NS } from './units.ts'

/** A service as it runs, and where it is written. */
export interface WrittenService {
  readonly place: Cursor
  readonly spec: ServiceSpec
  /** Others await that it completes. */
  readonly awaited: boolean
}

const KINDS = ['kubernetes'] as const
const MAX_DNS = 3

const LABEL_FORM = 'must be a DNS label that begins with a letter and has no `--`'
const VARIABLE =
  'the name of a variable must have letters, digits, `_`, `.` and `-` alone, begin with none of the digits and not with `..`'
const LABEL =
  'the name of a label must be that of an annotation without a prefix, and of no container runtime: those speak to the cluster'

/**
 * What Kubernetes takes otherwise, or not at all, by the values that are given; what goes by the key alone is in the table. `volumes` are
 * those that are used.
 */
export function noteKubernetes(
  services: ReadonlyMap<string, WrittenService>,
  volumes: ReadonlyMap<string, Cursor>,
  notes: Notes,
): void {
  const tell = (level: CapabilityNote['level'], { path }: Cursor, message: string): void =>
    notes.add({ path, level, message }, KINDS)
  const teller: Teller = {
    refuse: (cursor, message) => tell('refused', cursor, message),
    approximate: (cursor, message) => tell('approximated', cursor, message),
  }
  for (const [name, volume] of volumes) {
    if (!isOwnName(name)) teller.refuse(volume, `the name ${LABEL_FORM}`)
    noteLabels(volume, teller)
  }
  for (const [name, service] of services) {
    if (!isServiceName(name))
      teller.refuse(service.place, `the name ${LABEL_FORM}, and up to ${SERVICE_NAME_LENGTH} characters`)
    noteNames(service, teller)
    noteProcess(service, teller)
    noteHealth(service, teller)
    noteLifecycle(service, teller)
    noteStorage(service, teller)
  }
}

interface Teller {
  readonly refuse: (cursor: Cursor, message: string) => void
  readonly approximate: (cursor: Cursor, message: string) => void
}

function noteNames({ place, spec }: WrittenService, { refuse, approximate }: Teller): void {
  for (const alias of place.get('networks').get('default').get('aliases').items())
    if (!isOwnName(readText(alias) ?? '')) refuse(alias, LABEL_FORM)
  if (spec.hostname !== null && !isHostName(spec.hostname)) refuse(place.get('hostname'), 'must be a DNS label')
  if (spec.dns.length > MAX_DNS) refuse(place.get('dns'), `at most ${MAX_DNS} can be asked`)
  const hosts = place.get('extra_hosts')
  const named: [string, Cursor][] = isDict(hosts.value)
    ? hosts.entries()
    : hosts.items().map((item) => [(readText(item) ?? '').split(/[=:]/)[0] ?? '', item])
  for (const [name, host] of named)
    if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(name.trim()))
      refuse(host, 'must be a DNS name in lower case')
  for (const port of place.get('ports').items())
    if (!isDict(port.value) && hasAddress(readText(port) ?? ''))
      approximate(port, 'the type of the Service says who reaches it, not the address')
}

/** True for `127.0.0.1:8080:80` and its like. */
function hasAddress(port: string): boolean {
  return port.slice(0, Math.max(0, port.lastIndexOf(':'))).includes(':')
}

function noteProcess({ place, spec }: WrittenService, { refuse, approximate }: Teller): void {
  for (const key of ['entrypoint', 'command'] as const)
    if (spec[key]?.length === 0) refuse(place.get(key), 'may not be empty: the image’s own would run')
  if (spec.user !== null && !spec.user.split(':').every(isId))
    refuse(place.get('user'), 'must be a number, or two like `1000:1000`: a name is known to the image alone')
  for (const group of place.get('group_add').items())
    if (!isId(readText(group) ?? '')) refuse(group, 'must be a number: a name is known to the image alone')
  for (const capability of place.get('cap_add').items())
    if (/^\s*(CAP_)?NET_RAW\s*$/i.test(readText(capability) ?? ''))
      refuse(capability, 'NET_RAW is more than Pod Security’s `baseline` allows')
  if (!Object.keys(spec.environment).every(isVariable))
    for (const cursor of keysBut(isVariable, place.get('environment'))) refuse(cursor, VARIABLE)
  if (!Object.keys(spec.labels).every(isAnnotation)) {
    noteLabels(place, { refuse })
    noteLabels(place.get('deploy'), { refuse })
  }
  if (spec.init)
    approximate(place.get('init'), 'the pod’s own first process reaps; its containers share their processes')
}

function noteLabels(place: Cursor, { refuse }: Pick<Teller, 'refuse'>): void {
  for (const cursor of keysBut(isAnnotation, place.get('labels'))) refuse(cursor, LABEL)
}

/** Where the keys stand that are not so: as many as are told of at most. */
function keysBut(isSo: (key: string) => boolean, map: Cursor): Cursor[] {
  const others: Cursor[] = []
  for (const [key, { cursor }] of keyValues(map)) {
    if (!isSo(key)) others.push(cursor)
    if (others.length === LIMITS.notes) break
  }
  return others
}

function noteHealth({ place, spec: { healthcheck } }: WrittenService, { approximate }: Teller): void {
  if (!healthcheck || healthcheck.disabled) return
  const at = place.get('healthcheck')
  if (healthcheck.test === null) {
    approximate(at, 'without a `test` nothing is checked: an image’s own HEALTHCHECK is not run')
    return
  }
  approximate(at, 'an unhealthy container is also started again')
  noteSeconds(at.get('interval'), healthcheck.intervalNs, approximate)
  noteSeconds(at.get('timeout'), healthcheck.timeoutNs, approximate)
  noteSeconds(at.get('start_period'), healthcheck.startPeriodNs, approximate)
}

function noteSeconds(cursor: Cursor, ns: number | null, approximate: Teller['approximate']): void {
  if ((ns ?? 0) % SECOND_NS !== 0) approximate(cursor, 'rounded up to whole seconds')
}

function noteLifecycle({ place, spec, awaited }: WrittenService, { refuse, approximate }: Teller): void {
  const deploy = place.get('deploy')
  if (spec.stopSignal !== null && spec.stopSignal !== 'SIGTERM')
    refuse(place.get('stop_signal'), 'only SIGTERM: the image says which signal')
  noteSeconds(place.get('stop_grace_period'), spec.stopGracePeriodNs, approximate)
  if (spec.mode === 'global' && (awaited || spec.restart.policy === 'no'))
    refuse(deploy.get('mode'), 'a service that is on each node is always started again: it can’t complete')
  if (spec.restart.policy === 'on-failure' && !awaited) {
    const short = place.get('restart')
    const at = short.given ? short : deploy.get('restart_policy').get('condition')
    approximate(at, 'nobody awaits the service: it is also started again after exit code 0, and without end')
  }
}

function noteStorage({ place, spec }: WrittenService, { approximate }: Teller): void {
  if (spec.mounts.some((mount) => mount.type === 'volume' && !mount.noCopy))
    approximate(place.get('volumes'), 'a claim begins empty: nothing of the image is copied into it')
  for (const item of place.get('tmpfs').items()) {
    const options = ((readText(item) ?? '').split(':')[1] ?? '').split(',').map((option) => option.split('=')[0] ?? '')
    if (options.includes('mode')) approximate(item, 'the mode is ignored: it is 0777')
    if (options.some((option) => ['noexec', 'nosuid', 'nodev'].includes(option)))
      approximate(item, '`noexec`, `nosuid` and `nodev` do not hold')
  }
}

/** The notes of a spec in which a service has this environment by now. */
export function renoteEnvironment(
  notes: readonly CapabilityNote[],
  service: string,
  environment: ServiceSpec['environment'],
): CapabilityNote[] {
  const at = pointer(pointer('/services', service), 'environment')
  const refused = Object.keys(environment).filter((name) => !isVariable(name))
  return [
    ...notes.filter(({ path, message }) => !(message === VARIABLE && path.startsWith(`${at}/`))),
    ...refused.map((name) => ({
      path: pointer(at, name),
      level: 'refused' as const,
      message: VARIABLE,
      kinds: [...KINDS],
    })),
  ]
}
