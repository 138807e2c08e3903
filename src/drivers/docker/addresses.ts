import { sha256 } from '../../lib/ids.ts'

/** The first address of an IPv4 block (CIDR) that a host may have: the gateway of a network of ours. */
export function gatewayOf(subnet: string): string {
  return toText(parse(subnet).first + 1)
}

/**
 * A free address of the block for a container of this name: the same one whenever it is free, and for another name
 * most likely another, so that a name that was looked up a moment ago doesn't lead to a stranger. null: all are used.
 */
export function freeAddress(subnet: string, used: ReadonlySet<string>, name: string): string | null {
  const { first, size } = parse(subnet)
  // Neither the block's own address nor its broadcast address.
  const usable = size - 2
  const start = Number.parseInt(sha256(name).slice(0, 8), 16) % Math.max(1, usable)
  for (let nth = 0; nth < usable; nth++) {
    const address = toText(first + 1 + ((start + nth) % usable))
    if (!used.has(address)) return address
  }
  return null
}

function parse(subnet: string): { first: number; size: number } {
  const [address = '', bits = ''] = subnet.split('/')
  const octets = address.split('.').map(Number)
  const size = 2 ** (32 - Number(bits))
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0)
  if (octets.length !== 4 || !Number.isInteger(value) || !Number.isInteger(size))
    throw new RangeError(`${subnet} is not an IPv4 block`)
  return { first: value - (value % size), size }
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}
