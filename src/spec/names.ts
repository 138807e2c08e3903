/** Names of services and volumes: what Compose allows, as long as an engine's name has room for it. */
export function isName(text: string): boolean {
  // A name that every object inherits (`constructor`) would be found where it is missing.
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(text) && !(text in {})
}

export const NAME_FORM = 'must be a name of up to 63 letters, digits, `_`, `.` and `-`, the first one a letter or digit'

/** A host name or a DNS name, as resolvers and /etc/hosts take it. */
export function isHostName(text: string): boolean {
  return (
    text.length <= 253 &&
    text.split('.').every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label))
  )
}

/** The one form of an IP address; null where it is none. */
export function canonicalIp(text: string): string | null {
  if (text.length > 45) return null
  const bytes = text.split('.')
  if (bytes.length === 4 && bytes.every((byte) => /^(0|[1-9]\d{0,2})$/.test(byte) && Number(byte) <= 255)) return text
  const bare = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text
  if (!/^[0-9A-Fa-f:.]+$/.test(bare) || !bare.includes(':')) return null
  const url = `http://[${bare}]/`
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : null
}

/** An image reference, roughly: the engine has the last word. */
export function isImage(text: string): boolean {
  return (
    text.length <= 512 &&
    /^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/.test(text) &&
    !/[./:@-]$/.test(text) &&
    // It becomes a part of an engine's URL, where `a/../x` is another place.
    !/\/[^A-Za-z0-9]/.test(text)
  )
}

/** An absolute path in a container, without `.`, `..` and doubled or closing slashes; null where it is none, or the root. */
export function canonicalPath(text: string): string | null {
  if (!text.startsWith('/') || text.length > 4096) return null
  const parts = text.split('/').filter((part) => part !== '' && part !== '.')
  return parts.length === 0 || parts.includes('..') ? null : `/${parts.join('/')}`
}

/** True for the kernel's own trees, through which a container's start may reach what is the host's. */
export function isKernelPath(path: string): boolean {
  return /^\/(proc|sys)(\/|$)/.test(path) || path === '/dev'
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Sorted by code unit, each once. */
export function sorted(texts: Iterable<string>): string[] {
  return [...new Set(texts)].toSorted(compare)
}

/** A record with its keys in order, so that equal meaning prints alike too. */
export function record<Value>(entries: Iterable<readonly [string, Value]>): Record<string, Value> {
  return Object.fromEntries([...entries].toSorted(([a], [b]) => compare(a, b)))
}
