import type { ClusterEndpoint } from '../../drivers/driver.ts'
import { badEndpoint } from './bad-endpoint.ts'
import { readServer, requireCa, requireToken } from './cluster-credentials.ts'
import type { EndpointInput } from './hosts.schemas.ts'
import { readKubeconfig } from './kubeconfig.ts'

/** What of a cluster's endpoint may be stored in the open and shown. */
export type ClusterTransport =
  | { readonly type: 'cluster'; readonly url: string; readonly context?: string }
  | { readonly type: 'cluster'; readonly inCluster: true }

export interface ParsedCluster {
  readonly endpoint: { readonly cluster: ClusterEndpoint }
  readonly transport: ClusterTransport
}

/** Reads how a cluster is reached: `kubeconfig`, `url` and `token`, or `inCluster`. Throws `bad_request`; never with a credential's text. */
export function parseClusterEndpoint(input: EndpointInput): ParsedCluster {
  const { kubeconfig, context, url, token, ca, inCluster } = input
  if ([kubeconfig, url, inCluster].filter((one) => one !== undefined).length !== 1)
    throw badEndpoint('', 'must have exactly one of kubeconfig, url and inCluster')
  if (context !== undefined && kubeconfig === undefined) throw badEndpoint('/context', 'belongs to a kubeconfig alone')
  for (const [member, value] of Object.entries({ token, ca })) {
    if (value !== undefined && url === undefined) throw badEndpoint(`/${member}`, 'belongs to a url alone')
  }
  if (kubeconfig !== undefined) {
    const read = readKubeconfig(kubeconfig, context)
    const shown = { url: read.endpoint.server, context: read.context }
    return { endpoint: { cluster: read.endpoint }, transport: { type: 'cluster', ...shown } }
  }
  if (url === undefined)
    return { endpoint: { cluster: { inCluster: true } }, transport: { type: 'cluster', inCluster: true } }
  if (token === undefined) throw badEndpoint('/token', 'is missing')
  if (ca !== undefined) requireCa(ca, '/ca')
  const server = readServer(url, '/url')
  const user = { token: requireToken(token, '/token') }
  return {
    endpoint: { cluster: { server, ca: ca ?? null, serverName: null, user } },
    transport: { type: 'cluster', url: server },
  }
}
