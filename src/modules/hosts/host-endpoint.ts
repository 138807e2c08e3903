import { isIPv6 } from 'node:net'
import Type, { type Static } from 'typebox'
import Value from 'typebox/value'
import type { Endpoint } from '../../drivers/driver.ts'
import { knownHostText, privateKeyProblem, readKnownHost } from '../../drivers/ssh-keys.ts'
import { AppError } from '../../errors/app-error.ts'
import { closed } from '../../web/index.ts'
import type { EndpointInput, EndpointView } from './hosts.schemas.ts'
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
])
export type Transport = Static<typeof Transport>

export interface ParsedEndpoint {
  readonly endpoint: Endpoint
  readonly transport: Transport
}

const NAME = '[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?'
const NAME_FORM = new RegExp(`^${NAME}$`)
const URL_FORM = new RegExp(`^(tcp|https)://(?:\\[([0-9A-Fa-f:.]+)\\]|(${NAME})):(\\d{1,5})/?$`)

/** Reads an endpoint as a request gives it. Throws `bad_request` for what this version can't reach, or must not hold; never with a key's text. */
export function parseEndpoint(input: EndpointInput): ParsedEndpoint {
  const { socketPath, url, tls, ssh } = input
  if ([socketPath, url, ssh].filter((one) => one !== undefined).length !== 1)
    throw bad('', 'must have exactly one of socketPath, url and ssh')
  if (tls && url === undefined) throw bad('/tls', 'belongs to a url alone')
  if (socketPath !== undefined) return { endpoint: { socketPath }, transport: { type: 'unix', socketPath } }
  return ssh ? parseSsh(ssh) : parseUrl(url ?? '', tls)
}

function parseUrl(text: string, tls: EndpointInput['tls']): ParsedEndpoint {
  if (/^[a-z+]+:\/\/[^/]*@/i.test(text)) throw bad('/url', 'must not hold a user or a password')
  if (text.startsWith('ssh://')) throw bad('/url', 'must not be ssh://: give the member ssh instead')
  const [, scheme = '', ipv6, name = '', digits = ''] = URL_FORM.exec(text) ?? []
  const port = Number(digits)
  if (scheme === '' || port < 1 || port > 65_535 || (ipv6 !== undefined && !isIPv6(ipv6)))
    throw bad('/url', 'must be tcp://host:port or https://host:port')
  const problem = tls && tlsProblem(tls)
  if (problem) throw bad(`/tls/${problem.member}`, problem.message)
  const url = `${scheme}://${(ipv6 === undefined ? name : `[${ipv6}]`).toLowerCase()}:${port}`
  return { endpoint: { url, ...(tls && { tls }) }, transport: { type: 'tcp', url, ...(tls && { tls: true }) } }
}

function parseSsh(input: NonNullable<EndpointInput['ssh']>): ParsedEndpoint {
  const { host, port = 22, user, privateKey, socketPath = '/var/run/docker.sock' } = input
  if (!NAME_FORM.test(host) && !isIPv6(host)) throw bad('/ssh/host', 'must be a name or an address, without a port')
  const key = privateKeyProblem(privateKey)
  if (key) throw bad('/ssh/privateKey', key)
  const { keys, problem } = readKnownHost(input.knownHost)
  if (problem) throw bad('/ssh/knownHost', problem)
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
  }
}

/** For messages: `unix:///var/run/docker.sock`, `tcp://…`, `ssh://user@host:port/var/run/docker.sock`. */
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
  }
}

function bad(path: string, message: string): AppError {
  return new AppError('bad_request', {
    detail: `endpoint${path.replaceAll('/', '.')} ${message}`,
    errors: [{ path: `/body/endpoint${path}`, message }],
  })
}
