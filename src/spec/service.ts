import type { Cursor } from './cursor.ts'
import { readMode, readReplicas, readResources, readRestart, readUpdate } from './deploy.ts'
import { readHealthcheck } from './health.ts'
import {
  readAliases,
  readCapabilities,
  readDns,
  readEnvironment,
  readExtraHosts,
  readLabels,
  readTexts,
} from './lists.ts'
import { readMounts } from './mounts.ts'
import { LIMITS } from './limits.ts'
import { canonicalPath, isHostName, isImage, isKernelPath, record, sorted } from './names.ts'
import { readExpose, readPorts } from './ports.ts'
import { DEFAULT_CAPABILITIES, LOG_OPTIONS } from './service-keys.ts'
import { shellWords } from './shell-words.ts'
import type { DependencySpec, ServiceSpec } from './types.ts'
import { parseBytes, readBool, readBytes, readDuration, readInteger, readText, readWord, SECOND_NS } from './units.ts'

/** What the rest of the document says about a service. */
export interface Surroundings {
  readonly name: string
  /** Keys of the app's volumes. */
  readonly volumes: ReadonlySet<string>
  /** Others await that it completes. */
  readonly awaited: boolean
}

/** A service in the canonical model: all forms made one, all defaults explicit. Problems are recorded on the way. */
export function readService(service: Cursor, { name, volumes, awaited }: Surroundings): ServiceSpec {
  const deploy = service.get('deploy')
  const restart = readRestart(service) ?? { policy: awaited ? 'no' : 'unless-stopped', maxAttempts: null }
  if (awaited && (restart.policy === 'always' || restart.policy === 'unless-stopped')) {
    service
      .get('restart')
      .invalid(
        'others await that this service completes, so it may not be restarted when it ends: use "no" or on-failure',
      )
  }
  return {
    image: readImage(service),
    pullPolicy: readPullPolicy(service.get('pull_policy')),
    entrypoint: readCommand(service.get('entrypoint')),
    command: readCommand(service.get('command')),
    environment: readEnvironment(service.get('environment')),
    labels: readServiceLabels(service),
    user: readText(service.get('user')) || null,
    groupAdd: sorted(readTexts(service.get('group_add'))),
    workingDir: readWorkingDir(service.get('working_dir')),
    hostname: readHostName(service.get('hostname')),
    domainname: readHostName(service.get('domainname')),
    init: readBool(service.get('init'), false),
    tty: readBool(service.get('tty'), false),
    stdinOpen: readBool(service.get('stdin_open'), false),
    readOnly: readBool(service.get('read_only'), false),
    capAdd: readCapabilities(service.get('cap_add'), DEFAULT_CAPABILITIES),
    capDrop: readCapabilities(service.get('cap_drop'), null),
    extraHosts: readExtraHosts(service.get('extra_hosts')),
    dns: readDns(service.get('dns')),
    dnsSearch: readTexts(service.get('dns_search')),
    dnsOptions: readTexts(service.get('dns_opt')),
    aliases: readAliases(service.get('networks'), name),
    expose: readExpose(service.get('expose')),
    ports: readPorts(service.get('ports')),
    mounts: readMounts(service, volumes),
    ulimits: readUlimits(service.get('ulimits')),
    shmSizeBytes: readBytes(service.get('shm_size')) || null,
    oomScoreAdj: readOomScore(service.get('oom_score_adj')),
    stopSignal: readSignal(service.get('stop_signal')),
    stopGracePeriodNs: readDuration(service.get('stop_grace_period'), { max: 3600 * SECOND_NS }) ?? 10 * SECOND_NS,
    restart,
    healthcheck: readHealthcheck(service.get('healthcheck')),
    resources: readResources(service),
    logging: readLogging(service.get('logging')),
    dependsOn: readDependencies(service.get('depends_on')),
    replicas: readReplicas(service),
    ...readMode(service),
    update: readUpdate(deploy),
  }
}

function readImage(service: Cursor): string {
  const image = service.get('image')
  const text = readText(image) ?? ''
  if (text === '') service.invalid('needs an `image`')
  else if (!isImage(text)) image.invalid('must be the reference of an image, like registry.example.com/shop/web:1.4')
  return text
}

function readPullPolicy(cursor: Cursor): ServiceSpec['pullPolicy'] {
  // The table has refused every other word.
  const text = readText(cursor)
  return text === 'always' || text === 'never' ? text : 'missing'
}

function readCommand(cursor: Cursor): string[] | null {
  if (!cursor.given) return null
  if (Array.isArray(cursor.value)) return readTexts(cursor)
  const words = shellWords(readText(cursor) ?? '')
  if (words === null) cursor.invalid('a quote or a backslash is left open')
  return words
}

function readServiceLabels(service: Cursor): Record<string, string> {
  const own = readLabels(service.get('labels'))
  const deployed = readLabels(service.get('deploy').get('labels'))
  for (const [name, value] of Object.entries(deployed)) {
    if (Object.hasOwn(own, name) && own[name] !== value)
      service.get('deploy').get('labels').invalid('a label has another value than in `labels`')
  }
  return record(Object.entries({ ...deployed, ...own }))
}

function readWorkingDir(cursor: Cursor): string | null {
  const text = readText(cursor)
  if (text === null || text === '') return null
  const path = text === '/' ? text : canonicalPath(text)
  if (path === null) cursor.invalid('must be an absolute path without `..`')
  else if (isKernelPath(path)) cursor.refuse('a container may not begin in /proc, /sys or /dev')
  return path
}

function readHostName(cursor: Cursor): string | null {
  const text = readText(cursor)
  if (text === null || text === '') return null
  if (!isHostName(text)) cursor.invalid('must be a host name')
  return text
}

const ULIMITS = [
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
]

/** Limits that let a process take the CPU from all others: real-time priorities, and a nice value below 0. */
const MOST: Readonly<Record<string, number>> = { rtprio: 0, nice: 20 }

function readUlimits(cursor: Cursor): ServiceSpec['ulimits'] {
  const range = { min: -1, max: Number.MAX_SAFE_INTEGER }
  return record(
    cursor.entries().map(([name, limit]) => {
      if (!ULIMITS.includes(name)) limit.invalid(`must be one of ${ULIMITS.join(', ')}`)
      const single = Object.keys(limit.dict).length === 0
      const soft = readInteger(single ? limit : limit.get('soft'), range) ?? -1
      const hard = single ? soft : (readInteger(limit.get('hard'), range) ?? -1)
      if (hard !== -1 && (soft === -1 || soft > hard)) limit.invalid('the soft limit is above the hard one')
      const most = Object.hasOwn(MOST, name) ? MOST[name] : undefined
      if (most !== undefined && (hard === -1 || hard > most))
        limit.refuse(`at most ${most}: more would put the app before the host`)
      return [name, { soft, hard }] as const
    }),
  )
}

function readOomScore(cursor: Cursor): number | null {
  const score = readInteger(cursor, { min: -1000, max: 1000 })
  if (score !== null && score < 0) cursor.refuse('a negative value would put the app before the host')
  return score || null
}

const SIGNALS = [
  'HUP',
  'INT',
  'QUIT',
  'ILL',
  'TRAP',
  'ABRT',
  'BUS',
  'FPE',
  'KILL',
  'USR1',
  'SEGV',
  'USR2',
  'PIPE',
  'ALRM',
  'TERM',
  'STKFLT',
  'CHLD',
  'CONT',
  'STOP',
  'TSTP',
  'TTIN',
  'TTOU',
  'URG',
  'XCPU',
  'XFSZ',
  'VTALRM',
  'PROF',
  'WINCH',
  'IO',
  'PWR',
  'SYS',
]

/** `SIGTERM` for SIGTERM, TERM, term and 15; real-time signals as Docker names them. */
function readSignal(cursor: Cursor): string | null {
  const text = readText(cursor)?.toUpperCase() ?? ''
  if (text === '') return null
  const name = /^\d{1,2}$/.test(text) ? SIGNALS[Number(text) - 1] : text.replace(/^SIG/, '')
  if (name !== undefined && (SIGNALS.includes(name) || /^RTM(IN(\+\d{1,2})?|AX(-\d{1,2})?)$/.test(name)))
    return `SIG${name}`
  cursor.invalid('must be a signal, like SIGTERM')
  return null
}

function readLogging(cursor: Cursor): ServiceSpec['logging'] {
  if (!cursor.get('driver').given && !cursor.get('options').given) return null
  const driver = readText(cursor.get('driver')) ?? 'json-file'
  const known = Object.hasOwn(LOG_OPTIONS, driver) ? LOG_OPTIONS[driver] : undefined
  const options = cursor
    .get('options')
    .entries()
    .filter(([, option]) => option.given)
  for (const [name, option] of options) {
    if (known && !known.includes(name))
      option.refuse(
        known.length === 0 ? 'this driver takes no options' : `only these options are supported: ${known.join(', ')}`,
      )
  }
  for (const [name, option] of options) {
    const text = readText(option) ?? ''
    const bytes = name === 'max-size' ? parseBytes(text) : null
    if (name === 'max-size' && (bytes === null || bytes < 1024 || bytes > LIMITS.logBytes))
      option.invalid(`must be a size from 1k to ${LIMITS.logBytes / 1024 ** 2}m: a log never grows for ever`)
    if (name === 'max-file' && !(/^\d{1,2}$/.test(text) && Number(text) >= 1))
      option.invalid('must be a number from 1 to 99')
  }
  return { driver, options: record(options.map(([name, option]) => [name, readText(option) ?? ''] as const)) }
}

/** `depends_on` in both of its forms. */
export function readDependencies(cursor: Cursor): ServiceSpec['dependsOn'] {
  if (Array.isArray(cursor.value)) {
    return record(readTexts(cursor).map((name) => [name, { condition: 'service_started', required: true }] as const))
  }
  return record(cursor.entries().map(([name, dependency]) => [name, readDependency(dependency)] as const))
}

function readDependency(cursor: Cursor): DependencySpec {
  const conditions = ['service_started', 'service_healthy', 'service_completed_successfully'] as const
  return {
    condition: readWord(cursor.get('condition'), conditions, 'service_started'),
    required: readBool(cursor.get('required'), true),
  }
}
