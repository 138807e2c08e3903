import type { V1LabelSelector } from '@kubernetes/client-node'
import { LABELS } from '../../labels.ts'
import { listOrNone, metadataOf, selectorOf, type App, type AppService, type Metadata } from './app.ts'
import { nameFor } from './names.ts'

// The SDK's types have `_from` and `_except`, which are no names that an API server knows.

interface Peer {
  readonly ipBlock?: { readonly cidr: string; readonly except?: string[] }
  readonly namespaceSelector?: V1LabelSelector
  readonly podSelector?: V1LabelSelector
}

interface PolicyPort {
  readonly port: number
  readonly protocol: 'TCP' | 'UDP'
}

export interface Policy {
  readonly metadata: Metadata
  readonly spec: {
    readonly podSelector: V1LabelSelector
    readonly policyTypes: readonly ('Ingress' | 'Egress')[]
    readonly ingress?: readonly { readonly from: readonly Peer[]; readonly ports?: readonly PolicyPort[] }[]
    readonly egress?: readonly { readonly to: readonly Peer[]; readonly ports?: readonly PolicyPort[] }[]
  }
}

const WORLD: readonly Peer[] = [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }]
const SAME_NAMESPACE: Peer = { podSelector: {} }
/** What belongs to the cluster and not to an app: its DNS, its ingress controllers. */
const NO_APP: Peer = {
  namespaceSelector: { matchExpressions: [{ key: LABELS.tenant, operator: 'DoesNotExist' }] },
}
const DNS: readonly PolicyPort[] = [
  { port: 53, protocol: 'UDP' },
  { port: 53, protocol: 'TCP' },
]
/** Where clouds hand out the node's own credentials. */
const NODE_CREDENTIALS = '169.254.169.254/32'

/** Nothing comes in; what goes out reaches the app itself, the cluster's DNS, and the world outside of pods. */
export function toDefaultDeny(app: App): Policy {
  return {
    metadata: metadataOf(app, 'default-deny'),
    spec: {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      egress: [{ to: [SAME_NAMESPACE] }, { to: [NO_APP], ports: DNS }, { to: outside(app, [NODE_CREDENTIALS]) }],
    },
  }
}

export function toWithinApp(app: App): Policy {
  return {
    metadata: metadataOf(app, 'within-app'),
    spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [SAME_NAMESPACE] }] },
  }
}

/**
 * Lets everybody reach what a service publishes; null where that is nothing. Pods of others are kept from it by what they may send: excluded here,
 * requests that come by another node would be too, where the network gives those an address among the pods'.
 */
export function toPublished(app: App, { name, spec }: AppService): Policy | null {
  const ports = eachOnce(
    spec.ports.map(({ containerPort, protocol }) => ({ port: containerPort, protocol: protocolOf(protocol) })),
  )
  return ports.length === 0 ? null : opening(app, name, { word: 'published', from: WORLD, ports })
}

/** Lets ingress controllers, as pods or on the nodes, reach the ports of a service's routes; null where it has none. */
export function toRouted(app: App, { name }: AppService): Policy | null {
  const routes = (app.spec.routes ?? []).filter(({ service }) => service === name)
  const ports = eachOnce(routes.map(({ port }) => ({ port, protocol: 'TCP' as const })))
  return ports.length === 0 ? null : opening(app, name, { word: 'routed', from: [NO_APP, ...outside(app)], ports })
}

export function protocolOf(protocol: 'tcp' | 'udp'): 'TCP' | 'UDP' {
  return protocol === 'udp' ? 'UDP' : 'TCP'
}

function opening(
  app: App,
  service: string,
  {
    word,
    from,
    ports,
  }: { readonly word: string; readonly from: readonly Peer[]; readonly ports: readonly PolicyPort[] },
): Policy {
  return {
    metadata: metadataOf(app, nameFor(service, word), { service }),
    spec: {
      podSelector: { matchLabels: selectorOf(app, service) },
      policyTypes: ['Ingress'],
      ingress: [{ from, ports }],
    },
  }
}

/** All addresses that are no pod's, as far as the cluster told which are; of IPv6 where pods have it. */
function outside({ cluster }: App, besides: readonly string[] = []): Peer[] {
  const cidrs = [...new Set(cluster.podCidrs)].toSorted()
  const six = cidrs.filter((cidr) => cidr.includes(':'))
  const four = [...cidrs.filter((cidr) => !cidr.includes(':')), ...besides]
  const world: Peer = { ipBlock: { cidr: '0.0.0.0/0', except: listOrNone(four) } }
  return six.length === 0 ? [world] : [world, { ipBlock: { cidr: '::/0', except: six } }]
}

function eachOnce(ports: readonly PolicyPort[]): PolicyPort[] {
  return [...new Map(ports.map((port) => [`${port.port}/${port.protocol}`, port])).values()]
}
