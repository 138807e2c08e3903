import type { Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import { mismatch, place, reconcile } from '../../planning/index.ts'
import { type CapabilityNote, ENGINES, type PlacementSpec, refusalsOf } from '../../spec/index.ts'
import { planOfLines, planView, type PlanView } from '../../web/index.ts'
import { type HostAccess, loadHostFacts, readLabels } from '../hosts/index.ts'
import { appIdOf, type AppSituation, observedRows, subnetOf } from './apps.repository.ts'
import type { Current, Decision, ReleaseState } from './decisions.ts'
import { applyPatch, buildDesired, type HostOfApp, observedFromRows } from './wanted.ts'

export interface PlanDeps {
  /** The installation's id: names of engine objects begin with a part of it. */
  readonly installation: string
  readonly hosts: Pick<HostAccess, 'loadCandidates'>
}

export interface PlanInput {
  readonly tenant: { readonly id: string; readonly name: string }
  readonly name: string
  /** null: it does not exist yet. */
  readonly app: AppSituation | null
  readonly current: Current
  readonly decision: Decision
}

/**
 * What a decision would come to on the engine, by what the observers last wrote down. Throws `no_eligible_host` where the
 * app has no host yet and none can take it.
 */
export async function planChange(tx: Tx, { installation, hosts }: PlanDeps, input: PlanInput): Promise<PlanView> {
  const { tenant, name, app, current, decision } = input
  const change = decision.type === 'change' ? decision : null
  const wanted = change ? applyPatch(current.wanted, change.patch) : current.wanted
  const release = wanted.release === null ? null : (change?.release ?? current.release)
  const host = app?.host ?? (release && (await placed(tx, hosts, tenant.id, release)))
  // Nothing is wanted and nothing was ever placed.
  if (!host) return planOfLines('', [])
  const { instances, objects } = app ? await observedRows(tx, app.id) : { instances: [], objects: [] }
  const desired = buildDesired({
    installation,
    tenant,
    app: { id: app?.id ?? appIdOf(tenant.id, name), name },
    host,
    subnet: app ? await subnetOf(tx, app.id, host.id) : null,
    release,
    wanted,
    removeVolumes: change?.params.removeVolumes === true,
    force: change?.params.force === true,
  })
  const here = <T extends { readonly hostId: string }>(rows: readonly T[]) =>
    rows.filter(({ hostId }) => hostId === host.id)
  return planView(reconcile(desired, observedFromRows(here(instances), here(objects), Date.now())))
}

/**
 * A release that the app's own host can't have is refused: an app does not move between hosts yet, and a placement that is
 * not kept must not look as if it were. Throws `no_eligible_host`, or `unsupported` where the host's kind refuses a part of it, or, of an
 * app without a host, every kind that its placement allows.
 */
export function requireStay({ tenant, app, decision }: Pick<PlanInput, 'tenant' | 'app' | 'decision'>): void {
  if (decision.type !== 'change' || !decision.release || decision.patch.release === undefined) return
  const { notes, spec } = decision.release
  if (!app?.host) {
    requireKind(spec.placement, notes)
    return
  }
  const host = { ...app.host, labels: readLabels(app.host.labels) }
  const reason = mismatch({ placement: spec.placement, notes: [], tenantId: tenant.id }, host)
  if (reason) {
    throw new AppError('no_eligible_host', {
      detail: `the app is on host ${host.name}, and ${reason}: an app does not move between hosts yet; remove it and apply it again, or leave its placement as it is`,
    })
  }
  const refusals = refusalsOf(host.kind, notes)
  if (refusals.length > 0) {
    throw new AppError('unsupported', {
      detail: `the app is on host ${host.name} of kind ${host.kind}, which refuses ${firstOf(refusals)}`,
      errors: refusals.map(({ path, message }) => ({ path, message })),
    })
  }
}

/** Some kind of host that the placement allows must take all of the spec. Throws `unsupported`. */
function requireKind({ kinds }: PlacementSpec, notes: readonly CapabilityNote[]): void {
  const allowed = ENGINES.filter((kind) => kinds.length === 0 || kinds.includes(kind))
  const refusing = allowed.map((kind) => ({ kind, refusals: refusalsOf(kind, notes) }))
  if (refusing.length === 0 || refusing.some(({ refusals }) => refusals.length === 0)) return
  throw new AppError('unsupported', {
    detail: `no kind of host that the placement allows takes all of the spec: ${refusing
      .map(({ kind, refusals }) => `${kind} refuses ${firstOf(refusals)}`)
      .join('; ')}`,
    errors: refusing.flatMap(({ kind, refusals }) =>
      refusals.map(({ path, message }) => ({ path, message: `on ${kind}: ${message}` })),
    ),
  })
}

function firstOf([first, ...more]: readonly CapabilityNote[]): string {
  return `${first?.path}: ${first?.message}${more.length > 0 ? ` (and ${more.length} more)` : ''}`
}

async function placed(
  tx: Tx,
  hosts: PlanDeps['hosts'],
  tenantId: string,
  { spec: { placement }, notes }: ReleaseState,
): Promise<HostOfApp> {
  const found = place({ placement, notes, tenantId, currentHostId: null }, await hosts.loadCandidates(tx))
  if (found.hostId !== null) return { id: found.hostId, name: found.host, ...(await loadHostFacts(tx, found.hostId)) }
  const reasons = found.reasons.map(({ host, reason }) => `${host}: ${reason}`)
  throw new AppError('no_eligible_host', {
    detail: reasons.length > 0 ? reasons.join('; ') : 'no host is registered for this tenant',
  })
}
