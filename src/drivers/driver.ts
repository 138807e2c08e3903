import type { EngineChange, ExecOptions, ExecSession, LogLine, LogOptions, StatsSample } from './streams.ts'
import type { ErrorCode } from '../errors/codes.ts'
import type { DesiredApp, ObservedApp, ObservedContainer, ObservedObject, Step } from '../planning/index.ts'

/** What mutual TLS takes, all in PEM: whom to believe, and who we are. */
export interface TlsCredentials {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** An engine's socket behind an SSH server. */
export interface SshEndpoint {
  readonly host: string
  readonly port: number
  readonly user: string
  /** In OpenSSH's form or PEM, without a passphrase. */
  readonly privateKey: string
  /** The server's keys that are believed, in lines as `readKnownHost` reads them. */
  readonly knownHost: string
  /** Where the engine listens on that machine. */
  readonly socketPath: string
}

/**
 * Where and how an engine is reached, opened from its seal. One of these, by the host's kind. A url is `tcp://host:port` (plain, or
 * mutual TLS with `tls`) or `https://host:port` (without `tls`: a certificate that the system's CAs vouch for).
 */
export type Endpoint =
  | { readonly socketPath: string }
  | { readonly url: string; readonly tls?: TlsCredentials }
  | { readonly ssh: SshEndpoint }
  | { readonly cluster: ClusterEndpoint }

/** How a cluster's API server is reached: one user at one server, all in PEM; or `inCluster`, as the pod that this process runs in. */
export type ClusterEndpoint =
  | {
      /** `https://host:port`, with a path where it has one. */
      readonly server: string
      /** Whose certificate the server must have; null: the CAs that the system trusts. */
      readonly ca: string | null
      /** The name that its certificate must be for, where it is not the server's own. */
      readonly serverName: string | null
      readonly user: { readonly token: string } | { readonly cert: string; readonly key: string }
    }
  | { readonly inCluster: true }

/** Who owns what we make on an engine. */
export interface Identity {
  readonly installation: string
  readonly hostId: string
}

/**
 * Every call takes one. `signal` aborts what is under way; `guard` is called right before each
 * request to the engine and throws when the caller may make no more (its lease is over).
 */
export interface CallOptions {
  readonly signal: AbortSignal
  readonly guard?: () => void
}

export interface DriverCapabilities {
  readonly kind: string
  /** Each app's network takes a subnet of ours. */
  readonly subnets: boolean
  /** The engine knows itself: nothing is left on it for a marker, and nothing can be lost. */
  readonly ownIdentity: boolean
}

export interface Probe {
  /** The engine's version, e.g. `20.10.24`. */
  readonly version: string
  /** The API version that calls use. */
  readonly apiVersion: string
  /** Memory in bytes. null: the engine did not say it in time, and never did before. */
  readonly capacity: { readonly cpus: number; readonly memory: number } | null
  /** Of this installation's marker on the engine, or of the engine's own identity in this installation; null: there is no marker. */
  readonly markerHostId: string | null
  /** What a declaration depends on, as JSON that this kind alone reads. null: nothing. */
  readonly facts: unknown
}

/** One container of ours, with what the tables of instances need beside planning's own fields. */
export interface ObservedInstance extends ObservedContainer {
  readonly tenantId: string
  readonly appId: string
  readonly image: string
  readonly imageDigest: string | null
  readonly addresses: readonly string[]
  readonly ports: readonly {
    readonly containerPort: number
    readonly hostPort: number
    readonly hostIp: string
    readonly protocol: string
  }[]
  /** RFC 3339, the engine's own clock. */
  readonly startedAt: string | null
  readonly createdAt: string | null
  /** The label `moorage.io/restart-generation`. */
  readonly restartGeneration: number
}

/** A network, a volume or a declared object of ours. */
export interface EngineObject {
  readonly kind: 'network' | 'volume' | 'declared'
  readonly nativeId: string
  readonly name: string
  readonly tenantId: string
  readonly appId: string
  /** A volume's key in the spec; `default` for the app's network; the key of a declared object. */
  readonly key: string
  readonly subnet: string | null
  /** Of a declared object; null for the others. */
  readonly state: DeclaredState | null
}

/** What planning needs of a declared object beside its key and id. */
export type DeclaredState = Omit<ObservedObject, 'key' | 'nativeId'>

/** What an engine has of this installation. */
export interface Observation {
  readonly instances: readonly ObservedInstance[]
  readonly objects: readonly EngineObject[]
}

export type InventoryKind = 'containers' | 'images' | 'networks' | 'volumes'

export interface InventoryItem {
  readonly id: string
  readonly name: string
  /** It carries this installation's labels. */
  readonly managed: boolean
  readonly tenant: string | null
  readonly app: string | null
  readonly state: string | null
  readonly image: string | null
  readonly sizeBytes: number | null
  readonly labels: Readonly<Record<string, string>>
  readonly createdAt: string | null
}

/** What came of a step. `subnet_taken`: the engine refused the network's subnet; reserve another and plan again. */
export type StepOutcome = { readonly result: 'done'; readonly message?: string } | { readonly result: 'subnet_taken' }

/** How far a declared object has come. */
export type Progress =
  | { readonly state: 'done'; readonly message: string }
  /** `problem`: what keeps it, if that were the end. */
  | { readonly state: 'waiting'; readonly problem: ProgressProblem | null }
  /** For good, as long as nobody changes anything. */
  | { readonly state: 'failed'; readonly problem: ProgressProblem }

export interface ProgressProblem {
  readonly code: ErrorCode
  readonly detail: string
  /** The name of the instance that shows it. */
  readonly instance: string | null
}

/**
 * One engine, reached in one way. Guarantees of every driver (test/drivers proves them):
 *
 * - Nothing that lacks this installation's label is ever changed or removed.
 * - `execute` may be repeated: an object that is there already, or gone already, is an outcome, not an error.
 * - An object of a wanted name that belongs to another tenant or installation is `field_conflict`, and left alone.
 * - Errors are AppErrors of the table (`host_unreachable`, `image_not_found`, `image_pull_denied`, `port_conflict` …), never the SDK's own.
 * - After `signal` aborts, the promise rejects at once with the signal's reason; after `guard` throws, no request leaves.
 */
export interface Driver {
  readonly capabilities: DriverCapabilities
  /** Version, capacity and marker. `host_unreachable` after 5 s at most. */
  probe(options: CallOptions): Promise<Probe>
  /** Leaves the marker of this installation and host; returns the host id that the engine's marker has then (another's, if it was first). */
  mark(options: CallOptions): Promise<string>
  /** Takes the marker away; nothing where there is none. */
  unmark(options: CallOptions): Promise<void>
  /** Everything of this installation, or of one app. */
  observe(filter: { readonly appId?: string }, options: CallOptions): Promise<Observation>
  /** Carries out one step that is an engine call (neither `wait` nor `await_…`), of those that its kind plans. */
  execute(step: Step, desired: DesiredApp, options: CallOptions): Promise<StepOutcome>
  /**
   * For `await_rollout`: how far the object has come to what is declared; for `await_gone`: whether it is gone. Of a kind that declares
   * objects alone.
   */
  progress(step: Step, desired: DesiredApp, options: CallOptions): Promise<Progress>
  /** One container of ours, or null where it is gone. */
  inspect(nativeId: string, options: CallOptions): Promise<ObservedInstance | null>
  /** The last `lines` lines of a container's output, both streams, at most 8 KiB. */
  tail(nativeId: string, lines: number, options: CallOptions): Promise<string[]>
  /** Resolves once the engine tells of changes: every one from then on is brought, until the connection breaks (`host_unreachable`). */
  follow(options: CallOptions): Promise<AsyncIterable<EngineChange>>
  /** A container's output in the order of its writing, in batches as they come; ends with the container, at once where it is not ours or gone. */
  logs(nativeId: string, wanted: LogOptions, options: CallOptions): AsyncIterable<readonly LogLine[]>
  /** Samples of a running container about once a second, or one alone; ends with the container. */
  stats(nativeId: string, wanted: { readonly follow: boolean }, options: CallOptions): AsyncIterable<StatsSample>
  /** Runs a command in a container. Throws `conflict` where it does not run, `not_found` where it is not ours. */
  exec(nativeId: string, wanted: ExecOptions, options: CallOptions): Promise<ExecSession>
  /** The live inventory, ours and foreign. */
  inventory(kind: InventoryKind, options: CallOptions): Promise<InventoryItem[]>
  /** Ends kept connections. */
  close(): Promise<void>
}

/** Planning's snapshot of one app, out of an observation of that app. */
export function toObservedApp(observation: Observation): ObservedApp {
  const network = observation.objects.find((object) => object.kind === 'network')
  return {
    network: network ? { nativeId: network.nativeId, name: network.name, subnet: network.subnet } : null,
    volumes: observation.objects
      .filter((object) => object.kind === 'volume')
      .map(({ nativeId, key }) => ({ nativeId, key })),
    containers: observation.instances,
    objects: observation.objects.flatMap(({ key, nativeId, state }) => (state ? [{ key, nativeId, ...state }] : [])),
  }
}
