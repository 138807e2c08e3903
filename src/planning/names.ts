import { serviceDigest, type ServiceSpec } from '../spec/index.ts'
import { digestOf } from '../lib/canonical.ts'
import { shortId } from '../lib/ids.ts'
import type { DesiredApp } from './types.ts'

/** The digest that a container is labelled with: the service's own, and the app's restart generation where it is above 0. */
export function effectiveDigest(service: ServiceSpec, restartGeneration: number): string {
  return effectiveDigestOf(serviceDigest(service), restartGeneration)
}

/** The same, of a digest that `serviceDigest` gave. */
export function effectiveDigestOf(digest: string, restartGeneration: number): string {
  return restartGeneration > 0 ? digestOf({ digest, restartGeneration }) : digest
}

/** How many containers of a service are wanted. */
export function replicasOf(desired: DesiredApp, name: string, service: ServiceSpec): number {
  return Object.hasOwn(desired.replicas, name) ? (desired.replicas[name] ?? service.replicas) : service.replicas
}

/**
 * Names of engine objects: `mrg-<8 hex of the installation>-<tenant>_<app>[_<service>_<ordinal>_<8 hex of the digest>]`.
 * Unique, for neither a tenant's nor an app's name may contain `_`, and ordinal and digest never do.
 */
export const names = {
  network: (desired: DesiredApp): string =>
    `mrg-${shortId(desired.installation)}-${desired.tenant.name}_${desired.app.name}`,
  volume: (desired: DesiredApp, key: string): string => `${names.network(desired)}_${key}`,
  container: (desired: DesiredApp, service: string, ordinal: number, digest: string): string =>
    `${names.network(desired)}_${service}_${ordinal}_${shortId(digest)}`,
}
