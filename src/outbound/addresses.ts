import { BlockList, isIP, isIPv4 } from 'node:net'
import { isBlockOfAddresses } from '../lib/address-block.ts'

/** IPv4 blocks that are nobody's on the public internet (IANA's special-purpose registry), and what clouds keep at public addresses. */
const NOT_PUBLIC_V4: readonly (readonly [address: string, bits: number])[] = [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // behind a carrier's NAT
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local; metadata of most clouds
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments; Oracle's metadata
  ['192.0.2.0', 24], // documentation
  ['192.31.196.0', 24], // AS112
  ['192.52.193.0', 24], // AMT
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16], // private
  ['192.175.48.0', 24], // AS112
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, and broadcast
  ['168.63.129.16', 32], // what every machine of Azure reaches its platform at
]

/**
 * Of IPv6, only global unicast (2000::/3) can be public, without these. What is outside of it (loopback, unique local, link-local,
 * site-local, multicast, IPv4-compatible, discard, segment routing) needs no list.
 */
const NOT_PUBLIC_V6: readonly (readonly [address: string, bits: number])[] = [
  ['2001::', 23], // protocol assignments: Teredo, benchmarks, ORCHID
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4: an IPv4 address of any kind within
  ['2620:4f:8000::', 48], // AS112
  ['3fff::', 20], // documentation
]

const GLOBAL_UNICAST = blockList([['2000::', 3]])
const SPECIAL = blockList([...NOT_PUBLIC_V4, ...NOT_PUBLIC_V6])

/** Blocks (`10.0.0.0/8`, or an address) as one list. Throws a TypeError for a text that is none. */
export function addressesOf(blocks: readonly string[]): BlockList {
  return blockList(
    blocks.map((block) => {
      if (!isBlockOfAddresses(block)) throw new TypeError(`${block} is no block of addresses`)
      const [address = '', bits] = block.split('/')
      return [address, bits === undefined ? (isIPv4(address) ? 32 : 128) : Number(bits)]
    }),
  )
}

/** Whether a list has an address; one that is mapped into IPv6 counts as the IPv4 address that it is. */
export function includes(list: BlockList, address: string): boolean {
  const own = unmapped(address)
  return list.check(own, isIPv4(own) ? 'ipv4' : 'ipv6')
}

/**
 * True for an address that is routed on the public internet: neither one of the special-purpose registries of IANA, nor one that stands for such
 * an IPv4 address (mapped, translated). False for what is no address.
 */
export function isPublic(address: string): boolean {
  const own = unmapped(address)
  switch (isIP(own)) {
    case 4:
      return !SPECIAL.check(own, 'ipv4')
    case 6: {
      const behind = translated(own)
      if (behind !== null) return isPublic(behind)
      return GLOBAL_UNICAST.check(own, 'ipv6') && !SPECIAL.check(own, 'ipv6')
    }
    default:
      return false
  }
}

/** `::ffff:10.0.0.1`, in any of its forms, is the IPv4 address; anything else is itself, without its zone. */
function unmapped(address: string): string {
  const own = address.replace(/%.*$/, '')
  const groups = isIP(own) === 6 ? groupsOf(own) : []
  return groups.slice(0, 6).join() === '0,0,0,0,0,65535' ? lastFour(groups) : own
}

/** What a NAT64 (64:ff9b::/96) makes of an address: there, names with IPv4 addresses alone resolve to these. */
function translated(address: string): string | null {
  const groups = groupsOf(address)
  return groups.slice(0, 6).join() === `${0x64},${0xff9b},0,0,0,0` ? lastFour(groups) : null
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  // URL knows every form, and writes the shortest.
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = text.split('::')
  const numbers = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)))
  const [first, last] = [numbers(head), numbers(tail ?? '')]
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last]
}

function lastFour(groups: readonly number[]): string {
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.')
}

function blockList(blocks: readonly (readonly [address: string, bits: number])[]): BlockList {
  const list = new BlockList()
  for (const [address, bits] of blocks) list.addSubnet(address, bits, isIPv4(address) ? 'ipv4' : 'ipv6')
  return list
}
