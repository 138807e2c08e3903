import type { Endpoint } from '../../drivers/driver.ts'
import { AppError } from '../../errors/app-error.ts'
import type { EndpointInput } from './hosts.schemas.ts'

/** What of an endpoint may be stored in the open and shown. */
export type Transport =
  | { readonly type: 'unix'; readonly socketPath: string }
  | { readonly type: 'tcp'; readonly url: string }

const TCP = /^tcp:\/\/(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?):(\d{1,5})\/?$/

/** Reads an endpoint as a request gives it. Throws `bad_request` for what this version can't reach, or must not hold. */
export function parseEndpoint({ socketPath, url }: EndpointInput): { endpoint: Endpoint; transport: Transport } {
  if ((socketPath === undefined) === (url === undefined)) throw bad('', 'must have one of socketPath and url')
  if (socketPath !== undefined) return { endpoint: { socketPath }, transport: { type: 'unix', socketPath } }
  const text = url ?? ''
  if (/^[a-z+]+:\/\/[^/]*@/i.test(text)) throw bad('/url', 'must not hold a user or a password')
  if (!text.startsWith('tcp://'))
    throw bad('/url', 'must be tcp://host:port; other ways to reach an engine are not supported yet')
  const [, host = '', , port = ''] = TCP.exec(text) ?? []
  if (host === '' || Number(port) < 1 || Number(port) > 65_535) throw bad('/url', 'must be tcp://host:port')
  const plain = `tcp://${host.toLowerCase()}:${Number(port)}`
  return { endpoint: { url: plain }, transport: { type: 'tcp', url: plain } }
}

/** A transport out of its row. */
export function readTransport(value: unknown): { socketPath?: string; url?: string } {
  if (typeof value !== 'object' || value === null) return {}
  if ('socketPath' in value && typeof value.socketPath === 'string') return { socketPath: value.socketPath }
  return 'url' in value && typeof value.url === 'string' ? { url: value.url } : {}
}

/** For messages: `unix:///var/run/docker.sock`, `tcp://…`. */
export function transportText(transport: Transport): string {
  return transport.type === 'unix' ? `unix://${transport.socketPath}` : transport.url
}

function bad(path: string, message: string): AppError {
  return new AppError('bad_request', {
    detail: `endpoint${path.replace('/', '.')} ${message}`,
    errors: [{ path: `/body/endpoint${path}`, message }],
  })
}
