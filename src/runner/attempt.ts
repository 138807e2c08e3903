import type { Logger } from 'pino'
import { execute } from './execute.ts'
import { type OperationError, toOperationError } from './failure.ts'
import type { Lease } from './lease.ts'
import { type OperationRow, writePlace } from './operation.repository.ts'
import { closeOpenSteps, type Fence } from './queue.ts'
import { refuseSubnet, reserveSubnet } from './subnets.ts'
import type { Database } from '../db/index.ts'
import { type CallOptions, type Driver, toObservedApp } from '../drivers/index.ts'
import { AppError, isAppError } from '../errors/app-error.ts'
import { digestOf } from '../lib/canonical.ts'
import { buildDesired, goodOf, type HostOfApp, targetOf, type Wanted } from '../modules/apps/index.ts'
import type { Observer } from '../observer/index.ts'
import { type DesiredApp, type HostCandidate, place, type Plan, reconcile } from '../planning/index.ts'
import type { AppSpec, CapabilityNote } from '../spec/index.ts'
import { planView } from '../web/index.ts'

/** Plan, execute and look again so often in one attempt before it gives way to the others. */
const MAX_ROUNDS = 20
/** How soon after a step the tables show what it did. */
const GLANCE_MS = 500
const DAY_MS = 24 * 60 * 60 * 1000

export interface AttemptDeps {
  readonly db: Database
  readonly log: Logger
  readonly installation: string
  readonly observer: Observer
  /** The host's driver, once its engine has shown the host's marker. */
  readonly connect: (hostId: string, call: CallOptions) => Promise<Driver>
  readonly candidates: () => Promise<HostCandidate[]>
  readonly subnets: readonly string[]
  readonly progressDeadlineMs: number
}

/** What came of an attempt; the runner writes it. */
export type AttemptEnd =
  | { readonly end: 'reached'; readonly target: Wanted }
  | { readonly end: 'stopped' }
  | { readonly end: 'again' }
  | { readonly end: 'error'; readonly error: unknown; readonly goBack: boolean; readonly overdue: boolean }

/**
 * One attempt at an operation: look, place, plan, execute, and look again, until what is equals what the operation wants, or something
 * stops it. Writes steps and the plan, never the operation's status.
 */
export async function attempt(deps: AttemptDeps, lease: Lease, operation: OperationRow): Promise<AttemptEnd> {
  const { app } = operation
  if (!app) return { end: 'reached', target: { release: null, replicas: {}, running: true, restartGeneration: 0 } }
  const target = targetOf(app, operation)
  let deadlineMs = deps.progressDeadlineMs
  const goBack =
    operation.revertTo === null && operation.kind !== 'reconcile' && digestOf(goodOf(app)) !== digestOf(target)
  try {
    const release = target.release === null ? null : operation.release
    const spec = release ? (release.spec as AppSpec) : null
    if (spec?.progressDeadlineNs) deadlineMs = spec.progressDeadlineNs / 1e6
    if (target.release !== (release?.number ?? null))
      throw new AppError('internal', { detail: `release ${target.release} is gone` })
    const host = await placeApp(deps, app, release)
    if (!host) return { end: 'reached', target }
    const signal = operation.revertTo === null ? AbortSignal.any([lease.signal, lease.cancelSignal]) : lease.signal
    const call = { signal, guard: lease.guard }
    const driver = await deps.connect(host.id, call).catch((error: unknown) => {
      // A lost marker may be put back by an admin at any time: it is waited for like a host that is away.
      throw isAppError(error, 'host_marker_missing')
        ? new AppError('host_unreachable', { detail: error.options.detail, host: host.name, cause: error })
        : error
    })
    const params = operation.params as { removeVolumes?: boolean; force?: boolean }
    const desire = async (): Promise<DesiredApp> =>
      buildDesired({
        installation: deps.installation,
        tenant: { id: app.tenant.id, name: app.tenant.name },
        app: { id: app.id, name: app.name },
        host,
        subnet: driver.capabilities.subnets ? await reserveSubnet(deps.db.prisma, deps.subnets, host.id, app.id) : null,
        release,
        wanted: target,
        removeVolumes: params.removeVolumes === true,
        force: params.force === true && operation.revertTo === null,
      })
    const reached = await converge({
      deps,
      lease,
      call,
      driver,
      host,
      appId: app.id,
      fence: lease.fence,
      desire,
      awaitMs: deadlineMs,
    })
    if (reached === 'again' && (await isOverdue(deps.db, operation.id, deadlineMs))) {
      const error = new AppError('deadline_exceeded', { detail: 'what runs was made to differ again and again' })
      return { end: 'error', error, goBack: false, overdue: true }
    }
    return reached === 'reached' ? { end: 'reached', target } : { end: reached }
  } catch (error) {
    // A database that does not say is one that is away: the next attempt asks again.
    const overdue = await isOverdue(deps.db, operation.id, deadlineMs).catch(() => false)
    return { end: 'error', error, goBack, overdue }
  }
}

interface ConvergeOptions {
  readonly deps: AttemptDeps
  readonly lease: Lease
  readonly call: CallOptions
  readonly driver: Driver
  readonly host: { readonly id: string; readonly name: string }
  readonly appId: string
  readonly fence: Fence
  readonly desire: () => Promise<DesiredApp>
  readonly awaitMs: number
}

async function converge({
  deps,
  lease,
  call,
  driver,
  host,
  appId,
  fence,
  desire,
  awaitMs,
}: ConvergeOptions): Promise<'reached' | 'stopped' | 'again'> {
  const { db, log, observer } = deps
  let nextSeq: number | null = null
  const glance = glancer(async () => await observer.look(host, appId, call), log)
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if (lease.stopSignal.aborted) return 'stopped'
    const looked = Promise.all([desire(), observer.look(host, appId, call)])
    const closed = Promise.resolve(nextSeq ?? closeOpenSteps(db.prisma, fence))
    // Never left under way: it would close the steps of who comes next.
    await Promise.allSettled([looked, closed])
    const [[desired, observation], firstSeq] = await Promise.all([looked, closed])
    const plan = reconcile(desired, toObservedApp(observation))
    if (plan.steps.length === 0) {
      if (round === 0) await storePlan(db, fence, plan)
      return 'reached'
    }
    // For people: no step waits for it. The round's end does: it would overwrite the next one's plan.
    const stored = storePlan(db, fence, plan)
    stored.catch(() => {})
    let looksNext = false
    try {
      const result = await execute({
        db,
        fence: lease.fence,
        driver,
        desired,
        plan,
        firstSeq,
        call,
        stopSignal: lease.stopSignal,
        changed: glance.ask,
        listen: (key) => observer.listen(host.id, key),
        awaitMs,
      })
      nextSeq = result.nextSeq
      if (result.end === 'stopped') return 'stopped'
      if (result.end === 'subnet_taken') await refuseSubnet(db.prisma, host.id, appId)
      await stored
      looksNext = true
    } finally {
      await stored.catch(() => {})
      await (looksNext ? glance.drop() : glance.settled())
    }
  }
  return 'again'
}

/** The plan that is being carried out, as the API shows it. */
async function storePlan(db: Database, { operationId, owner, attempt: nth }: Fence, plan: Plan): Promise<void> {
  await db.prisma.$executeRaw`
    update operations set plan = ${JSON.stringify(planView(plan))}::jsonb
    where id = ${operationId}::uuid and lease_owner = ${owner}::uuid and attempts = ${nth}`
}

/** The app's host; where it has none yet, one is chosen and written down. null: it has none and needs none. */
async function placeApp(
  { db, candidates }: Pick<AttemptDeps, 'db' | 'candidates'>,
  app: NonNullable<OperationRow['app']>,
  release: OperationRow['release'],
): Promise<HostOfApp | null> {
  if (!release || app.host) return app.host
  const { placement: wanted } = release.spec as AppSpec
  const notes = release.notes as CapabilityNote[]
  const wish = { placement: wanted, notes, tenantId: app.tenant.id, currentHostId: null }
  const placement = place(wish, await candidates())
  if (placement.hostId === null) {
    const reasons = placement.reasons.map(({ host, reason }) => `${host}: ${reason}`).join('; ')
    throw new AppError('no_eligible_host', {
      detail: reasons === '' ? 'no host is registered for this tenant' : reasons,
    })
  }
  const placed = await writePlace(db.prisma, app.id, placement.hostId)
  if (!placed) throw new AppError('no_eligible_host', { detail: `the host ${placement.host} is gone` })
  return placed
}

async function isOverdue(db: Database, operationId: string, deadlineMs: number): Promise<boolean> {
  const rows = await db.prisma.$queryRaw<{ overdue: boolean }[]>`
    select coalesce(progress_at < now() - ${deadlineMs} * interval '1 millisecond' or started_at < now() - ${DAY_MS} * interval '1 millisecond', false) as overdue
    from operations where id = ${operationId}::uuid`
  return rows[0]?.overdue ?? false
}

/**
 * Runs `look` a moment after it was asked to, one at a time, however often it is asked: the calls that bring containers up have the engine
 * to themselves first. Its failures are the next attempt's to see.
 */
function glancer(look: () => Promise<unknown>, log: Logger) {
  let asked: NodeJS.Timeout | null = null
  let running: Promise<void> | null = null
  const run = async (): Promise<void> => {
    await running
    await look().catch((error: unknown) => log.debug({ err: error }, 'a look after a step failed'))
  }
  const start = (): void => {
    asked = null
    running = run()
  }
  const drop = async (): Promise<void> => {
    if (asked) clearTimeout(asked)
    asked = null
    await running
  }
  return {
    ask: (): void => {
      asked ??= setTimeout(start, GLANCE_MS)
    },
    /** Forgets what it was asked for: the caller looks by itself now. */
    drop,
    /** Looks at once, where it was asked to and has not yet. */
    settled: async (): Promise<void> => {
      const due = asked !== null
      await drop()
      if (due) await run()
    },
  }
}

/** The error of an operation that waited too long, out of the last one that it met. */
export function overdueError(error: unknown): OperationError {
  const last = toOperationError(error)
  return last.code === 'internal'
    ? { ...last, code: 'deadline_exceeded', message: 'the operation made no progress for too long' }
    : last
}
