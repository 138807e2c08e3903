import type { AppSpec, CapabilityNote } from '../spec/index.ts'

/** What an app should be on its host: one of the two snapshots that a plan is computed from. */
export interface DesiredApp {
  readonly installation: string
  readonly tenant: { readonly id: string; readonly name: string }
  readonly app: { readonly id: string; readonly name: string }
  readonly host: { readonly id: string; readonly name: string }
  /** The app network's IPv4 subnet (CIDR); null where none is reserved yet (a dry run). */
  readonly subnet: string | null
  /** null: nothing of the app may be left but its volumes. */
  readonly spec: AppSpec | null
  /** Replicas of each service of the spec; a service that is missing here has its spec's figure. */
  readonly replicas: Readonly<Record<string, number>>
  readonly running: boolean
  readonly restartGeneration: number
  /** With `spec: null`: take the volumes too. */
  readonly removeVolumes: boolean
  readonly notes: readonly CapabilityNote[]
  /**
   * The app as objects that the engine itself keeps true, in any order; none where nothing of it is wanted. null: the engine runs containers
   * alone, and they are planned one by one.
   */
  readonly objects: readonly DeclaredObject[] | null
  /** Take back what others have changed of our objects. */
  readonly force: boolean
}

/** One object that an engine is told of and keeps true by itself. Planning knows when it is there and equal, not what it says. */
export interface DeclaredObject {
  /** Unique in the app, and the same for the same object of every release: `Deployment/web`. */
  readonly key: string
  /** The service that it is for; null: the whole app. */
  readonly service: string | null
  /** SHA-256 of all that is declared. */
  readonly digest: string
  /** SHA-256 of the part that an engine does not let anybody change: where it differs, the object is replaced. */
  readonly fixedDigest: string
  /** Objects that come before it: once they are there, or once they are as far as is awaited of them. */
  readonly after: readonly { readonly key: string; readonly until: 'applied' | 'ready' }[]
  /** What is awaited of it before the operation has succeeded. */
  readonly awaited: 'nothing' | 'ready' | 'completed'
  /** It holds data: only a removal that says so takes it away. */
  readonly kept: boolean
  /** What a replacement of it costs, as the end of a sentence. */
  readonly downtime: string
  /** What the driver sends. Neither printed nor stored: it may hold secrets. */
  readonly manifest: Readonly<Record<string, unknown>>
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'

/** What an engine has of one app: the other snapshot. */
export interface ObservedApp {
  readonly network: { readonly nativeId: string; readonly name: string; readonly subnet: string | null } | null
  readonly volumes: readonly { readonly nativeId: string; readonly key: string }[]
  readonly containers: readonly ObservedContainer[]
  /** Declared objects; none on an engine that runs containers alone. */
  readonly objects: readonly ObservedObject[]
}

/** A field of an object that somebody else has changed. */
export interface Drift {
  /** JSON Pointer into the object, as the engine has it. */
  readonly path: string
  /** What we declared; `***` where it may be secret. */
  readonly desired: unknown
  /** null: it is gone. */
  readonly actual: unknown
}

/** A declared object as it was found. */
export interface ObservedObject {
  readonly key: string
  readonly nativeId: string
  readonly service: string | null
  /** What was last declared of it, by us; empty: that can't be told any more. */
  readonly digest: string
  /** Empty as well where the object is spent: it failed, and another in its place may not. */
  readonly fixedDigest: string
  /** It is as far as is awaited of it. */
  readonly settled: boolean
  readonly drift: readonly Drift[]
  /** It is on its way out. */
  readonly removing: boolean
  /** It holds data. */
  readonly kept: boolean
  /** All other objects are in it, and go with it. */
  readonly holdsAll: boolean
  /** Objects of a higher rank need those of a lower one, and are removed first. */
  readonly rank: number
  /** How many instances the engine itself wants of it; null: it is not for the engine to say. */
  readonly desired: number | null
}

export interface ObservedContainer {
  readonly nativeId: string
  readonly name: string
  readonly service: string
  readonly ordinal: number
  /** The label `moorage.io/service-digest`: the effective digest (see `effectiveDigest`). */
  readonly serviceDigest: string
  readonly state: ContainerState
  /** null: nothing checks its health. */
  readonly health: 'starting' | 'healthy' | 'unhealthy' | null
  readonly exitCode: number | null
  readonly restarts: number
  /** How long it has been running, by its engine's clock; null where it is not running. */
  readonly runningForMs: number | null
  /** It answers to the service's name in the app's network. */
  readonly serving: boolean
  /** Host ports that it holds while it runs. */
  readonly ports?: readonly { readonly hostPort: number; readonly protocol: string }[]
}

/**
 * - `wait`: let `waitMs` pass (a drain, or `update_config.delay`).
 * - `promote`: give a running container the service's names; `withdraw`: take them from it. Neither cuts a connection.
 * - `await_healthy` / `await_completed`: no call; looks again until it is so, or fails the plan.
 * - `apply_object` / `delete_object`: of `target`, a declared object's key; `await_rollout` / `await_gone`: looks again until it is so.
 * Every other action is one engine call.
 */
export type StepAction =
  | 'create_network'
  | 'remove_network'
  | 'create_volume'
  | 'remove_volume'
  | 'pull_image'
  | 'create_container'
  | 'start_container'
  | 'stop_container'
  | 'remove_container'
  | 'promote'
  | 'withdraw'
  | 'await_healthy'
  | 'await_completed'
  | 'apply_object'
  | 'delete_object'
  | 'await_rollout'
  | 'await_gone'
  | 'wait'

export interface Step {
  /** Unique in its plan and the same for the same step of the same plan, e.g. `web/1@3fa9c1d2:start_container`. */
  readonly id: string
  readonly action: StepAction
  readonly service: string | null
  readonly ordinal: number | null
  /** The name of the object: a container, network, volume or image; the key of a declared object. */
  readonly target: string
  /** Why this step is there, for a person. */
  readonly cause: string
  /** Ids of the steps that must have finished before. */
  readonly after: readonly string[]
  /** The object as it was observed. Destructive steps always have it. Neither printed nor part of the digest. */
  readonly nativeId: string | null
  readonly serviceDigest: string | null
  /** create_container: whether it gets the service's names at once. */
  readonly serving: boolean | null
  /** wait: milliseconds. */
  readonly waitMs: number | null
}

export interface Plan {
  readonly host: string
  readonly steps: readonly Step[]
  /** What the plan can not avoid, e.g. a gap in service and its reason. */
  readonly notes: readonly string[]
  readonly capabilities: readonly CapabilityNote[]
  /** SHA-256 of what is printed: equal plans have equal digests. */
  readonly digest: string
}

/** A host as `place` sees it. */
export interface HostCandidate {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly labels: Readonly<Record<string, string>>
  readonly status: string
  readonly schedulable: boolean
  /** Tenants that may use it, by id; empty: all. */
  readonly tenants: readonly string[]
  readonly instances: number
}

/** `hostId: null` carries one reason a host, for the message of `no_eligible_host`. */
export type Placement =
  | { readonly hostId: string; readonly host: string; readonly cause: string }
  | { readonly hostId: null; readonly reasons: readonly { readonly host: string; readonly reason: string }[] }
