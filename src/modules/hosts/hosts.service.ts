import Type from 'typebox'
import { CHANNELS, type Database, isForeignKeyViolation, isUniqueViolation, notify, type Tx } from '../../db/index.ts'
import type { Probe } from '../../drivers/driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { withDeadline } from '../../lib/abort.ts'
import { newId } from '../../lib/ids.ts'
import {
  type Answer,
  closed,
  decodeCursor,
  etag,
  expectPlan,
  planAnswer,
  type PlanAnswer,
  planOfLines,
  requireVersion,
  toPage,
} from '../../web/index.ts'
import { idempotent, type IdempotencyDeps, replay, type RequestFacts } from '../idempotency/index.ts'
import { type HostAccess, readLabels, requireMarker } from './host-access.ts'
import { parseEndpoint, readTransport, transportText } from './host-endpoint.ts'
import { changeLines, deleteLines, probeLines, registerLines } from './host-plans.ts'
import {
  deleteHost,
  findHost,
  findHostById,
  type HostRow,
  insertHost,
  listHosts,
  lockHost,
  tenantIdsOf,
  updateSeen,
  updateWanted,
} from './hosts.repository.ts'
import {
  type ChangeHost,
  type DeleteHostQuery,
  type Host,
  HOST_KINDS,
  HOST_STATUSES,
  type ProbeHost,
  type RegisterHost,
} from './hosts.schemas.ts'

export interface HostsDeps extends IdempotencyDeps {
  readonly db: Database
  readonly hosts: HostAccess
}

/** Longer than a driver's own limit on a probe, so that its message is the one that is shown. */
const ENGINE_MS = 10_000
const UNMARK_MS = 5000

const Position = closed({ name: Type.String({ maxLength: 40 }) })

type HostAnswer = Answer<Host | PlanAnswer>

/**
 * Registers an engine: it must answer, and takes this host's marker. Two registrations of one engine are serialised by the engine
 * (the marker has one name) and by the host's primary key: the later one gets `host_exists`. A marker that no host has is what
 * a registration that broke off left: its id is used. Nothing is stored where the engine doesn't answer.
 */
export async function registerHost(deps: HostsDeps, facts: RequestFacts, wish: RegisterHost): Promise<HostAnswer> {
  const { db, hosts } = deps
  const { endpoint, transport } = parseEndpoint(wish.endpoint)
  const before = wish.dryRun ? null : await replay<Host>(deps, facts)
  if (before) return before
  // A courtesy, before the engine is touched: the indexes are what holds.
  if (await findHost(db.prisma, wish.name)) throw nameTaken(wish.name)
  const tenantIds = await requireTenants(db.prisma, wish.tenants ?? [])

  const freshId = newId()
  const driver = hosts.open(wish.kind, endpoint, freshId)
  try {
    const signal = withDeadline(ENGINE_MS)
    const probe = await onEngine(driver.probe({ signal }))
    if (probe.markerHostId !== null) await requireUnregistered(db.prisma, probe.markerHostId)
    const plan = planOfLines(wish.name, registerLines(wish.name, transportText(transport), probe))
    if (wish.dryRun) return { status: 200, body: planAnswer(plan) }
    expectPlan(wish.expectPlan, plan)
    const id = probe.markerHostId ?? (await onEngine(driver.mark({ signal })))
    if (id !== freshId) await requireUnregistered(db.prisma, id)
    const row = {
      id,
      name: wish.name,
      kind: wish.kind,
      endpoint: hosts.sealEndpoint(id, endpoint),
      transport,
      labels: wish.labels ?? {},
      schedulable: wish.schedulable ?? true,
    }
    return await idempotent<Host | PlanAnswer>(deps, facts, async (tx) => {
      await insertHost(tx, row, tenantIds, probe)
      await notify(tx, CHANNELS.host, id)
      return answerOf(201, await requireById(tx, id))
    })
  } catch (error) {
    if (isUniqueViolation(error, 'hosts_name_key')) throw nameTaken(wish.name)
    if (isUniqueViolation(error, 'hosts_pkey'))
      throw new AppError('host_exists', {
        detail: 'another request registered this engine at the same time',
        cause: error,
      })
    throw error
  } finally {
    await driver.close()
  }
}

export async function readHost(tx: Tx, name: string): Promise<Answer<Host>> {
  return answerOf(200, await requireHost(tx, name))
}

export async function pageOfHosts(tx: Tx, { limit, cursor }: { limit: number; cursor?: string }) {
  const rows = await listHosts(tx, decodeCursor(Position, cursor)?.name, limit + 1)
  return toPage(rows, limit, viewHost, ({ name }) => ({ name }))
}

/** Changes what is wanted of a host; the version grows only where something changes. */
export async function changeHost(
  deps: HostsDeps,
  facts: RequestFacts,
  name: string,
  version: number | null,
  wish: ChangeHost,
): Promise<HostAnswer> {
  const decide = async (tx: Tx) => {
    const row = await lockHost(tx, name)
    if (!row) throw hostNotFound(name)
    requireVersion(version, row.version)
    const tenantIds = wish.tenants && (await requireTenants(tx, wish.tenants))
    const lines = changeLines(viewHost(row), wish)
    return { row, tenantIds, lines, plan: planOfLines(name, lines) }
  }
  if (wish.dryRun)
    return { status: 200, body: planAnswer(await deps.db.transaction(async (tx) => (await decide(tx)).plan)) }
  return await idempotent<Host | PlanAnswer>(deps, facts, async (tx) => {
    const { row, tenantIds, lines, plan } = await decide(tx)
    expectPlan(wish.expectPlan, plan)
    if (lines.length === 0) return answerOf(200, row)
    const { labels, schedulable } = wish
    await updateWanted(
      tx,
      row.id,
      { ...(labels && { labels }), ...(schedulable !== undefined && { schedulable }) },
      tenantIds,
    )
    await notify(tx, CHANNELS.host, row.id)
    return answerOf(200, await requireById(tx, row.id))
  })
}

/**
 * Deletes a host that has no apps and takes its marker away, in this order and in one transaction: while the
 * engine is asked, nobody can register it again. An engine that does not answer stops it, unless `force` is given.
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
    return { row, plan: planOfLines(name, deleteLines(name, wish.force ?? false)) }
  }
  if (wish.dryRun)
    return { status: 200, body: planAnswer(await deps.db.transaction(async (tx) => (await decide(tx)).plan)) }
  let removed: string | null = null
  const answer = await idempotent<PlanAnswer | null>(deps, facts, async (tx) => {
    const { row, plan } = await decide(tx)
    expectPlan(wish.expectPlan, plan)
    // Before the row goes: the driver's endpoint is in it.
    const unmark = await markerRemover(deps.hosts, row.id)
    try {
      await deleteHost(tx, row.id)
    } catch (error) {
      if (!isForeignKeyViolation(error)) throw error
      throw new AppError('host_not_empty', { detail: `the host "${name}" still has apps`, cause: error })
    }
    try {
      await unmark()
    } catch (error) {
      if (!wish.force) throw error
    }
    await notify(tx, CHANNELS.host, row.id)
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
  const { adopt = false, dryRun = false, expectPlan: expected } = wish ?? {}
  const before = dryRun ? null : await replay<Host>(deps, facts)
  if (before) return before
  const { id } = await requireHost(db.prisma, name)
  const driver = await hosts.driver(id)
  const signal = withDeadline(ENGINE_MS)
  const probe = await onEngine(driver.probe({ signal }))
  const marked = adopt && probe.markerHostId === null
  const plan = planOfLines(name, probeLines(name, marked))
  try {
    if (!marked) requireMarker(id, probe.markerHostId)
    if (dryRun) return { status: 200, body: planAnswer(plan) }
    expectPlan(expected, plan)
    if (marked) requireMarker(id, await onEngine(driver.mark({ signal })))
  } catch (error) {
    if (!dryRun) await saveRefusal(db, id, error)
    throw error
  }
  return await idempotent<Host | PlanAnswer>(deps, facts, async (tx) => {
    await updateSeen(tx, id, 'ready', null, probe)
    await notify(tx, CHANNELS.host, id)
    const row = await findHostById(tx, id)
    if (!row) throw hostNotFound(name)
    return answerOf(200, row)
  })
}

/** An engine's answer, or `host_unreachable` where the deadline came first. */
export async function onEngine<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'TimeoutError') throw error
    throw new AppError('host_unreachable', { detail: 'the engine did not answer in time', cause: error })
  }
}

export async function requireHost(tx: Tx, name: string): Promise<HostRow> {
  const row = await findHost(tx, name)
  if (!row) throw hostNotFound(name)
  return row
}

/** Takes a host's marker away (not another's). What keeps its driver from being made is thrown by the returned function. */
async function markerRemover(hosts: HostAccess, id: string): Promise<() => Promise<void>> {
  const opened = await Promise.allSettled([hosts.driver(id)])
  return async () => {
    const [made] = opened
    if (made.status === 'rejected') throw made.reason
    const signal = withDeadline(UNMARK_MS)
    const { markerHostId } = await onEngine(made.value.probe({ signal }))
    if (markerHostId === id) await onEngine(made.value.unmark({ signal }))
  }
}

async function saveRefusal(db: Database, id: string, error: unknown): Promise<void> {
  if (!(error instanceof AppError) || (error.code !== 'host_marker_missing' && error.code !== 'host_identity_mismatch'))
    return
  await db.transaction(async (tx) => {
    await updateSeen(tx, id, 'unknown', error.message, null)
    await notify(tx, CHANNELS.host, id)
  })
}

async function requireById(tx: Tx, id: string): Promise<HostRow> {
  const row = await findHostById(tx, id)
  if (!row) throw new AppError('not_found', { detail: `there is no host ${id}` })
  return row
}

async function requireUnregistered(tx: Tx, id: string): Promise<void> {
  const row = await findHostById(tx, id)
  if (row) throw new AppError('host_exists', { detail: `this engine is the host "${row.name}"`, host: row.name })
}

async function requireTenants(tx: Tx, names: readonly string[]): Promise<string[]> {
  const ids = await tenantIdsOf(tx, names)
  const errors = names.flatMap((name, at) =>
    ids.has(name) ? [] : [{ path: `/body/tenants/${at}`, message: `there is no tenant "${name}"` }],
  )
  if (errors.length > 0)
    throw new AppError('bad_request', { detail: errors.map(({ message }) => message).join('; '), errors })
  return [...ids.values()]
}

function answerOf(status: 200 | 201, row: HostRow): Answer<Host> {
  const headers = { etag: etag(row.version), ...(status === 201 ? { location: `/v1/hosts/${row.name}` } : {}) }
  return { status, headers, body: viewHost(row) }
}

function hostNotFound(name: string): AppError {
  return new AppError('not_found', { detail: `there is no host "${name}"` })
}

function nameTaken(name: string): AppError {
  return new AppError('already_exists', { detail: `there is a host "${name}" already` })
}

function viewHost(row: HostRow): Host {
  return {
    id: row.id,
    name: row.name,
    kind: HOST_KINDS.find((kind) => kind === row.kind) ?? 'docker',
    endpoint: readTransport(row.transport),
    labels: readLabels(row.labels),
    tenants: row.tenants.map(({ tenant }) => tenant.name).toSorted(),
    status: HOST_STATUSES.find((status) => status === row.status) ?? 'unknown',
    schedulable: row.schedulable,
    version: row.version,
    engineVersion: row.engineVersion,
    capacity: readCapacity(row.capacity),
    allocated: { instances: row._count.instances },
    lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
    message: row.message,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}

function readCapacity(value: unknown): Probe['capacity'] | null {
  if (typeof value !== 'object' || value === null || !('cpus' in value) || !('memory' in value)) return null
  return { cpus: Number(value.cpus), memory: Number(value.memory) }
}
