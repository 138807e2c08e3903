import { isDict, type Cursor } from './cursor.ts'
import { canonicalIp } from './names.ts'
import type { RouteSpec } from './types.ts'
import { readInteger, readText } from './units.ts'

/** `x-moorage.routes`, sorted by host and path, each pair once; `services` are those that run. */
export function readRoutes(cursor: Cursor, services: ReadonlySet<string>): RouteSpec[] {
  if (cursor.given && !Array.isArray(cursor.value)) {
    cursor.invalid('must be a list of routes, each with `host`, `service` and `port`')
    return []
  }
  const routes = new Map<string, RouteSpec>()
  for (const item of cursor.items()) {
    const route = readRoute(item, services)
    if (!route) continue
    // Neither has a space, which comes before all that they may have.
    const id = `${route.host} ${route.path}`
    if (routes.has(id)) item.invalid('another route has the same host and path')
    routes.set(id, route)
  }
  return [...routes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, route]) => route)
}

function readRoute(item: Cursor, services: ReadonlySet<string>): RouteSpec | null {
  if (!isDict(item.value)) {
    item.invalid('must be a map with `host`, `service` and `port`')
    return null
  }
  const host = (readText(required(item, 'host')) ?? '').toLowerCase()
  const path = canonicalRoute(readText(item.get('path')) ?? '/')
  const service = readText(required(item, 'service')) ?? ''
  const port = readInteger(required(item, 'port'), { min: 1, max: 65_535 })
  if (item.get('host').given && !isDnsName(host))
    item.get('host').invalid('must be a DNS name, like `shop.example.com`')
  if (path === null)
    item.get('path').invalid('must begin with `/`, and have neither empty parts, `.`, `..` nor what a URL would quote')
  if (item.get('service').given && !services.has(service))
    item.get('service').invalid('names a service that the document does not have, or that is inactive')
  return path === null || port === null ? null : { host, path, service, port }
}

function required(item: Cursor, key: string): Cursor {
  const cursor = item.get(key)
  if (!cursor.given) item.invalid(`needs \`${key}\``)
  return cursor
}

function isDnsName(text: string): boolean {
  return (
    text.length <= 253 &&
    text.split('.').every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label)) &&
    canonicalIp(text) === null
  )
}

/** `/a/b` for `/a/b` and `/a/b/`; null where it is no path that all who serve routes read alike. */
function canonicalRoute(text: string): string | null {
  if (text.length > 1024 || !/^\/[A-Za-z0-9._~!$&'()*+,;=:@/-]*$/.test(text)) return null
  const parts = text.replace(/\/$/, '').split('/').slice(1)
  return parts.some((part) => ['', '.', '..'].includes(part)) ? null : `/${parts.join('/')}`
}
