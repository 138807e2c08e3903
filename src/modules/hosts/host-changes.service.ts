import { CHANNELS, notify, type Tx } from '../../db/index.ts'
import type { Probe } from '../../drivers/driver.ts'
import { emit } from '../../events/index.ts'
import { AppError } from '../../errors/app-error.ts'
import { withDeadline } from '../../lib/abort.ts'
import { expectPlan, planAnswer, type PlanAnswer, planOfLines, requireVersion } from '../../web/index.ts'
import { idempotent, type RequestFacts } from '../idempotency/index.ts'
import { ENGINE_MS, onEngine } from './engine-changes.service.ts'
import { type HostAccess, requireMarker } from './host-access.ts'
import { parseEndpoint, type ParsedEndpoint, transportText } from './host-endpoint.ts'
import { changeLines } from './host-plans.ts'
import { type HostRow, lockHost, updateSeen, updateWanted } from './hosts.repository.ts'
import type { ChangeHost, Host, HostSettings } from './hosts.schemas.ts'
import {
  answerOf,
  type HostAnswer,
  hostNotFound,
  type HostsDeps,
  kindOf,
  requireById,
  requireHost,
  requireSettings,
  requireTenants,
  viewHost,
} from './hosts.service.ts'

/**
 * Changes what is wanted of a host, and how it is reached; the version grows only where something changes. Another endpoint must lead
 * to the same engine: it is asked for its marker first, and nothing changes where that is not this host's.
 */
export async function changeHost(
  deps: HostsDeps,
  facts: RequestFacts,
  name: string,
  version: number | null,
  wish: ChangeHost,
): Promise<HostAnswer> {
  const decide = async (tx: Tx) => {
    const before = await requireHost(tx, name)
    const parsed = wish.endpoint ? parseEndpoint(kindOf(before), wish.endpoint) : null
    if (wish.settings) requireSettings(kindOf(before), wish.settings)
    // Before the row is locked: the observers write to it.
    const reached = parsed && (await reach(deps.hosts, before, { version, parsed, settings: wish.settings }))
    const row = await lockHost(tx, name)
    if (!row) throw hostNotFound(name)
    requireVersion(version, row.version)
    if (parsed && !reached && !deps.hosts.isEndpoint(row.id, row.endpoint, parsed.endpoint))
      throw new AppError('conflict', { detail: 'its endpoint was changed meanwhile; send the request again' })
    const tenantIds = wish.tenants && (await requireTenants(tx, wish.tenants))
    const lines = changeLines(
      viewHost(row),
      wish,
      reached && {
        engine: transportText(reached.transport),
        version: reached.probe.version,
        ownIdentity: reached.ownIdentity,
      },
    )
    return { row, reached, tenantIds, lines, plan: planOfLines(name, lines) }
  }
  if (wish.dryRun)
    return { status: 200, body: planAnswer(await deps.db.transaction(async (tx) => (await decide(tx)).plan)) }
  return await idempotent<Host | PlanAnswer>(deps, facts, async (tx) => {
    const { row, reached, tenantIds, lines, plan } = await decide(tx)
    expectPlan(wish.expectPlan, plan)
    if (lines.length === 0) return answerOf(200, row)
    const { labels, settings, schedulable } = wish
    const change = {
      ...(labels && { labels }),
      ...(settings && { settings }),
      ...(schedulable !== undefined && { schedulable }),
      ...(reached && {
        endpoint: deps.hosts.sealEndpoint(row.id, reached.endpoint),
        transport: reached.transport,
      }),
    }
    await updateWanted(tx, row.id, change, tenantIds)
    if (reached) await updateSeen(tx, row.id, 'ready', null, reached.probe)
    await notify(tx, CHANNELS.host, row.id)
    const changed = Object.keys(wish).filter((key) => key !== 'dryRun' && key !== 'expectPlan')
    emit(tx, { tenantId: null, type: 'host.updated', host: name, actor: facts.actor, data: { changed } })
    return answerOf(200, await requireById(tx, row.id))
  })
}

interface Reached extends ParsedEndpoint {
  readonly probe: Probe
  readonly ownIdentity: boolean
}

/** Asks the engine at another endpoint who it is; null where the endpoint is the host's own already. */
async function reach(
  hosts: HostAccess,
  row: HostRow,
  wanted: {
    readonly version: number | null
    readonly parsed: ParsedEndpoint
    readonly settings: HostSettings | undefined
  },
): Promise<Reached | null> {
  requireVersion(wanted.version, row.version)
  const { endpoint, transport } = wanted.parsed
  if (hosts.isEndpoint(row.id, row.endpoint, endpoint)) return null
  const driver = hosts.open(row.kind, { endpoint, settings: wanted.settings ?? row.settings }, row.id)
  try {
    const probe = await onEngine(driver.probe({ signal: withDeadline(ENGINE_MS) }), transport)
    requireMarker(row.id, probe.markerHostId)
    return { endpoint, transport, probe, ownIdentity: driver.capabilities.ownIdentity }
  } finally {
    await driver.close()
  }
}
