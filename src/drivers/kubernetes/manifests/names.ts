import { sha256 } from '../../../lib/ids.ts'

/** Of a DNS label, and of every name here. */
const NAME_LENGTH = 63

const HASH_LENGTH = 8
const HASHED = /-[0-9a-f]{8}$/

/** A DNS label that begins with a letter. */
function isLabel(text: string): boolean {
  return text.length <= NAME_LENGTH && /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(text)
}

/**
 * The namespace of an app: `mrg-<tenant>-<app>`. Two pairs of names give two namespaces: with a hash where the tenant's name has a `-`, where
 * the text is no label or too long, and where it ends like one that has a hash.
 */
export function namespaceOf(tenantName: string, appName: string): string {
  const text = `mrg-${tenantName}-${appName}`
  const plain = !tenantName.includes('-') && isLabel(text) && !HASHED.test(text)
  return plain ? text : hashed(text, NAME_LENGTH, `${tenantName}/${appName}`)
}

/** What is made for a service beside its workload: `web--ports`. No service's own name has a `--`. */
export function nameFor(service: string, word: string): string {
  const room = NAME_LENGTH - word.length - 2
  return `${service.length <= room ? service : hashed(service, room, service)}--${word}`
}

function hashed(text: string, maxLength: number, source: string): string {
  const slug = text.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-')
  const cut = slug.slice(0, maxLength - HASH_LENGTH - 1).replace(/-+$/, '')
  return `${cut}-${sha256(source).slice(0, HASH_LENGTH)}`
}
