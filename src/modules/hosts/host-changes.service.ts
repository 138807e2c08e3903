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
import type { ChangeHost, Host } from './hosts.schemas.ts'
import {
  answerOf,
  type HostAnswer,
  hostNotFound,
  type HostsDeps,
  requireById,
  requireHost,
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
  const parsed = wish.endpoint ? parseEndpoint(wish.endpoint) : null
  const decide = async (tx: Tx) => {
    // Before the row is locked: the observers write to it.
    const reached = parsed && (await reach(deps.hosts, await requireHost(tx, name), version, parsed))
    const row = await lockHost(tx, name)
    if (!row) throw hostNotFound(name)
    requireVersion(version, row.version)
    if (parsed && !reached && !deps.hosts.isEndpoint(row.id, row.endpoint, parsed.endpoint))
      throw new AppError('conflict', { detail: 'its endpoint was changed meanwhile; send the request again' })
    const tenantIds = wish.tenants && (await requireTenants(tx, wish.tenants))
    const lines = changeLines(
      viewHost(row),
      wish,
      reached && { engine: transportText(reached.transport), version: reached.probe.version },
    )
    return { row, reached, tenantIds, lines, plan: planOfLines(name, lines) }
  }
  if (wish.dryRun)
    return { status: 200, body: planAnswer(await deps.db.transaction(async (tx) => (await decide(tx)).plan)) }
  return await idempotent<Host | PlanAnswer>(deps, facts, async (tx) => {
    const { row, reached, tenantIds, lines, plan } = await decide(tx)
    expectPlan(wish.expectPlan, plan)
    if (lines.length === 0) return answerOf(200, row)
    const { labels, schedulable } = wish
    const change = {
      ...(labels && { labels }),
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

/** Asks the engine at another endpoint who it is; null where the endpoint is the host's own already. */
async function reach(
  hosts: HostAccess,
  row: HostRow,
  version: number | null,
  { endpoint, transport }: ParsedEndpoint,
): Promise<(ParsedEndpoint & { readonly probe: Probe }) | null> {
  requireVersion(version, row.version)
  if (hosts.isEndpoint(row.id, row.endpoint, endpoint)) return null
  const driver = hosts.open(row.kind, endpoint, row.id)
  try {
    const probe = await onEngine(driver.probe({ signal: withDeadline(ENGINE_MS) }), transport)
    requireMarker(row.id, probe.markerHostId)
    return { endpoint, transport, probe }
  } finally {
    await driver.close()
  }
}
