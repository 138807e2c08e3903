import { isIPv6 } from 'node:net'
import Type, { type Static } from 'typebox'
import Value from 'typebox/value'
import type { Endpoint } from '../../drivers/driver.ts'
import { knownHostText, privateKeyProblem, readKnownHost } from '../../drivers/ssh-keys.ts'
import { closed } from '../../web/index.ts'
import { badEndpoint } from './bad-endpoint.ts'
import { parseClusterEndpoint } from './cluster-endpoint.ts'
import { ENDPOINT_MEMBERS, type EndpointInput, type EndpointView, type HostKind } from './hosts.schemas.ts'
import { tlsProblem } from './tls-credentials.ts'

/** What of an endpoint may be stored in the open and shown. */
const Transport = Type.Union([
  closed({ type: Type.Literal('unix'), socketPath: Type.String() }),
  closed({ type: Type.Literal('tcp'), url: Type.String(), tls: Type.Optional(Type.Literal(true)) }),
  closed({
    type: Type.Literal('ssh'),
    host: Type.String(),
    port: Type.Integer(),
    user: Type.String(),
    knownHost: Type.String(),
    socketPath: Type.String(),
  }),
  closed({ type: Type.Literal('cluster'), url: Type.String(), context: Type.Optional(Type.String()) }),
  closed({ type: Type.Literal('cluster'), inCluster: Type.Literal(true) }),
])
export type Transport = Static<typeof Transport>

export interface ParsedEndpoint {
  readonly endpoint: Endpoint
  readonly transport: Transport
}

const NAME = '[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?'
const NAME_FORM = new RegExp(`^${NAME}$`)
const URL_FORM = new RegExp(`^(tcp|https)://(?:\\[([0-9A-Fa-f:.]+)\\]|(${NAME})):(\\d{1,5})/?$`)

/** How a host of each kind is reached. */
const READERS: Readonly<
  Record<
    HostKind,
    { readonly members: readonly (keyof EndpointInput)[]; readonly read: (input: EndpointInput) => ParsedEndpoint }
  >
> = {
  docker: { members: ['socketPath', 'url', 'tls', 'ssh'], read: parseDockerEndpoint },
  kubernetes: { members: ['kubeconfig', 'context', 'url', 'token', 'ca', 'inCluster'], read: parseClusterEndpoint },
}

/**
 * Reads an endpoint of a host of this kind, as a request gives it. Throws `bad_request` for what this version can't reach, or must not hold;
 * never with a credential's text.
 */
export function parseEndpoint(kind: HostKind, input: EndpointInput): ParsedEndpoint {
  const { members, read } = READERS[kind]
  const stranger = ENDPOINT_MEMBERS.find((member) => input[member] !== undefined && !members.includes(member))
  if (stranger !== undefined) throw badEndpoint(`/${stranger}`, `does not belong to a host of kind ${kind}`)
  return read(input)
}

function parseDockerEndpoint({ socketPath, url, tls, ssh }: EndpointInput): ParsedEndpoint {
  if ([socketPath, url, ssh].filter((one) => one !== undefined).length !== 1)
    throw badEndpoint('', 'must have exactly one of socketPath, url and ssh')
  if (tls && url === undefined) throw badEndpoint('/tls', 'belongs to a url alone')
  if (socketPath !== undefined) return { endpoint: { socketPath }, transport: { type: 'unix', socketPath } }
  return ssh ? parseSsh(ssh) : parseUrl(url ?? '', tls)
}

function parseUrl(text: string, tls: EndpointInput['tls']): ParsedEndpoint {
  if (/^[a-z+]+:\/\/[^/]*@/i.test(text)) throw badEndpoint('/url', 'must not hold a user or a password')
  if (text.startsWith('ssh://')) throw badEndpoint('/url', 'must not be ssh://: give the member ssh instead')
  const [, scheme = '', ipv6, name = '', digits = ''] = URL_FORM.exec(text) ?? []
  const port = Number(digits)
  if (scheme === '' || port < 1 || port > 65_535 || (ipv6 !== undefined && !isIPv6(ipv6)))
    throw badEndpoint('/url', 'must be tcp://host:port or https://host:port')
  const problem = tls && tlsProblem(tls)
  if (problem) throw badEndpoint(`/tls/${problem.member}`, problem.message)
  const url = `${scheme}://${(ipv6 === undefined ? name : `[${ipv6}]`).toLowerCase()}:${port}`
  return { endpoint: { url, ...(tls && { tls }) }, transport: { type: 'tcp', url, ...(tls && { tls: true }) } }
}

function parseSsh(input: NonNullable<EndpointInput['ssh']>): ParsedEndpoint {
  const { host, port = 22, user, privateKey, socketPath = '/var/run/docker.sock' } = input
  if (!NAME_FORM.test(host) && !isIPv6(host))
    throw badEndpoint('/ssh/host', 'must be a name or an address, without a port')
  const key = privateKeyProblem(privateKey)
  if (key) throw badEndpoint('/ssh/privateKey', key)
  const { keys, problem } = readKnownHost(input.knownHost)
  if (problem) throw badEndpoint('/ssh/knownHost', problem)
  const shown = { host: host.toLowerCase(), port, user, knownHost: knownHostText(keys), socketPath }
  return { endpoint: { ssh: { ...shown, privateKey } }, transport: { type: 'ssh', ...shown } }
}

/** What a host's transport shows, out of its row. */
export function viewTransport(value: unknown): EndpointView {
  if (!Value.Check(Transport, value)) return {}
  switch (value.type) {
    case 'unix':
      return { socketPath: value.socketPath }
    case 'tcp':
      return { url: value.url, ...(value.tls && { tls: value.tls }) }
    case 'ssh': {
      const { type: _, ...ssh } = value
      return { ssh }
    }
    case 'cluster': {
      const { type: _, ...shown } = value
      return shown
    }
  }
}

/** For messages: `unix:///var/run/docker.sock`, `tcp://…`, `ssh://user@host:port/var/run/docker.sock`, `https://…`, `in-cluster`. */
export function transportText(transport: Transport): string {
  switch (transport.type) {
    case 'unix':
      return `unix://${transport.socketPath}`
    case 'tcp':
      return transport.url
    case 'ssh': {
      const { host, port, user, socketPath } = transport
      return `ssh://${user}@${host.includes(':') ? `[${host}]` : host}:${port}${socketPath}`
    }
    case 'cluster':
      return 'url' in transport ? transport.url : 'in-cluster'
  }
}
