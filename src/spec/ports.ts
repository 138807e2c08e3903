import { isDict, type Cursor } from './cursor.ts'
import { LIMITS } from './limits.ts'
import { canonicalIp, sorted } from './names.ts'
import type { PortSpec } from './types.ts'
import { readText, readWord } from './units.ts'

const PROTOCOLS = ['tcp', 'udp'] as const
const HOST_RANGE =
  'a range of host ports for one port of the container is not supported: name one, or none to get a free one'

interface Range {
  readonly from: number
  readonly to: number
}

/** `80` or `80-82`; null where it is neither, or not within 1–65535. */
function parseRange(text: string): Range | null {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  if (!found) return null
  const from = Number(found[1])
  const to = Number(found[2] ?? found[1])
  return from >= 1 && to <= 65_535 && from <= to ? { from, to } : null
}

function splitProtocol(text: string): [string, string] {
  const slash = text.indexOf('/')
  return slash === -1 ? [text, 'tcp'] : [text.slice(0, slash), text.slice(slash + 1).toLowerCase()]
}

const FORM = 'must be a port from 1 to 65535, like "80", "8080:80", "127.0.0.1:8080:80/udp" or "8000-8002:80-82"'

function readShort(cursor: Cursor): PortSpec[] {
  const [address, word] = splitProtocol(readText(cursor) ?? '')
  const protocol = PROTOCOLS.find((known) => known === word)
  if (protocol === undefined) {
    cursor.refuse('only tcp and udp are supported')
    return []
  }
  const last = address.lastIndexOf(':')
  const container = parseRange(address.slice(last + 1))
  if (!container || container.to - container.from >= LIMITS.portRange) {
    cursor.invalid(container ? `a range may have ${LIMITS.portRange} ports` : FORM)
    return []
  }
  const before = last === -1 ? '' : address.slice(0, last)
  const colon = before.lastIndexOf(':')
  const ip = colon === -1 ? '' : before.slice(0, colon)
  const hostIp = ip === '' ? null : canonicalIp(ip)
  const host = before.slice(colon + 1)
  const hostRange = host === '' || host === '0' ? null : parseRange(host)
  if ((ip !== '' && hostIp === null) || (host !== '' && host !== '0' && hostRange === null)) {
    cursor.invalid(FORM)
    return []
  }
  if (hostRange && hostRange.to - hostRange.from !== container.to - container.from) {
    if (container.from === container.to) cursor.refuse(HOST_RANGE)
    else cursor.invalid('both ranges must have the same number of ports')
    return []
  }
  return Array.from({ length: container.to - container.from + 1 }, (_, index) => ({
    containerPort: container.from + index,
    hostPort: hostRange ? hostRange.from + index : null,
    hostIp,
    protocol,
  }))
}

function readLong(cursor: Cursor): PortSpec[] {
  const target = parseRange(readText(cursor.get('target')) ?? '')
  const published = readText(cursor.get('published')) ?? ''
  const host = published === '' || published === '0' ? null : parseRange(published)
  const ip = readText(cursor.get('host_ip')) ?? ''
  const hostIp = ip === '' ? null : canonicalIp(ip)
  if (!target || target.from !== target.to)
    (cursor.has('target') ? cursor.get('target') : cursor).invalid('needs a `target`: one port from 1 to 65535')
  else if (published !== '' && published !== '0' && !host)
    cursor.get('published').invalid('must be a port from 1 to 65535')
  else if (host && host.from !== host.to) cursor.get('published').refuse(HOST_RANGE)
  else if (ip !== '' && hostIp === null) cursor.get('host_ip').invalid('must be an IP address')
  else {
    const protocol = readWord(cursor.get('protocol'), PROTOCOLS, 'tcp')
    return [{ containerPort: target.from, hostPort: host?.from ?? null, hostIp, protocol }]
  }
  return []
}

const text = (port: PortSpec): string =>
  [port.containerPort, port.protocol, port.hostPort ?? 0, port.hostIp ?? ''].join('|')
const order = (a: PortSpec, b: PortSpec): number =>
  a.containerPort - b.containerPort || (a.hostPort ?? 0) - (b.hostPort ?? 0) || (text(a) < text(b) ? -1 : 1)

/** The published ports, sorted, each once. */
export function readPorts(cursor: Cursor): PortSpec[] {
  const ports = new Map<string, PortSpec>()
  for (const item of cursor.items()) {
    for (const port of isDict(item.value) ? readLong(item) : readShort(item)) ports.set(text(port), port)
  }
  if (ports.size > LIMITS.ports) cursor.invalid(`publishes ${ports.size} ports; at most ${LIMITS.ports} are allowed`)
  return [...ports.values()].toSorted(order)
}

/** `expose` as `3000/tcp`, ranges written out. */
export function readExpose(cursor: Cursor): string[] {
  const exposed = cursor.items().flatMap((item) => {
    const [ports, protocol] = splitProtocol(readText(item) ?? '')
    const range = parseRange(ports)
    if (!range || range.to - range.from >= LIMITS.portRange || (protocol !== 'tcp' && protocol !== 'udp')) {
      item.invalid(`must be a port or a range of up to ${LIMITS.portRange}, like "3000" or "8000-8010/udp"`)
      return []
    }
    return Array.from({ length: range.to - range.from + 1 }, (_, index) => `${range.from + index}/${protocol}`)
  })
  return sorted(exposed)
}
