import { isDict, type Cursor } from './cursor.ts'
import { canonicalIp, isHostName, record, sorted } from './names.ts'
import type { ServiceSpec } from './types.ts'
import { readText } from './units.ts'

/** `KEY=value` items or a map, as entries. A name alone has the value null. The last of a name counts. */
export function keyValues(cursor: Cursor): Map<string, { value: string | null; cursor: Cursor }> {
  const result = new Map<string, { value: string | null; cursor: Cursor }>()
  if (isDict(cursor.value)) {
    for (const [key, member] of cursor.entries()) result.set(key, { value: readText(member), cursor: member })
    return result
  }
  for (const item of cursor.items()) {
    const text = readText(item) ?? ''
    const at = text.indexOf('=')
    if (at === -1) result.set(text, { value: null, cursor: item })
    else result.set(text.slice(0, at), { value: text.slice(at + 1), cursor: item })
  }
  return result
}

/** Environment: a name without a value takes it from `variables`, and is a problem where it is not there. */
export function readEnvironment(cursor: Cursor): Record<string, string> {
  const result: [string, string][] = []
  for (const [name, { value, cursor: member }] of keyValues(cursor)) {
    if (name === '' || name.includes('=')) {
      member.invalid('the name of a variable may neither be empty nor hold `=`')
      continue
    }
    const known = value ?? cursor.context.variables.get(name)
    if (known === undefined) member.invalid('the variable has no value, and `variables` has none for it')
    else result.push([name, known])
  }
  return record(result)
}

/** Labels; those of Moorage and of Docker itself are refused. */
export function readLabels(cursor: Cursor): Record<string, string> {
  const result: [string, string][] = []
  for (const [name, { value, cursor: member }] of keyValues(cursor)) {
    const lower = name.trim().toLowerCase()
    if (lower === '') member.invalid('the name of a label may not be empty')
    else if (lower === 'moorage.io' || lower.startsWith('moorage.io/'))
      member.refuse('labels `moorage.io/*` belong to Moorage')
    else if (lower.startsWith('com.docker.')) member.refuse('labels `com.docker.*` belong to Docker')
    else result.push([name, value ?? ''])
  }
  return record(result)
}

/** `host:ip`, `host=ip` or a map, of which a value may be a list. */
export function readExtraHosts(cursor: Cursor): ServiceSpec['extraHosts'] {
  const pairs: [string, string, Cursor][] = []
  if (isDict(cursor.value)) {
    for (const [host, member] of cursor.entries())
      for (const item of member.items()) pairs.push([host, readText(item) ?? '', item])
  } else {
    for (const item of cursor.items()) {
      const text = readText(item) ?? ''
      const at = text.search(/[=:]/)
      pairs.push(at === -1 ? [text, '', item] : [text.slice(0, at), text.slice(at + 1), item])
    }
  }
  const known = new Map<string, { host: string; ip: string }>()
  for (const [name, address, at] of pairs) {
    const host = name.trim()
    const ip = canonicalIp(address.trim())
    if (address.trim() === 'host-gateway') at.refuse('`host-gateway` would reach the host')
    else if (!isHostName(host) || ip === null) at.invalid('must be a host name and an IP address, like `db:10.0.0.5`')
    else known.set(`${host}=${ip}`, { host, ip })
  }
  return Object.values(record(known))
}

/** A string or a list of strings, in the order given. */
export function readTexts(cursor: Cursor): string[] {
  return cursor.items().map((item) => readText(item) ?? '')
}

export function readDns(cursor: Cursor): string[] {
  return cursor.items().flatMap((item) => {
    const ip = canonicalIp(readText(item) ?? '')
    if (ip === null) item.invalid('must be an IP address')
    return ip === null ? [] : [ip]
  })
}

/** Capabilities without `CAP_`, in upper case; `allowed` decides about each, ALL stands for all. */
export function readCapabilities(cursor: Cursor, allowed: ReadonlySet<string> | null): string[] {
  const names = cursor.items().flatMap((item) => {
    const name = (readText(item) ?? '').trim().toUpperCase().replace(/^CAP_/, '')
    if (!/^[A-Z][A-Z0-9_]{0,40}$/.test(name)) item.invalid('must be the name of a capability, like NET_BIND_SERVICE')
    else if (allowed && !allowed.has(name))
      item.refuse(`only what Docker gives by default may be added: ${[...allowed].join(', ')}`)
    else return [name]
    return []
  })
  return names.includes('ALL') ? ['ALL'] : sorted(names)
}

/** The aliases that a service has in the app's network; another network is refused. */
export function readAliases(cursor: Cursor, service: string): string[] {
  const other = 'an app has one network, `default`'
  if (!isDict(cursor.value)) {
    for (const item of cursor.items()) if (item.value !== 'default') item.refuse(other)
    return []
  }
  for (const [name, network] of cursor.entries()) if (name !== 'default') network.refuse(other)
  const names = cursor
    .get('default')
    .get('aliases')
    .items()
    .flatMap((item) => {
      const name = readText(item) ?? ''
      if (isHostName(name)) return [name]
      item.invalid('must be a host name')
      return []
    })
  return sorted(names).filter((name) => name !== service)
}
