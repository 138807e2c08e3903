import type { V1Service, V1ServicePort } from '@kubernetes/client-node'
import { AppError } from '../../../errors/app-error.ts'
import { metadataOf, selectorOf, type App, type AppService } from './app.ts'
import { nameFor } from './names.ts'
import { protocolOf } from './network-policies.ts'

/** The service's own name and each alias: they resolve to its ready pods, at whatever port. */
export function toHeadless(app: App, { name, spec }: AppService): V1Service[] {
  return [name, ...spec.aliases].map((dnsName) => ({
    metadata: metadataOf(app, dnsName, { service: name }),
    spec: { type: 'ClusterIP', clusterIP: 'None', selector: selectorOf(app, name) },
  }))
}

/** What the service publishes, by the type that the host's settings say; null where that is nothing. */
export function toPublishing(app: App, service: AppService): V1Service | null {
  const { name, spec } = service
  if (spec.ports.length === 0) return null
  const type = app.settings.publish
  return {
    metadata: metadataOf(app, nameFor(name, 'ports'), { service: name }),
    spec: { type, selector: selectorOf(app, name), ports: publishedPorts(service) },
  }
}

function publishedPorts({ name, spec }: AppService): V1ServicePort[] {
  const ports = new Map<string, V1ServicePort>()
  for (const { containerPort, hostPort, protocol } of spec.ports) {
    const port = hostPort ?? containerPort
    const id = `${protocol}-${port}`
    const taken = ports.get(id)
    if (taken && taken.targetPort !== containerPort)
      throw new AppError('unsupported', {
        detail: `service ${name}: a cluster publishes ${port}/${protocol} once, and both ${taken.targetPort} and ${containerPort} of the container want it`,
        service: name,
      })
    ports.set(id, { name: id, port, protocol: protocolOf(protocol), targetPort: containerPort })
  }
  return [...ports.values()]
}

/** What an Ingress sends requests to; null where no route goes to the service. */
export function toRoutedService(app: App, { name }: AppService): V1Service | null {
  const routes = (app.spec.routes ?? []).filter(({ service }) => service === name)
  if (routes.length === 0) return null
  return {
    metadata: metadataOf(app, nameFor(name, 'routed'), { service: name }),
    spec: {
      type: 'ClusterIP',
      selector: selectorOf(app, name),
      ports: [...new Set(routes.map(({ port }) => port))]
        .toSorted((a, b) => a - b)
        .map((port) => ({ name: `tcp-${port}`, port, protocol: 'TCP', targetPort: port })),
    },
  }
}
