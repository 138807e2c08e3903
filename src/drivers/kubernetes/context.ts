import type { CallOptions, Identity } from '../driver.ts'
import type { ClusterClient } from './client.ts'
import type { ClusterFacts } from './facts.ts'
import type { Namespaces } from './namespaces.ts'
import type { PublishedPorts } from './published-ports.ts'
import type { ServerClock } from './server-clock.ts'
import type { ClusterSettings } from './settings.ts'

/** What the parts of one driver share. */
export interface Context {
  readonly client: ClusterClient
  readonly identity: Identity
  readonly settings: ClusterSettings
  /** As last discovered; asks where it never was. */
  readonly facts: (call: CallOptions) => Promise<ClusterFacts>
  readonly owners: Namespaces
  readonly ports: PublishedPorts
  readonly clock: ServerClock
}
