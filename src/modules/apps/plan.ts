import type { Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import { mismatch, place, reconcile } from '../../planning/index.ts'
import { planOfLines, planView, type PlanView } from '../../web/index.ts'
import { type HostAccess, loadHostFacts, readLabels } from '../hosts/index.ts'
import { type AppSituation, observedRows, subnetOf } from './apps.repository.ts'
import type { Current, Decision } from './decisions.ts'
import { applyPatch, buildDesired, type HostOfApp, observedFromRows } from './wanted.ts'

/** What stands for the id of an app that does not exist yet. */
const NO_APP = '00000000-0000-0000-0000-000000000000'

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
  const host = app?.host ?? (release && (await placed(tx, hosts, tenant.id, release.spec.placement)))
  // Nothing is wanted and nothing was ever placed.
  if (!host) return planOfLines('', [])
  const { instances, objects } = app ? await observedRows(tx, app.id) : { instances: [], objects: [] }
  const desired = buildDesired({
    installation,
    tenant,
    app: { id: app?.id ?? NO_APP, name },
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
 * not kept must not look as if it were. Throws `no_eligible_host`.
 */
export function requireStay({ tenant, app, decision }: Pick<PlanInput, 'tenant' | 'app' | 'decision'>): void {
  if (!app?.host || decision.type !== 'change' || !decision.release || decision.patch.release === undefined) return
  const host = { ...app.host, labels: readLabels(app.host.labels) }
  const reason = mismatch({ placement: decision.release.spec.placement, tenantId: tenant.id }, host)
  if (!reason) return
  throw new AppError('no_eligible_host', {
    detail: `the app is on host ${host.name}, and ${reason}: an app does not move between hosts yet; remove it and apply it again, or leave its placement as it is`,
  })
}

async function placed(
  tx: Tx,
  hosts: PlanDeps['hosts'],
  tenantId: string,
  placement: Parameters<typeof place>[0]['placement'],
): Promise<HostOfApp> {
  const found = place({ placement, tenantId, currentHostId: null }, await hosts.loadCandidates(tx))
  if (found.hostId !== null) return { id: found.hostId, name: found.host, ...(await loadHostFacts(tx, found.hostId)) }
  const reasons = found.reasons.map(({ host, reason }) => `${host}: ${reason}`)
  throw new AppError('no_eligible_host', {
    detail: reasons.length > 0 ? reasons.join('; ') : 'no host is registered for this tenant',
  })
}
