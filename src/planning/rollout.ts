import { shortId } from '../lib/ids.ts'
import { effectiveDigest, names } from './names.ts'
import { isCompleted, isReady, serves } from './readiness.ts'
import { retire } from './retire.ts'
import type { ServiceState, Slot } from './slots.ts'
import { Chain, type Steps } from './steps.ts'
import type { DesiredApp, ObservedContainer, StepAction } from './types.ts'

/** What the steps of a service that others depend on are known by. */
export interface Rollout {
  readonly started: readonly string[]
  readonly ready: readonly string[]
}

interface Context {
  readonly desired: DesiredApp
  readonly state: ServiceState
  readonly steps: Steps
  readonly notes: string[]
  /** What must be there before a container of the service rises: network, volumes, dependencies, a free port. */
  readonly base: readonly string[]
  /** What must be there before one is made: the image. */
  readonly pull: readonly string[]
  readonly started: string[]
  readonly ready: string[]
}

/**
 * The steps of one service. First, at once, every ordinal where nobody serves or nothing is left but tidying up: none of it can
 * take a serving container away. Then those that serve and are outdated, in batches of `update.parallelism` with
 * `update.delay` between. Last the ordinals beyond the wanted number.
 */
export function rollOut(input: Pick<Context, 'desired' | 'state' | 'steps' | 'notes' | 'base' | 'pull'>): Rollout {
  const context: Context = { ...input, started: [], ready: [] }
  const { state, steps } = context
  const { name, service, slots, excess, awaited } = state
  const busy = slots.filter(({ rise, old }) => rise.length > 0 || old.length > 0)
  const rolling = (slot: Slot): boolean => !awaited && slot.rise.length > 0 && slot.old.some(serves)
  const batches = inBatches(urgentFirst(context, busy.filter(rolling)), service.update.parallelism)

  let ends: readonly string[] = []
  // What every end of the stages so far comes after already.
  const covered = new Set<string>()
  const stage = (stageSlots: readonly Slot[], after: readonly string[]): void => {
    const known = new Set(covered)
    const stageEnds = stageSlots.flatMap((slot) => {
      const needs = slot.rise.includes('create_container')
        ? [...context.base, ...context.pull]
        : slot.rise.length > 0
          ? context.base
          : []
      const entry = [...after, ...needs.filter((id) => !known.has(id))]
      for (const id of entry) covered.add(id)
      return replace(context, slot, entry, othersServe(state, stageSlots))
    })
    if (stageEnds.length > 0) ends = stageEnds
  }

  stage(
    busy.filter((slot) => !rolling(slot)),
    [],
  )
  for (const [at, batch] of batches.entries()) {
    if (at > 0 && service.update.delayNs > 0) {
      const cause = `update_config.delay lies between batch ${at} and ${at + 1} of ${name}`
      const waitMs = Math.round(service.update.delayNs / 1e6)
      ends = [
        steps.add(
          { id: `${name}:wait_before_batch_${at + 1}`, action: 'wait', service: name, target: name, cause, waitMs },
          ends,
        ),
      ]
    }
    stage(batch, ends)
  }
  noteGap(context, batches)

  const others = slots.length > 0 && !awaited
  for (const container of excess) {
    retire(steps, container, { after: ends, cause: `${name} is scaled down to ${slots.length}`, others })
  }
  return { started: context.started, ready: context.ready }
}

/** Brings the wanted container of an ordinal up and takes the others away, in the service's order; returns the last steps' ids. */
function replace(context: Context, slot: Slot, entry: readonly string[], others: boolean): readonly string[] {
  const { desired, state, steps } = context
  const { name, digest, order, awaited } = state
  const { fresh, old, ordinal } = slot
  const label = `${name}/${ordinal}@${shortId(digest)}`
  // A wanted container that runs beside the old one has shown that the two can be side by side.
  const stopFirst = (awaited || order.stopFirst) && fresh?.state !== 'running' && slot.rise.length > 0
  if (stopFirst) {
    const cause =
      awaited || !order.stopFirst ? `${label} takes its place` : `${label} takes its place, and ${order.why}`
    const gone = old.flatMap((container) =>
      retire(steps, container, { after: entry, cause, others: others && !awaited }),
    )
    return rise(context, slot, gone.length > 0 ? gone : entry)
  }
  const up = rise(context, slot, entry)
  if (old.length === 0) return up
  const completed = fresh !== null && desired.spec !== null && isCompleted(desired.spec, name, fresh)
  const cause = completed
    ? `${label} has completed`
    : awaited
      ? `${label} takes its place`
      : `${label} serves in its place`
  return old.flatMap((container) => retire(steps, container, { after: up, cause, others: !awaited && !completed }))
}

/** The steps that make the wanted container of an ordinal serve. */
function rise(context: Context, slot: Slot, entry: readonly string[]): readonly string[] {
  const { desired, state, steps, started, ready } = context
  const { name, digest, servingAtOnce } = state
  const { fresh, ordinal } = slot
  if (slot.rise.length === 0) return entry
  const chain = new Chain(steps, entry)
  let nativeId = fresh?.nativeId ?? null
  for (const action of slot.rise) {
    const subject = {
      service: name,
      ordinal,
      name: fresh?.name ?? names.container(desired, name, ordinal, digest),
      digest,
      nativeId,
    }
    const added = chain.add(
      action,
      subject,
      causeOf(context, slot, action),
      action === 'create_container' ? { serving: servingAtOnce } : {},
    )
    if (action === 'start_container') started.push(added)
    // What is made anew has an id of its own, which nobody knows yet.
    if (action === 'remove_container') nativeId = null
  }
  ready.push(...chain.tail)
  return chain.tail
}

function causeOf(
  { desired, state }: Context,
  { fresh, old, ordinal, rise: actions }: Slot,
  action: StepAction,
): string {
  const { name, service } = state
  const what = `${name}/${ordinal}`
  const exit = `exited with ${fresh?.exitCode ?? 'an unknown code'}`
  switch (action) {
    case 'create_container': {
      if (fresh) return 'the one before can not be started again'
      if (old.length === 0) return `there is no container ${what}`
      const { restartGeneration } = desired
      const before = restartGeneration > 0 ? effectiveDigest(service, restartGeneration - 1) : null
      return old.some(({ serviceDigest }) => serviceDigest === before)
        ? `a restart of ${what} is asked for`
        : `${what} is outdated`
    }
    case 'remove_container':
      if (fresh?.state === 'exited' && state.awaited) return `it ${exit}`
      return fresh?.state === 'exited' || fresh?.state === 'created'
        ? 'its network is gone'
        : `it is ${fresh?.state ?? 'gone'}`
    case 'stop_container':
      return 'it is paused'
    case 'start_container':
      if (fresh?.state === 'exited' && !actions.includes('create_container')) return `it ${exit}`
      if (fresh?.state === 'created' && !actions.includes('create_container')) return 'it was created but never started'
      return actions.includes('create_container') ? 'it is new' : 'it was stopped'
    case 'await_completed':
      return `others go on once ${what} has completed`
    case 'await_healthy':
      if (fresh?.state === 'restarting') return 'it is restarting'
      if (fresh?.state === 'running')
        return fresh.health === null ? 'it has not run for long enough yet' : `its health is ${fresh.health}`
      return actions.includes('promote') ? 'it serves once it is ready' : 'it must become ready'
    default:
      return 'it is ready'
  }
}

/** Somebody of the service serves while these ordinals are replaced. */
function othersServe({ slots, excess, servingAtOnce }: ServiceState, replaced: readonly Slot[]): boolean {
  if (excess.some(serves)) return true
  return slots.some((slot) => (replaced.includes(slot) ? slot.fresh !== null && serves(slot.fresh) : !servingAtOnce))
}

/** What is half done, then what is not well, then the rest: a batch never adds to what is down, or to what is there twice. */
function urgentFirst({ desired, state }: Context, slots: readonly Slot[]): readonly Slot[] {
  const well = (container: ObservedContainer): boolean =>
    desired.spec !== null && serves(container) && isReady(desired.spec, state.name, container)
  const urgency = ({ fresh, old }: Slot): number => (old.some(well) || (fresh && well(fresh)) ? 2 : 0) + (fresh ? 0 : 1)
  return slots.toSorted((a, b) => urgency(a) - urgency(b) || a.ordinal - b.ordinal)
}

function inBatches(slots: readonly Slot[], size: number): readonly (readonly Slot[])[] {
  const width = size > 0 ? size : Math.max(1, slots.length)
  return Array.from({ length: Math.ceil(slots.length / width) }, (_, at) => slots.slice(at * width, (at + 1) * width))
}

function noteGap({ desired, state, notes }: Context, batches: readonly (readonly Slot[])[]): void {
  const { name, order } = state
  const picked = desired.spec?.services[name]?.ports.some(({ hostPort }) => hostPort === null) ?? false
  if (picked && !order.stopFirst && batches.some((batch) => batch.length > 0))
    notes.push(`${name}: the host ports that the engine picks change with each replacement; by name there is no gap`)
  const stopped = batches.map((batch) => batch.filter(({ fresh }) => fresh?.state !== 'running'))
  if (!order.stopFirst || stopped.every((batch) => batch.length === 0)) return
  const gap = batches.some((batch) => batch.length > 0 && !othersServe(state, batch))
  if (gap) notes.push(`${name}: a gap in service while it is replaced: ${order.why}`)
  else if (order.forced) notes.push(`${name}: each container is stopped before its replacement starts: ${order.why}`)
}
