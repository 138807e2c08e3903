import type { V1Ingress } from '@kubernetes/client-node'
import { metadataOf, type App } from './app.ts'
import { nameFor } from './names.ts'

/** The app's ways in by HTTP; null where it has none. */
export function toIngress(app: App): V1Ingress | null {
  const { routes = [] } = app.spec
  if (routes.length === 0) return null
  const hosts = [...new Set(routes.map(({ host }) => host))].toSorted()
  return {
    metadata: metadataOf(app, 'moorage--routes'),
    spec: {
      ingressClassName: app.settings.ingressClass ?? undefined,
      rules: hosts.map((host) => ({
        host,
        http: {
          paths: routes
            .filter((route) => route.host === host)
            .map(({ path, service, port }) => ({
              path,
              pathType: 'Prefix',
              backend: { service: { name: nameFor(service, 'routed'), port: { number: port } } },
            })),
        },
      })),
    },
  }
}
