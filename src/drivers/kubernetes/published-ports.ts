import type { CallOptions } from '../driver.ts'
import { LABELS } from '../labels.ts'
import type { ClusterClient } from './client.ts'
import { type PublishedPort, toPublishedPorts } from './instances.ts'
import { collectionPath } from './kinds-of-objects.ts'
import { listAll, selectorOf } from './lists.ts'
import type { LiveService } from './live.ts'

const NONE: readonly PublishedPort[] = []

/** The ports under which the nodes give services to the outside, as last listed: so that a look at one pod need not ask for them. */
export class PublishedPorts {
  readonly #client: ClusterClient
  readonly #installation: string
  #known = new Map<string, ReadonlyMap<string, readonly PublishedPort[]>>()

  constructor(client: ClusterClient, installation: string) {
    this.#client = client
    this.#installation = installation
  }

  /** What these namespaces have, instead of what was known of them. */
  learn(namespaces: readonly string[], services: readonly LiveService[]): void {
    for (const namespace of namespaces) {
      this.#known.set(namespace, portsOf(services.filter(({ metadata }) => metadata.namespace === namespace)))
    }
  }

  /** The same for all namespaces: others are forgotten. */
  learnAll(services: readonly LiveService[]): void {
    this.#known = new Map()
    const namespaces = services.flatMap(({ metadata }) => metadata.namespace ?? [])
    this.learn([...new Set(namespaces)], services)
  }

  known(namespace: string, service: string): readonly PublishedPort[] {
    return this.#known.get(namespace)?.get(service) ?? NONE
  }

  /** Asks for them where the namespace is not known. */
  async of(namespace: string, service: string, call: CallOptions): Promise<readonly PublishedPort[]> {
    if (!this.#known.has(namespace)) {
      const path = collectionPath('Service', namespace)
      const query = { labelSelector: selectorOf(this.#installation) }
      const services = await listAll(this.#client, call, { path, query }, (item: LiveService) => item)
      this.learn([namespace], services)
    }
    return this.known(namespace, service)
  }
}

function portsOf(services: readonly LiveService[]): ReadonlyMap<string, readonly PublishedPort[]> {
  const ports = new Map<string, PublishedPort[]>()
  for (const service of services) {
    const name = service.metadata.labels?.[LABELS.service]
    const published = toPublishedPorts(service)
    if (name !== undefined && published.length > 0) ports.set(name, [...(ports.get(name) ?? []), ...published])
  }
  return ports
}
