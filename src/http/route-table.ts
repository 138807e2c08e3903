export interface RouteTable {
  add(method: string | readonly string[], pattern: string): void
  /** The methods of the routes that a URL's path matches, sorted; none where it matches none. */
  methodsOf(url: string): string[]
}

/** Which methods each path has, for 405 and its `Allow` header. */
export function createRouteTable(): RouteTable {
  const routes = new Map<string, { readonly path: RegExp; readonly methods: Set<string> }>()
  return {
    add(method, pattern) {
      const route = routes.get(pattern) ?? { path: toRegExp(pattern), methods: new Set<string>() }
      for (const name of [method].flat()) route.methods.add(name)
      routes.set(pattern, route)
    },
    methodsOf(url) {
      const path = url.split('?', 1)[0] ?? ''
      const found = [...routes.values()].filter((route) => route.path.test(path)).flatMap(({ methods }) => [...methods])
      return [...new Set(found)].toSorted()
    },
  }
}

function toRegExp(pattern: string): RegExp {
  const parts = pattern
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
  return new RegExp(`^${parts.join('/')}$`)
}
