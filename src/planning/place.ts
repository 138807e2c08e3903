import { type CapabilityNote, type PlacementSpec, refusalsOf } from '../spec/index.ts'
import type { HostCandidate, Placement } from './types.ts'

interface Wanted {
  readonly placement: PlacementSpec
  /** What the spec's notes say: a kind of host that refuses any of it can't have the app. */
  readonly notes: readonly CapabilityNote[]
  readonly tenantId: string
  readonly currentHostId: string | null
}

/**
 * The whole app on one host. It stays where it is while its placement and the host's tenants allow that, even on a host that is
 * cordoned or doesn't answer: those are reasons against new apps, not for moving one. Otherwise the ready and schedulable
 * host with the fewest instances, by name among equals; none: one reason for each host that is open to the tenant.
 */
export function place(wanted: Wanted, hosts: readonly HostCandidate[]): Placement {
  const current = hosts.find((host) => host.id === wanted.currentHostId)
  if (current && mismatch(wanted, current) === null) {
    return { hostId: current.id, host: current.name, cause: 'the app is there already' }
  }
  // What is not open to the tenant is not told of: hosts of others, their labels and their health are none of its business.
  const judged = hosts
    .filter((host) => isOpen(host, wanted.tenantId))
    .map((host) => ({ host, reason: mismatch(wanted, host) ?? unavailable(host) }))
    .toSorted((a, b) => a.host.instances - b.host.instances || byText(a.host.name, b.host.name))
  const eligible = judged.filter(({ reason }) => reason === null)
  const [best] = eligible
  if (best) {
    const { id, name, instances } = best.host
    const cause =
      eligible.length === 1
        ? 'it is the only host that can take the app'
        : `of ${eligible.length} hosts that can take the app it has the fewest instances (${instances})`
    return { hostId: id, host: name, cause }
  }
  const reasons = judged.map(({ host, reason }) => ({ host: host.name, reason: reason ?? '' }))
  return { hostId: null, reasons: reasons.toSorted((a, b) => byText(a.host, b.host)) }
}

/** Why the host can never have the app, by its placement, what its kind refuses and the host's tenants, or null. */
export function mismatch(
  { placement, notes, tenantId }: Omit<Wanted, 'currentHostId'>,
  host: Pick<HostCandidate, 'kind' | 'labels' | 'tenants'>,
): string | null {
  if (!isOpen(host, tenantId)) return 'it is not open to this tenant'
  if (placement.kinds.length > 0 && !placement.kinds.includes(host.kind)) {
    return `it is of kind ${host.kind}, and the app wants ${placement.kinds.join(' or ')}`
  }
  const lacking = Object.entries(placement.hosts).filter(([key, value]) => host.labels[key] !== value)
  if (lacking.length === 0) return refusal(host.kind, notes)
  return `it lacks the label ${lacking
    .map(([key, value]) => `${key}=${value}`)
    .toSorted(byText)
    .join(', ')}`
}

function refusal(kind: string, notes: readonly CapabilityNote[]): string | null {
  const [first, ...more] = refusalsOf(kind, notes)
  if (!first) return null
  return `it is of kind ${kind}, which refuses ${first.path}: ${first.message}${more.length > 0 ? ` (and ${more.length} more)` : ''}`
}

function isOpen({ tenants }: Pick<HostCandidate, 'tenants'>, tenantId: string): boolean {
  return tenants.length === 0 || tenants.includes(tenantId)
}

/** Why the host can't take a new app now, or null. */
function unavailable(host: HostCandidate): string | null {
  if (host.status !== 'ready') return `it is ${host.status}`
  return host.schedulable ? null : 'it is cordoned'
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
