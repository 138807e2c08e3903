import type { Cursor } from './cursor.ts'
import { LIMITS } from './limits.ts'
import type { ResourcesSpec, ServiceSpec, UpdateSpec } from './types.ts'
import { readBytes, readCpus, readDuration, readInteger, readText, readWord, SECOND_NS } from './units.ts'

const HOUR_NS = 3600 * SECOND_NS
const MIN_MEMORY = 6 * 1024 ** 2
/** What `parallelism: 0` (all at once) becomes: more than there can be. */
const ALL_AT_ONCE = 1_000_000

/** One figure that two keys may give; they must agree. 0 is no limit. */
function either(one: Cursor, other: Cursor, read: (cursor: Cursor) => number | null): number | null {
  const first = read(one)
  const second = read(other)
  if (one.given && other.given && first !== second)
    other.invalid(`says something else than ${one.path}; give one of them`)
  return first ?? second
}

const readMemory = (cursor: Cursor): number | null => {
  const bytes = readBytes(cursor)
  if (bytes !== null && bytes > 0 && bytes < MIN_MEMORY) cursor.invalid('must be at least 6M')
  return bytes
}

const readPids = (cursor: Cursor): number | null => {
  const pids = readInteger(cursor, { min: -1, max: 4_194_304 })
  return pids === -1 ? 0 : pids
}

export function readResources(service: Cursor): ResourcesSpec {
  const limits = service.get('deploy').get('resources').get('limits')
  const reservations = service.get('deploy').get('resources').get('reservations')
  const resources: ResourcesSpec = {
    cpus: either(limits.get('cpus'), service.get('cpus'), readCpus) || null,
    memoryBytes: either(limits.get('memory'), service.get('mem_limit'), readMemory) || null,
    pids: either(limits.get('pids'), service.get('pids_limit'), readPids) || null,
    reservedCpus: readCpus(reservations.get('cpus')) || null,
    reservedMemoryBytes: either(reservations.get('memory'), service.get('mem_reservation'), readMemory) || null,
  }
  if (over(resources.reservedCpus, resources.cpus)) reservations.get('cpus').invalid('reserves more than the limit')
  if (over(resources.reservedMemoryBytes, resources.memoryBytes)) {
    const older = service.get('mem_reservation')
    ;(older.given ? older : reservations.get('memory')).invalid('reserves more than the limit')
  }
  return resources
}

function over(reserved: number | null, limit: number | null): boolean {
  return reserved !== null && limit !== null && reserved > limit
}

export function readReplicas(service: Cursor): number {
  const read = (cursor: Cursor): number | null => readInteger(cursor, { min: 0, max: LIMITS.replicas })
  return either(service.get('deploy').get('replicas'), service.get('scale'), read) ?? 1
}

/** `mode: global`, of which there is one on each node, so that it takes no number; nothing where the mode is the usual one. */
export function readMode(service: Cursor): { readonly mode?: 'global' } {
  const deploy = service.get('deploy')
  if (readWord(deploy.get('mode'), ['replicated', 'global'], 'replicated') === 'replicated') return {}
  for (const number of [deploy.get('replicas'), service.get('scale')])
    if (number.given) number.invalid('a service of the mode `global` is on each node once: it takes no number')
  return { mode: 'global' }
}

/** How a change rolls out; `rollback_config` must say the same. */
export function readUpdate(deploy: Cursor): UpdateSpec {
  const update = readRollout(deploy.get('update_config'))
  const rollback = deploy.get('rollback_config')
  if (rollback.given) {
    const back = readRollout(rollback)
    const same =
      back.parallelism === update.parallelism && back.delayNs === update.delayNs && back.order === update.order
    if (!same || back.monitorNs !== update.monitorNs)
      rollback.refuse('must say the same as update_config: going back is the same rollout')
  }
  return update
}

function readRollout(cursor: Cursor): UpdateSpec {
  const parallelism = readInteger(cursor.get('parallelism'), { min: 0, max: ALL_AT_ONCE }) ?? 1
  return {
    parallelism: parallelism === 0 ? ALL_AT_ONCE : parallelism,
    delayNs: readDuration(cursor.get('delay'), { max: HOUR_NS }) ?? 0,
    order: readWord(cursor.get('order'), ['start-first', 'stop-first'], 'start-first'),
    monitorNs: readDuration(cursor.get('monitor'), { max: HOUR_NS }) ?? 5 * SECOND_NS,
  }
}

type Restart = ServiceSpec['restart']

const CONDITIONS: Readonly<Record<string, Restart['policy']>> = {
  any: 'unless-stopped',
  'on-failure': 'on-failure',
  none: 'no',
}

/** `restart` and `deploy.restart_policy`, which must agree; null where the service says nothing. */
export function readRestart(service: Cursor): Restart | null {
  const short = readShortRestart(service.get('restart'))
  const policy = service.get('deploy').get('restart_policy')
  if (!policy.given) return short
  const condition = readText(policy.get('condition')) ?? 'any'
  const long: Restart = {
    policy: (Object.hasOwn(CONDITIONS, condition) ? CONDITIONS[condition] : undefined) ?? 'unless-stopped',
    maxAttempts: readInteger(policy.get('max_attempts'), { min: 0, max: 10_000 }) || null,
  }
  if (long.maxAttempts !== null && long.policy !== 'on-failure') {
    policy.get('max_attempts').refuse('only supported with `condition: on-failure`')
  }
  if (short && (short.policy !== long.policy || short.maxAttempts !== long.maxAttempts)) {
    policy.invalid(`says something else than ${service.get('restart').path}; give one of them`)
  }
  return long
}

function readShortRestart(cursor: Cursor): Restart | null {
  const text = readText(cursor)
  if (text === null) return null
  const found = /^(no|always|unless-stopped|on-failure)(?::(\d{1,5}))?$/.exec(text)
  const policy = (['no', 'always', 'unless-stopped', 'on-failure'] as const).find((known) => known === found?.[1])
  if (policy === undefined || (found?.[2] !== undefined && policy !== 'on-failure')) {
    cursor.invalid('must be "no", always, on-failure, on-failure:<n> or unless-stopped')
    return null
  }
  return { policy, maxAttempts: Number(found?.[2] ?? 0) || null }
}
