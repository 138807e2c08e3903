import type { CallOptions, Probe } from '../driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { storable } from '../../lib/storable-text.ts'
import type { ClusterClient } from './client.ts'
import type { ClusterFacts } from './facts.ts'
import { listAll } from './lists.ts'
import { PERMISSIONS } from './permissions.ts'
import { toNumber } from './quantity.ts'
import { refused } from './refusal.ts'

/** The versions of the APIs that we use, by group; a cluster that serves only an older one of a group has not got it. */
const VERSIONS: Readonly<Record<string, string>> = {
  '': 'v1',
  apps: 'apps/v1',
  batch: 'batch/v1',
  'networking.k8s.io': 'networking.k8s.io/v1',
  policy: 'policy/v1',
  'metrics.k8s.io': 'metrics.k8s.io/v1beta1',
}
const OLDEST = 20
const POD_SECURITY = 23
const POD_CIDRS = 100

export interface ServerVersion {
  /** `1.20.2`, with what a vendor adds. */
  readonly whole: string
  /** `1.20`. */
  readonly version: string
  readonly minor: number
}

/** Throws `unsupported` where what answers is no API server, or too old a one. */
export async function readVersion(client: ClusterClient, call: CallOptions): Promise<ServerVersion> {
  const told = await client.find<{ major?: unknown; minor?: unknown; gitVersion?: unknown }>(call, {
    method: 'GET',
    path: '/version',
  })
  const { major, minor, gitVersion } = told ?? {}
  const [digits] = /^\d+/.exec(String(minor)) ?? []
  if (typeof gitVersion !== 'string' || major !== '1' || digits === undefined)
    throw new AppError('unsupported', {
      detail: 'what answers at this address is no API server of a Kubernetes cluster',
    })
  const whole = storable(gitVersion.replace(/^v/, ''), 100)
  if (Number(digits) < OLDEST)
    throw new AppError('unsupported', { detail: `the cluster has Kubernetes ${whole}; it takes 1.${OLDEST} or newer` })
  return { whole, version: `1.${digits}`, minor: Number(digits) }
}

/** The cluster's own id: that of a namespace that is there from its first to its last day. */
export async function readClusterId(client: ClusterClient, call: CallOptions): Promise<string> {
  const { metadata } = await client.request<{ metadata?: { uid?: string } }>(call, {
    method: 'GET',
    path: '/api/v1/namespaces/kube-system',
  })
  if (!metadata?.uid)
    throw new AppError('unsupported', { detail: 'the namespace kube-system of the cluster has no uid' })
  return metadata.uid
}

export interface Discovered {
  readonly facts: ClusterFacts
  readonly capacity: NonNullable<Probe['capacity']>
}

/** What the cluster serves, and what its nodes are. */
export async function discover(
  client: ClusterClient,
  call: CallOptions,
  { version, minor }: Pick<ServerVersion, 'version' | 'minor'>,
): Promise<Discovered> {
  const [apis, nodes] = await Promise.all([
    Promise.all(Object.keys(VERSIONS).map(async (group) => await servedOf(client, call, group))),
    listAll(client, call, { path: '/api/v1/nodes', query: {} }, toNode),
  ])
  const usable = nodes.filter(({ schedulable }) => schedulable)
  return {
    capacity: {
      cpus: usable.reduce((sum, { cpus }) => sum + cpus, 0),
      memory: Math.floor(usable.reduce((sum, { memory }) => sum + memory, 0)),
    },
    facts: {
      version,
      apis: apis.flat().toSorted(),
      podSecurity: minor >= POD_SECURITY,
      podCidrs: unique(nodes.flatMap(({ podCidrs }) => podCidrs)).slice(0, POD_CIDRS),
      architectures: unique(nodes.flatMap(({ architecture }) => architecture ?? [])),
    },
  }
}

/** What we use of a group's version and the cluster serves; nothing where it has no such version, or who should serve it is away. */
async function servedOf(client: ClusterClient, call: CallOptions, group: string): Promise<string[]> {
  const version = VERSIONS[group] ?? ''
  const path = group === '' ? '/api/v1' : `/apis/${version}`
  const used = new Set(PERMISSIONS.filter((one) => one.group === group).map(({ resource }) => resource))
  try {
    const { resources = [] } = await client.request<{ resources?: readonly { name: string }[] }>(call, {
      method: 'GET',
      path,
    })
    return resources.flatMap(({ name }) => (used.has(name) && !name.includes('/') ? `${version}/${name}` : []))
  } catch (error) {
    // Of a program beside the API server, as metrics are: 503 while it is not there.
    if (refused(error, 404) || (refused(error, 503) && group === 'metrics.k8s.io')) return []
    throw error
  }
}

interface LiveNode {
  readonly spec?: { readonly unschedulable?: boolean; readonly podCIDR?: string; readonly podCIDRs?: readonly string[] }
  readonly status?: {
    readonly allocatable?: { readonly cpu?: string; readonly memory?: string }
    readonly nodeInfo?: { readonly architecture?: string }
  }
}

function toNode({ spec = {}, status = {} }: LiveNode) {
  const { allocatable, nodeInfo } = status
  return {
    schedulable: spec.unschedulable !== true,
    cpus: toNumber(allocatable?.cpu) ?? 0,
    memory: toNumber(allocatable?.memory) ?? 0,
    podCidrs: spec.podCIDRs ?? (spec.podCIDR === undefined ? [] : [spec.podCIDR]),
    architecture: nodeInfo?.architecture ?? null,
  }
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted()
}
