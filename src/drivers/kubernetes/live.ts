/** Objects as an API server gives them: only the fields that are read here, each of which may be missing. */

export type Texts = Readonly<Record<string, string>>

export interface Meta {
  readonly name: string
  readonly namespace?: string
  readonly uid: string
  readonly generation?: number
  /** RFC 3339, as every time here. */
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels?: Texts
  readonly annotations?: Texts
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[]
  readonly finalizers?: readonly string[]
  readonly managedFields?: readonly { readonly manager?: string; readonly time?: string }[]
}

export interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

/** Of any kind. An item of a list has neither `kind` nor `apiVersion` of its own. */
export interface Live {
  readonly kind?: string
  readonly metadata: Meta
  readonly spec?: Readonly<Record<string, unknown>>
  readonly status?: Readonly<Record<string, unknown>>
}

export interface LiveList<Item> {
  readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string }
  readonly items?: readonly Item[] | null
}

export interface LiveProbe {
  readonly initialDelaySeconds?: number
  readonly periodSeconds?: number
  readonly timeoutSeconds?: number
  readonly failureThreshold?: number
}

export interface LiveContainer {
  readonly name: string
  readonly image: string
  readonly readinessProbe?: LiveProbe
  readonly startupProbe?: LiveProbe
  readonly tty?: boolean
  readonly resources?: { readonly limits?: Readonly<Record<string, unknown>> }
}

export interface Termination {
  readonly exitCode: number
  readonly reason?: string
  readonly message?: string
  readonly finishedAt?: string
  readonly containerID?: string
}

export interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  readonly started?: boolean | null
  readonly restartCount: number
  readonly imageID?: string
  readonly containerID?: string
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly running?: { readonly startedAt?: string }
    readonly terminated?: Termination
  }
  readonly lastState?: { readonly terminated?: Termination }
}

export interface LivePod {
  readonly metadata: Meta
  readonly spec: {
    readonly containers: readonly LiveContainer[]
    readonly nodeName?: string
    readonly restartPolicy?: string
    readonly readinessGates?: readonly unknown[]
  }
  readonly status?: {
    readonly phase?: string
    readonly reason?: string
    readonly message?: string
    readonly conditions?: readonly Condition[]
    readonly podIPs?: readonly { readonly ip?: string }[] | null
    readonly podIP?: string
    readonly containerStatuses?: readonly ContainerStatus[]
  }
}

export interface LiveService {
  readonly metadata: Meta
  readonly spec?: {
    readonly type?: string
    readonly ports?: readonly {
      readonly port: number
      readonly targetPort?: number | string
      readonly nodePort?: number
      readonly protocol?: string
    }[]
  }
}

export interface LiveEvent {
  readonly type?: string
  readonly reason?: string
  readonly message?: string
  /** How often it has been so. */
  readonly count?: number | null
  readonly lastTimestamp?: string | null
  readonly eventTime?: string | null
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string } | null
  readonly metadata?: { readonly creationTimestamp?: string }
  readonly involvedObject?: { readonly uid?: string }
}

export function conditionOf(conditions: unknown, type: string): Condition | null {
  if (!Array.isArray(conditions)) return null
  return (conditions as readonly Condition[]).find((condition) => condition.type === type) ?? null
}
