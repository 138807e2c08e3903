import { CHANNELS, type Database, isForeignKeyViolation, isUniqueViolation, notify, type Tx } from '../../db/index.ts'
import type { Driver } from '../../drivers/driver.ts'
import { emit } from '../../events/index.ts'
import { AppError, isAppError } from '../../errors/app-error.ts'
import { withDeadline } from '../../lib/abort.ts'
import { newId } from '../../lib/ids.ts'
import { type Answer, expectPlan, planAnswer, type PlanAnswer, planOfLines, requireVersion } from '../../web/index.ts'
import { idempotent, type RequestFacts } from '../idempotency/index.ts'
import { type HostAccess, requireMarker } from './host-access.ts'
import { parseEndpoint, type Transport, transportText } from './host-endpoint.ts'
import { deleteLines, probeLines, registerLines } from './host-plans.ts'
import { deleteHost, findHost, findHostById, insertHost, lockHost, updateSeen } from './hosts.repository.ts'
import type { DeleteHostQuery, ProbeHost, RegisterHost } from './hosts.schemas.ts'
import {
  answerOf,
  type HostAnswer,
  hostNotFound,
  type HostsDeps,
  requireById,
  requireHost,
  requireSettings,
  requireTenants,
} from './hosts.service.ts'

/**
 * The changes of hosts that ask an engine. They do so inside the transaction that holds the idempotency key, so that of equal
 * requests one asks, and the others get its answer; so their deadline is below that of a transaction (20 s).
 * It is longer than a driver's own limit on a probe, whose message is the better one.
 */
export const ENGINE_MS = 10_000
const UNMARK_MS = 8000

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Registers an engine: it must answer, and takes this host's marker, where it does not know itself. Two registrations of one engine are serialised by the engine
 * (the marker has one name) and by the host's primary key: the later one gets `host_exists`. A marker that no host has is what
 * a registration that broke off left: its id is used. Nothing is stored where the engine doesn't answer.
 */
export async function registerHost(deps: HostsDeps, facts: RequestFacts, wish: RegisterHost): Promise<HostAnswer> {
  try {
    if (wish.dryRun) return await register(deps.db.prisma, deps.hosts, wish, facts.actor)
    return await idempotent(deps, facts, async (tx) => await register(tx, deps.hosts, wish, facts.actor))
  } catch (error) {
    if (isUniqueViolation(error, 'hosts_name_key')) throw nameTaken(wish.name)
    if (!isUniqueViolation(error, 'hosts_pkey')) throw error
    throw new AppError('host_exists', {
      detail: 'another request registered this engine at the same time',
      cause: error,
    })
  }
}

async function register(tx: Tx, hosts: HostAccess, wish: RegisterHost, actor: string): Promise<HostAnswer> {
  const { name, kind, labels = {}, settings = {}, schedulable = true } = wish
  const { endpoint, transport } = parseEndpoint(kind, wish.endpoint)
  requireSettings(kind, settings)
  // A courtesy, before the engine is touched: the indexes are what holds.
  if (await findHost(tx, name)) throw nameTaken(name)
  const tenantIds = await requireTenants(tx, wish.tenants ?? [])
  const freshId = newId()
  const driver = hosts.open(kind, { endpoint, settings }, freshId)
  try {
    const signal = withDeadline(ENGINE_MS)
    const probe = await onEngine(driver.probe({ signal }), transport)
    if (probe.markerHostId !== null) await requireUnregistered(tx, probe.markerHostId)
    const { ownIdentity } = driver.capabilities
    const plan = planOfLines(name, registerLines(name, transportText(transport), probe, ownIdentity))
    if (wish.dryRun) return { status: 200, body: planAnswer(plan) }
    expectPlan(wish.expectPlan, plan)
    const id = probe.markerHostId ?? (await onEngine(driver.mark({ signal })))
    if (id !== freshId) await requireUnregistered(tx, id)
    const sealed = hosts.sealEndpoint(id, endpoint)
    await insertHost(
      tx,
      { id, name, kind, endpoint: sealed, transport, labels, settings, schedulable },
      tenantIds,
      probe,
    )
    await notify(tx, CHANNELS.host, id)
    emit(tx, { tenantId: null, type: 'host.registered', host: name, actor, data: { kind } })
    return answerOf(201, await requireById(tx, id))
  } finally {
    await driver.close()
  }
}

/**
 * Deletes a host that has no apps and takes its marker away, in this order and in one transaction: while the
 * engine is asked, nobody can register it again. An engine that does not answer stops it, unless `force` is given; one that knows
 * itself is not asked.
 */
export async function removeHost(
  deps: HostsDeps,
  facts: RequestFacts,
  name: string,
  version: number | null,
  wish: DeleteHostQuery,
): Promise<Answer<PlanAnswer | null>> {
  const decide = async (tx: Tx) => {
    const row = await lockHost(tx, name)
    if (!row) throw hostNotFound(name)
    requireVersion(version, row.version)
    const opened = await openDriver(tx, deps.hosts, row.id)
    const ownIdentity = opened.status === 'fulfilled' && opened.value.capabilities.ownIdentity
    const plan = planOfLines(name, deleteLines(name, { force: wish.force ?? false, ownIdentity }))
    return { row, plan, opened }
  }
  if (wish.dryRun)
    return { status: 200, body: planAnswer(await deps.db.transaction(async (tx) => (await decide(tx)).plan)) }
  let removed: string | null = null
  const answer = await idempotent<PlanAnswer | null>(deps, facts, async (tx) => {
    const { row, plan, opened } = await decide(tx)
    expectPlan(wish.expectPlan, plan)
    try {
      await deleteHost(tx, row.id)
    } catch (error) {
      if (!isForeignKeyViolation(error)) throw error
      throw new AppError('host_not_empty', { detail: `the host "${name}" still has apps`, cause: error })
    }
    try {
      await removeMarker(opened, row.id)
    } catch (error) {
      if (!wish.force) throw error
    }
    await notify(tx, CHANNELS.host, row.id)
    emit(tx, { tenantId: null, type: 'host.deleted', host: name, actor: facts.actor })
    removed = row.id
    return { status: 204, body: null }
  })
  if (removed !== null) await deps.hosts.forget(removed)
  return answer
}

/**
 * Asks the engine who it is. Its own marker: the host is `ready`. None: with `adopt` it is left anew, without the host becomes
 * `unknown` and the answer is `host_marker_missing`. Another's: `unknown`, and `host_identity_mismatch`.
 */
export async function probeHost(
  deps: HostsDeps,
  facts: RequestFacts,
  name: string,
  wish: ProbeHost,
): Promise<HostAnswer> {
  const { db, hosts } = deps
  if (wish?.dryRun) return await probe(db.prisma, hosts, name, wish)
  try {
    return await idempotent(deps, facts, async (tx) => await probe(tx, hosts, name, wish))
  } catch (error) {
    await saveRefusal(db, name, error)
    throw error
  }
}

async function probe(tx: Tx, hosts: HostAccess, name: string, wish: ProbeHost): Promise<HostAnswer> {
  const { adopt = false, dryRun = false, expectPlan: expected } = wish ?? {}
  const { id } = await requireHost(tx, name)
  const driver = await hosts.driver(id, tx)
  const signal = withDeadline(ENGINE_MS)
  const seen = await onEngine(driver.probe({ signal }))
  const lost = adopt && seen.markerHostId === null
  if (!lost) requireMarker(id, seen.markerHostId)
  const plan = planOfLines(name, probeLines(name, { adopt: lost, ownIdentity: driver.capabilities.ownIdentity }))
  if (dryRun) return { status: 200, body: planAnswer(plan) }
  expectPlan(expected, plan)
  if (lost) requireMarker(id, await onEngine(driver.mark({ signal })))
  await updateSeen(tx, id, 'ready', null, seen)
  await notify(tx, CHANNELS.host, id)
  const row = await findHostById(tx, id)
  if (!row) throw hostNotFound(name)
  return answerOf(200, row)
}

/** An engine's answer, or `host_unreachable` where the deadline came first, with the address where one is given. */
export async function onEngine<T>(call: Promise<T>, at?: Transport): Promise<T> {
  const where = at ? `${transportText(at)}: ` : ''
  try {
    return await call
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError')
      throw new AppError('host_unreachable', { detail: `${where}the engine did not answer in time`, cause: error })
    if (!isAppError(error, 'host_unreachable')) throw error
    throw new AppError(error.code, { ...error.options, detail: `${where}${error.options.detail}`, cause: error })
  }
}

/** A host's driver, or what keeps it from being made. Asked for before the row goes: the endpoint is in it. */
async function openDriver(tx: Tx, hosts: HostAccess, id: string): Promise<PromiseSettledResult<Driver>> {
  const [opened] = await Promise.allSettled([hosts.driver(id, tx)])
  return opened
}

/** Takes a host's marker away (not another's), where its engine has one. */
async function removeMarker(opened: PromiseSettledResult<Driver>, id: string): Promise<void> {
  if (opened.status === 'rejected') throw opened.reason
  const driver = opened.value
  if (driver.capabilities.ownIdentity) return
  const signal = withDeadline(UNMARK_MS)
  const { markerHostId } = await onEngine(driver.probe({ signal }))
  if (markerHostId === id) await onEngine(driver.unmark({ signal }))
}

async function saveRefusal(db: Database, name: string, error: unknown): Promise<void> {
  if (!(error instanceof AppError) || (error.code !== 'host_marker_missing' && error.code !== 'host_identity_mismatch'))
    return
  await db.transaction(async (tx) => {
    const { id } = await requireHost(tx, name)
    await updateSeen(tx, id, 'unknown', error.message, null)
    await notify(tx, CHANNELS.host, id)
  })
}

async function requireUnregistered(tx: Tx, id: string): Promise<void> {
  if (!UUID.test(id))
    throw new AppError('field_conflict', {
      detail: "the engine's marker volume names no host id of ours: someone changed it",
    })
  const row = await findHostById(tx, id)
  if (row) throw new AppError('host_exists', { detail: `this engine is the host "${row.name}"`, host: row.name })
}

function nameTaken(name: string): AppError {
  return new AppError('already_exists', { detail: `there is a host "${name}" already` })
}
