/**
 * The canonical app model: what a Compose file means, with every default made explicit, in one unit
 * each (bytes, nanoseconds, fractions of a CPU), records keyed by name. Equal meaning gives an equal
 * value, hence an equal digest. Optional things are `null`, never absent.
 */
export interface AppSpec {
  readonly services: Readonly<Record<string, ServiceSpec>>
  readonly volumes: Readonly<Record<string, VolumeSpec>>
  readonly placement: PlacementSpec
  /** `x-moorage.routes`. Absent: none, as in releases that were made before there were any; equal meaning keeps an equal digest. */
  readonly routes?: readonly RouteSpec[]
  /** `x-moorage.progressDeadline`: an operation that finishes no step for so long has failed. null: the server's setting. */
  readonly progressDeadlineNs: number | null
}

export interface VolumeSpec {
  readonly labels: Readonly<Record<string, string>>
}

/** `x-moorage.placement`: which hosts may run the app. */
export interface PlacementSpec {
  /** Labels that a host must carry. */
  readonly hosts: Readonly<Record<string, string>>
  /** Kinds of host that are allowed; empty: all. */
  readonly kinds: readonly string[]
}

/** One way in from outside by HTTP: what is asked of `host` under `path` goes to a service's port. */
export interface RouteSpec {
  /** A DNS name, in lower case. */
  readonly host: string
  /** Begins with `/`. */
  readonly path: string
  readonly service: string
  /** The container's. */
  readonly port: number
}

export interface ServiceSpec {
  readonly image: string
  readonly pullPolicy: 'always' | 'missing' | 'never'
  readonly entrypoint: readonly string[] | null
  readonly command: readonly string[] | null
  readonly environment: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly user: string | null
  readonly groupAdd: readonly string[]
  readonly workingDir: string | null
  readonly hostname: string | null
  readonly domainname: string | null
  readonly init: boolean
  readonly tty: boolean
  readonly stdinOpen: boolean
  readonly readOnly: boolean
  readonly capAdd: readonly string[]
  readonly capDrop: readonly string[]
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[]
  readonly dns: readonly string[]
  readonly dnsSearch: readonly string[]
  readonly dnsOptions: readonly string[]
  /** Names beside the service's own by which the app's network knows it. */
  readonly aliases: readonly string[]
  readonly expose: readonly string[]
  readonly ports: readonly PortSpec[]
  readonly mounts: readonly MountSpec[]
  readonly ulimits: Readonly<Record<string, { readonly soft: number; readonly hard: number }>>
  readonly shmSizeBytes: number | null
  readonly oomScoreAdj: number | null
  readonly stopSignal: string | null
  readonly stopGracePeriodNs: number
  readonly restart: {
    readonly policy: 'no' | 'always' | 'on-failure' | 'unless-stopped'
    readonly maxAttempts: number | null
  }
  readonly healthcheck: HealthcheckSpec | null
  readonly resources: ResourcesSpec
  readonly logging: { readonly driver: string; readonly options: Readonly<Record<string, string>> } | null
  readonly dependsOn: Readonly<Record<string, DependencySpec>>
  readonly replicas: number
  /** One on each node of a host. Absent: `replicas` of them; equal meaning keeps an equal digest. */
  readonly mode?: 'global'
  readonly update: UpdateSpec
}

export interface DependencySpec {
  readonly condition: 'service_started' | 'service_healthy' | 'service_completed_successfully'
  readonly required: boolean
}

export interface PortSpec {
  readonly containerPort: number
  /** null: the engine picks a free one. */
  readonly hostPort: number | null
  readonly hostIp: string | null
  readonly protocol: 'tcp' | 'udp'
}

export type MountSpec =
  | {
      readonly type: 'volume'
      readonly source: string
      readonly target: string
      readonly readOnly: boolean
      readonly noCopy: boolean
    }
  | { readonly type: 'tmpfs'; readonly target: string; readonly sizeBytes: number | null; readonly mode: number | null }

/** `disabled`: the image's own health check is switched off (`disable: true` or `test: NONE`). A field that is null is left to the image or the engine's default. */
export interface HealthcheckSpec {
  readonly disabled: boolean
  /** As the engine takes it: `["CMD", …]`, `["CMD-SHELL", "…"]`; null: the image's own. */
  readonly test: readonly string[] | null
  readonly intervalNs: number | null
  readonly timeoutNs: number | null
  readonly startPeriodNs: number | null
  readonly retries: number | null
}

export interface ResourcesSpec {
  readonly cpus: number | null
  readonly memoryBytes: number | null
  readonly pids: number | null
  readonly reservedCpus: number | null
  readonly reservedMemoryBytes: number | null
}

/** `deploy.update_config`: how a change of the service rolls out. */
export interface UpdateSpec {
  readonly parallelism: number
  readonly delayNs: number
  readonly order: 'start-first' | 'stop-first'
  /** How long a new container must run without a restart where nothing checks its health. Default 5 s. */
  readonly monitorNs: number
}

/** One Compose key as docs/compose.md and the plan's `capabilities` report it. */
export interface CapabilityNote {
  /** JSON Pointer into the Compose document. */
  readonly path: string
  readonly level: 'approximated' | 'refused'
  /** What happens instead, or why it is refused. */
  readonly message: string
  /** The kinds of hosts that this is so on. Absent: all. What is refused on all never becomes a note: it fails the request. */
  readonly kinds?: readonly string[]
}
