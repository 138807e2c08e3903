import type { AppSpec, PlacementSpec, ServiceSpec } from '../spec/index.ts'
import type { DesiredApp, HostCandidate, ObservedApp, ObservedContainer, Placement, Plan } from './types.ts'

export type * from './types.ts'

/** The digest that a container is labelled with: the service's own, and the app's restart generation where it is above 0. */
export declare function effectiveDigest(service: ServiceSpec, restartGeneration: number): string

/** The whole app on one ready host: by kinds, labels and tenants, then the current host, then fewest instances, then name. */
export declare function place(wanted: { placement: PlacementSpec; tenantId: string; currentHostId: string | null }, hosts: readonly HostCandidate[]): Placement

/** The steps that make what is observed equal to what is desired; none where it is so already and every wanted container is ready. */
export declare function reconcile(desired: DesiredApp, observed: ObservedApp): Plan

/** A plan as lines for people: `1 create_network mrg-… because …`. */
export declare function formatPlan(plan: Plan): string

/** The service's containers run to an end: others await its completion, or its restart policy is `no`. */
export declare function runsToCompletion(spec: AppSpec, service: string): boolean

/** Ready: completed, healthy, or (where nothing checks) running for `monitor` without a restart. */
export declare function isReady(spec: AppSpec, service: string, container: ObservedContainer): boolean

/** Names of engine objects: `mrg-<8 hex of the installation>-<tenant>_<app>[_<service>_<ordinal>_<8 hex of the digest>]`. */
export declare const names: {
  network(desired: DesiredApp): string
  volume(desired: DesiredApp, key: string): string
  container(desired: DesiredApp, service: string, ordinal: number, digest: string): string
}
