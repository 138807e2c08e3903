import { AppError } from '../../../errors/app-error.ts'
import { replicasOf, runsToCompletion, type DesiredApp } from '../../../planning/index.ts'
import type { AppSpec, CapabilityNote, ServiceSpec } from '../../../spec/index.ts'
import type { HostFacts, UndeclaredApp } from '../../kinds.ts'
import { appLabels, LABELS } from '../../labels.ts'
import { readFacts } from '../facts.ts'
import { OBJECT_KINDS, type KindName } from '../kinds-of-objects.ts'
import { readSettings, type ClusterSettings } from '../settings.ts'
import { namespaceOf } from './names.ts'

export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job'

/** A service of the app, and what it becomes. */
export interface AppService {
  readonly name: string
  readonly spec: ServiceSpec
  readonly kind: WorkloadKind
  /** As wanted while the app runs. */
  readonly replicas: number
}

/** What all manifests of one app are made from. */
export interface App {
  readonly desired: DesiredApp
  readonly spec: AppSpec
  /** By name. */
  readonly services: readonly AppService[]
  readonly namespace: string
  readonly settings: ClusterSettings
  readonly cluster: Cluster
  /** Notes what this host approximates; the same note once. */
  readonly tell: (note: CapabilityNote) => void
}

/** What the cluster has, as it was last told; where it never was, all that a modern one has. */
export interface Cluster {
  readonly podSecurity: boolean
  readonly podCidrs: readonly string[]
  readonly architectures: readonly string[]
  readonly serves: (kind: KindName) => boolean
  /** It is of this version of Kubernetes 1, or newer. */
  readonly isAtLeast: (minor: number) => boolean
}

/** null: nothing of the app is wanted. */
export function readApp(undeclared: UndeclaredApp, host: HostFacts, tell: App['tell']): App | null {
  const { spec } = undeclared
  if (!spec) return null
  const desired: DesiredApp = { ...undeclared, objects: null }
  return {
    desired,
    spec,
    services: Object.entries(spec.services)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, service]) => ({
        name,
        spec: service,
        kind: kindOf(spec, name, service),
        replicas: replicasOf(desired, name, service),
      })),
    namespace: namespaceOf(desired.tenant.name, desired.app.name),
    settings: readSettings(host.settings),
    cluster: readCluster(host.facts),
    tell,
  }
}

function readCluster(value: unknown): Cluster {
  const facts = readFacts(value)
  if (!facts)
    return { podSecurity: true, podCidrs: [], architectures: ['amd64'], serves: () => true, isAtLeast: () => true }
  const [major = 0, minor = 0] = facts.version.split('.').map((part) => Number.parseInt(part, 10))
  return {
    ...facts,
    serves: (kind) => {
      const { api, apiVersion } = OBJECT_KINDS[kind]
      return apiVersion === 'v1' || facts.apis.includes(api)
    },
    isAtLeast: (wanted) => major > 1 || minor >= wanted,
  }
}

function kindOf(spec: AppSpec, name: string, service: ServiceSpec): WorkloadKind {
  if (runsToCompletion(spec, name)) {
    if (service.mode !== 'global') return 'Job'
    throw new AppError('unsupported', {
      detail: `service ${name}: what is on each node is always started again, so it can not complete`,
      service: name,
    })
  }
  if (service.mode === 'global') return 'DaemonSet'
  return service.mounts.some(({ type }) => type === 'volume') ? 'StatefulSet' : 'Deployment'
}

/** By these a service's pods are known, and nothing else is: they never change. */
export function selectorOf({ desired }: App, service: string): Record<string, string> {
  return {
    [LABELS.tenantId]: desired.tenant.id,
    [LABELS.appId]: desired.app.id,
    [LABELS.service]: service,
  }
}

export function labelsOf({ desired }: App, service: string | null): Record<string, string> {
  return {
    ...appLabels(desired, desired.installation),
    ...(service !== null && { [LABELS.service]: service }),
  }
}

export interface Metadata {
  readonly name: string
  readonly namespace: string
  readonly labels: Record<string, string>
  readonly annotations: Record<string, string> | undefined
}

/** Of an object in the app's namespace. */
export function metadataOf(
  app: App,
  name: string,
  {
    service = null,
    labels,
    annotations = {},
  }: {
    readonly service?: string | null
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  } = {},
): Metadata {
  return {
    name,
    namespace: app.namespace,
    labels: { ...labelsOf(app, service), ...labels },
    annotations: mapOrNone(annotations),
  }
}

/** An API server drops lists and maps that hold nothing. */
export function listOrNone<Item>(items: readonly Item[]): Item[] | undefined {
  return items.length === 0 ? undefined : [...items]
}

export function mapOrNone<Value>(map: Readonly<Record<string, Value>>): Record<string, Value> | undefined {
  return Object.keys(map).length === 0 ? undefined : { ...map }
}

export function secondsOf(ns: number): number {
  return Math.ceil(ns / 1_000_000_000)
}
