/** A kind of object that apps are made of on a cluster. */
export interface ObjectKind {
  readonly apiVersion: string
  /** As paths have it. */
  readonly plural: string
  /** As `ClusterFacts.apis` has it: `v1/secrets`, `apps/v1/deployments`. */
  readonly api: string
  /** Objects of a higher rank need those of a lower one, and are removed first. */
  readonly rank: number
  /** It is in no namespace. */
  readonly clusterScoped: boolean
  /** It holds data: only a removal that says so takes it away. */
  readonly kept: boolean
  /** All objects of its app are in it. */
  readonly holdsAll: boolean
}

export type KindName =
  | 'Namespace'
  | 'ResourceQuota'
  | 'LimitRange'
  | 'NetworkPolicy'
  | 'Secret'
  | 'ConfigMap'
  | 'PersistentVolumeClaim'
  | 'Service'
  | 'Ingress'
  | 'PodDisruptionBudget'
  | 'Deployment'
  | 'StatefulSet'
  | 'DaemonSet'
  | 'Job'

const kind = (apiVersion: string, plural: string, rank: number, more: Partial<ObjectKind> = {}): ObjectKind => ({
  apiVersion,
  plural,
  api: `${apiVersion}/${plural}`,
  rank,
  clusterScoped: false,
  kept: false,
  holdsAll: false,
  ...more,
})

/** Every kind that a declaration may have, and nothing else: what is listed, watched, pruned and asked permission for. */
export const OBJECT_KINDS: Readonly<Record<KindName, ObjectKind>> = {
  Namespace: kind('v1', 'namespaces', 0, { clusterScoped: true, holdsAll: true }),
  ResourceQuota: kind('v1', 'resourcequotas', 1),
  LimitRange: kind('v1', 'limitranges', 1),
  NetworkPolicy: kind('networking.k8s.io/v1', 'networkpolicies', 1),
  Secret: kind('v1', 'secrets', 1),
  ConfigMap: kind('v1', 'configmaps', 1),
  PersistentVolumeClaim: kind('v1', 'persistentvolumeclaims', 1, { kept: true }),
  Service: kind('v1', 'services', 2),
  Ingress: kind('networking.k8s.io/v1', 'ingresses', 2),
  PodDisruptionBudget: kind('policy/v1', 'poddisruptionbudgets', 2),
  Deployment: kind('apps/v1', 'deployments', 3),
  StatefulSet: kind('apps/v1', 'statefulsets', 3),
  DaemonSet: kind('apps/v1', 'daemonsets', 3),
  Job: kind('batch/v1', 'jobs', 3),
}

export function isKindName(name: string): name is KindName {
  return Object.hasOwn(OBJECT_KINDS, name)
}

/** `Deployment/web` in its parts; null where it is no key of a declared object. */
export function parseKey(key: string): { readonly kind: KindName; readonly name: string } | null {
  const [name = '', ...rest] = key.split('/')
  return isKindName(name) && rest.length === 1 && rest[0] ? { kind: name, name: rest[0] } : null
}

/** Of all objects of a kind: in the namespace, or in all of them where there is none given. */
export function collectionPath(name: KindName, namespace?: string): string {
  const { apiVersion, plural, clusterScoped } = OBJECT_KINDS[name]
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const within = clusterScoped || namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return `${root}${within}/${plural}`
}

/** Of one object; for a kind that is in no namespace, the namespace is not looked at. */
export function objectPath(name: KindName, object: { readonly namespace: string; readonly name: string }): string {
  return `${collectionPath(name, object.namespace)}/${encodeURIComponent(object.name)}`
}
