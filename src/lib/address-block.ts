import { isIP } from 'node:net'

/** True for what an allow-list may hold: `10.0.0.0/8`, `fd00::/8`, or one address. */
export function isBlockOfAddresses(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || address.includes('%') || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
