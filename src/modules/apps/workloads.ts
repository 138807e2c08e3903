import {
  type Drift,
  effectiveDigestOf,
  isReady,
  type ObservedContainer,
  runsToCompletion,
} from '../../planning/index.ts'
import type { ServiceSpec } from '../../spec/index.ts'
import type { INSTANCE_STATES, WORKLOAD_STATUSES } from './apps.schemas.ts'
import type { Wanted } from './wanted.ts'

export type InstanceState = (typeof INSTANCE_STATES)[number]
export type WorkloadStatus = (typeof WORKLOAD_STATUSES)[number]

/** What of a spec says how an app stands. */
export interface JudgingSpec {
  readonly services: Readonly<Record<string, Pick<ServiceSpec, 'replicas' | 'restart' | 'dependsOn' | 'update'>>>
}

/** A container with what its row says beside planning's fields. */
export interface Seen extends ObservedContainer {
  readonly host: string
  /** Its host answered the last list. */
  readonly reachable: boolean
}

/** What of a declared object tells how its service stands. */
export interface SeenObject {
  readonly key: string
  /** null: it is for all services of the app. */
  readonly service: string | null
  readonly host: string
  readonly drift: readonly Drift[]
  /** How many instances the engine itself wants; null: that is for the app to say. */
  readonly desired: number | null
}

/** One service of an app on one host, as it stands. */
export interface WorkloadState<Instance extends Seen> {
  readonly service: string
  /** null: nowhere yet. */
  readonly host: string | null
  readonly desired: number
  readonly ready: number
  readonly status: WorkloadStatus
  /** What others changed; a path begins with the object's key. */
  readonly drift: readonly Drift[]
  readonly instances: readonly Instance[]
}

export interface WorkloadsInput<Instance extends Seen> {
  readonly wanted: Wanted
  /** Of `wanted.release`; null: nothing is wanted. */
  readonly spec: JudgingSpec | null
  /** The digests of its services. */
  readonly digests: Readonly<Record<string, string>>
  /** The app's host; null until it is placed. */
  readonly host: string | null
  /** An operation of the app has not ended. */
  readonly active: boolean
  readonly instances: readonly Instance[]
  /** Those that have drifted, or whose engine says how many instances it wants. */
  readonly objects: readonly SeenObject[]
}

/** Every service that is wanted or there, by name and host. */
export function workloadsOf<Instance extends Seen>(input: WorkloadsInput<Instance>): WorkloadState<Instance>[] {
  const groups = new Map<string, { service: string; host: string | null; instances: Instance[] }>()
  const groupOf = (service: string, host: string | null) => {
    // No service's name has a space in it.
    const key = `${service} ${host ?? ''}`
    const group = groups.get(key) ?? { service, host, instances: [] }
    groups.set(key, group)
    return group
  }
  for (const service of Object.keys(input.spec?.services ?? {})) groupOf(service, input.host)
  for (const instance of input.instances) groupOf(instance.service, instance.host).instances.push(instance)
  return [...groups.values()]
    .map((group) => ({ ...group, ...judge(input, group) }))
    .toSorted((a, b) => compare(a.service, b.service) || compare(a.host ?? '', b.host ?? ''))
}

function judge<Instance extends Seen>(
  { wanted, spec, digests, host, active, objects }: WorkloadsInput<Instance>,
  group: { service: string; host: string | null; instances: readonly Instance[] },
): { desired: number; ready: number; status: WorkloadStatus; drift: readonly Drift[] } {
  const { service, instances } = group
  const own = spec && Object.hasOwn(spec.services, service) && group.host === host ? spec.services[service] : undefined
  const about = objects.filter((object) => object.host === group.host && [service, null].includes(object.service))
  const drift = about.flatMap(({ key, drift: all }) => all.map((one) => ({ ...one, path: `/${key}${one.path}` })))
  if (!spec || !own) return { desired: 0, ready: 0, status: active ? 'progressing' : 'orphan', drift }

  const replicas = Object.hasOwn(wanted.replicas, service) ? (wanted.replicas[service] ?? 0) : own.replicas
  const told = about.find((object) => object.desired !== null)?.desired
  const desired = wanted.running ? (told ?? replicas) : 0
  const known = Object.hasOwn(digests, service) ? digests[service] : undefined
  const digest = known === undefined ? null : effectiveDigestOf(known, wanted.restartGeneration)
  const current = instances.filter(({ serviceDigest, ordinal }) => serviceDigest === digest && ordinal <= replicas)
  const ready = current.filter((instance) => instance.reachable && isReady(spec, service, instance)).length
  const status = statusOf()
  return { desired, ready, status, drift }

  function statusOf(): WorkloadStatus {
    const alive = instances.filter(isAlive)
    const enough = ready >= desired && alive.every((instance) => current.includes(instance))
    // Replicas without a place of their own are all of the wanted ones; there may be more of them than wanted.
    if (enough && alive.length <= desired) {
      if (drift.length > 0) return 'drifted'
      if (desired === 0) return 'stopped'
      const completed =
        runsToCompletion(spec as JudgingSpec, service) && current.every(({ state }) => state === 'exited')
      return completed ? 'completed' : 'running'
    }
    if (active) return 'progressing'
    if (enough && drift.length > 0) return 'drifted'
    if (desired === 0) return 'degraded'
    if (instances.length === 0) return 'missing'
    return instances.some((instance) => ['pending', 'starting'].includes(instanceState(instance, spec, true)))
      ? 'progressing'
      : 'degraded'
  }
}

function isAlive({ state }: Seen): boolean {
  return state === 'running' || state === 'restarting' || state === 'paused'
}

/** Exit codes of what did not fail by itself: none, its own end, and 128 with the numbers of SIGKILL and SIGTERM. */
const ENDED: ReadonlySet<number | null> = new Set([null, 0, 137, 143])

/**
 * The state of one instance in the API's words. `spec` is the wanted one, where there is one. With `wantedRunning` false,
 * an exit is what was asked for, whatever its code. One that somebody ended (SIGTERM or SIGKILL) has exited; one that ended by itself
 * with another code than 0 has failed.
 */
export function instanceState(instance: Seen, spec: JudgingSpec | null, wantedRunning: boolean): InstanceState {
  if (!instance.reachable) return 'unknown'
  switch (instance.state) {
    case 'created':
      return 'pending'
    case 'restarting':
      // The engine starts again what failed, and nothing that somebody ended.
      return wantedRunning && instance.exitCode ? 'failed' : 'starting'
    case 'dead':
      return 'failed'
    case 'exited':
    case 'removing':
      return wantedRunning && !ENDED.has(instance.exitCode) ? 'failed' : 'exited'
    case 'paused':
      return 'unhealthy'
    case 'running':
      return runningState(instance, spec)
  }
}

function runningState(instance: Seen, spec: JudgingSpec | null): InstanceState {
  if (instance.health === 'unhealthy') return 'unhealthy'
  if (instance.health !== null) return instance.health === 'healthy' ? 'running' : 'starting'
  const own = spec && Object.hasOwn(spec.services, instance.service) ? spec.services[instance.service] : undefined
  // Nothing checks it: it has to run for a while, but for one that is to run to its end.
  if (!spec || !own || runsToCompletion(spec, instance.service)) return 'running'
  return isReady(spec, instance.service, instance) ? 'running' : 'starting'
}

/** A release as `releaseOf` looks through them. */
export interface ReleaseDigests {
  readonly number: number
  readonly serviceDigests: Readonly<Record<string, string>>
}

/**
 * The release that a container is of: the newest up to the wanted one whose service it is, else the newest of all; null where
 * none is. `digestOf` gives the effective digest of a service's own digest.
 */
export function releaseOf(
  container: { readonly service: string; readonly serviceDigest: string },
  releases: readonly ReleaseDigests[],
  wantedRelease: number | null,
  digestOf: (serviceDigest: string) => string,
): number | null {
  const matching = releases
    .filter(({ serviceDigests }) => {
      const own = Object.hasOwn(serviceDigests, container.service) ? serviceDigests[container.service] : undefined
      return own !== undefined && digestOf(own) === container.serviceDigest
    })
    .map(({ number }) => number)
  const upToWanted = matching.filter((number) => wantedRelease !== null && number <= wantedRelease)
  const [newest] = (upToWanted.length > 0 ? upToWanted : matching).toSorted((a, b) => b - a)
  return newest ?? null
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
