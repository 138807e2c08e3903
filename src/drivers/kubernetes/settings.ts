/** `hosts.settings` of a cluster. */
export interface ClusterSettings {
  /** The type of the Services that published ports get. Default `NodePort`. */
  readonly publish: 'ClusterIP' | 'NodePort' | 'LoadBalancer'
  /** The class of the Ingresses that routes become; null: the cluster's default. */
  readonly ingressClass: string | null
  /** The class of volume claims; null: the cluster's default. */
  readonly storageClass: string | null
  /** The size of a volume claim, a Kubernetes quantity. Default `1Gi`. */
  readonly volumeSize: string
  /** Read statistics from the kubelets through the node proxy, which takes `nodes/proxy`. Default false. */
  readonly nodeStats: boolean
  /** Writes a second, and how many at once after a pause. Default 20 and 200. */
  readonly writesPerSecond: number
  readonly writeBurst: number
}

const DEFAULTS: ClusterSettings = {
  publish: 'NodePort',
  ingressClass: null,
  storageClass: null,
  volumeSize: '1Gi',
  nodeStats: false,
  writesPerSecond: 20,
  writeBurst: 200,
}

/** Out of `hosts.settings`, which the API has checked: what is left out has its default. */
export function readSettings(value: unknown): ClusterSettings {
  return { ...DEFAULTS, ...(typeof value === 'object' && value !== null ? value : {}) }
}
