import type { Steps } from './steps.ts'
import type { DeclaredObject, DesiredApp, Drift, ObservedApp, ObservedObject } from './types.ts'

/** The steps of an object that others come after. */
interface Ends {
  readonly applied: readonly string[]
  readonly ready: readonly string[]
}

interface Declaring {
  readonly steps: Steps
  readonly notes: string[]
  readonly desired: DesiredApp
  readonly observed: ObservedApp
}

/**
 * The steps that make an engine's declared objects equal to those of the app; none where they are equal and as far as is awaited of them.
 *
 * - An object comes after those that it names: once they are there, or once they are ready.
 * - What can't be changed in place is taken away and declared anew, and the plan says what that costs; what holds data stays as it was made, and
 *   what holds all of the app is never taken away for that.
 * - Objects that the app does not declare go last, those that need others first; what holds data goes with a removal that says so alone.
 * - What others changed is put right only where `force` is set; else a note says so.
 */
export function reconcileDeclared(making: Declaring, declared: readonly DeclaredObject[]): void {
  const { steps, desired, observed } = making
  // What is in something that is on its way out goes with it.
  const doomed = observed.objects.find(({ holdsAll, removing }) => holdsAll && removing)
  const found = doomed ? [doomed] : observed.objects
  const seen = new Map(found.map((object) => [object.key, object]))
  const ends = new Map<string, Ends>()
  for (const object of inOrder(declared)) {
    const gates = object.after.flatMap(({ key, until }) => ends.get(key)?.[until] ?? [])
    ends.set(object.key, declare(making, object, seen.get(object.key) ?? null, gates))
  }
  const wanted = new Set(declared.map(({ key }) => key))
  const orphans = found.filter(({ key }) => !wanted.has(key))
  if (desired.spec) prune(steps, orphans.filter(isDisposable), 'the spec has no use for it any more')
  else removeAll(steps, desired, orphans)
}

function declare(
  { steps, notes, desired }: Declaring,
  object: DeclaredObject,
  seen: ObservedObject | null,
  gates: readonly string[],
): Ends {
  const { key, service, awaited } = object
  const add = (
    action: 'apply_object' | 'delete_object' | 'await_rollout' | 'await_gone',
    cause: string,
    { after, nativeId }: { after: readonly string[]; nativeId: string | null },
  ): readonly string[] => [steps.add({ id: `${key}:${action}`, action, service, target: key, cause, nativeId }, after)]

  let there = seen
  let after = gates
  if (there?.removing) {
    after = add('await_gone', 'it is on its way out', { after, nativeId: there.nativeId })
    there = null
  } else if (there && object.kept) {
    // It holds data: what another storage takes is for its owner to decide.
    if (there.digest !== object.digest) notes.push(`${key} holds data and stays as it was made`)
    return { applied: [], ready: [] }
  } else if (there && !there.holdsAll && there.fixedDigest !== object.fixedDigest) {
    const isSpent = there.fixedDigest === '' && there.digest !== ''
    const cause = isSpent ? `${key} has come to nothing, and begins anew` : `${key} can not be changed in place`
    if (!isSpent)
      notes.push(
        `${service ?? desired.app.name}: ${key} is replaced, since it can not be changed in place: ${object.downtime}`,
      )
    after = add('delete_object', cause, { after, nativeId: there.nativeId })
    after = add('await_gone', cause, { after, nativeId: there.nativeId })
    there = null
  }
  if (there && there.drift.length > 0 && !desired.force)
    notes.push(`${key} was changed by others (${pathsOf(there.drift)}): a reconcile takes it back`)
  const cause = causeOf(object, seen, there, desired.force)
  const applied = cause === null ? [] : add('apply_object', cause, { after, nativeId: there?.nativeId ?? null })
  if (awaited === 'nothing' || (cause === null && there?.settled)) return { applied, ready: applied }
  const waitCause =
    awaited === 'completed' ? `others go on once ${key} has completed` : `${key} must become what is declared`
  const entry = cause === null ? gates : applied
  return { applied, ready: add('await_rollout', waitCause, { after: entry, nativeId: there?.nativeId ?? null }) }
}

/** Why the object is declared; null: it is as declared. */
function causeOf(
  { key, digest }: DeclaredObject,
  seen: ObservedObject | null,
  there: ObservedObject | null,
  force: boolean,
): string | null {
  if (!there) return seen ? `the ${key} before is gone` : `there is no ${key}`
  if (there.digest !== digest) return `${key} is outdated`
  if (force && there.drift.length > 0) return `${key} was changed by others: ${pathsOf(there.drift)}`
  return null
}

const SHOWN_PATHS = 3

function pathsOf(drift: readonly Drift[]): string {
  const paths = drift.slice(0, SHOWN_PATHS).map(({ path }) => path)
  return drift.length > SHOWN_PATHS ? `${paths.join(', ')} and ${drift.length - SHOWN_PATHS} more` : paths.join(', ')
}

/** What goes while the app stays. */
function isDisposable({ kept, holdsAll }: ObservedObject): boolean {
  return !kept && !holdsAll
}

/** Takes everything away: with what holds all of it, where nothing may stay. */
function removeAll(steps: Steps, desired: DesiredApp, objects: readonly ObservedObject[]): void {
  const cause = `${desired.app.name} is removed`
  const holder = objects.find(({ holdsAll }) => holdsAll)
  const stays = !desired.removeVolumes && objects.some(({ kept }) => kept)
  if (holder && !stays) prune(steps, [holder], desired.removeVolumes ? `${cause} with its volumes` : cause)
  else prune(steps, objects.filter(stays ? isDisposable : () => true), cause)
}

/** Removes objects, those of one rank side by side, after all other steps. */
function prune(steps: Steps, objects: readonly ObservedObject[], cause: string): void {
  let before = steps.ends
  for (const rank of [...new Set(objects.map((object) => object.rank))].toSorted((a, b) => b - a)) {
    const group = objects.filter((object) => object.rank === rank).toSorted((a, b) => (a.key < b.key ? -1 : 1))
    before = group.map(({ key, service, nativeId, removing }) => {
      const about = { service, target: key, cause, nativeId }
      const entry = removing
        ? before
        : [steps.add({ id: `${key}:delete_object`, action: 'delete_object', ...about }, before)]
      return steps.add({ id: `${key}:await_gone`, action: 'await_gone', ...about }, entry)
    })
  }
}

/** Each after those that it comes after, by key where that leaves a choice. */
function inOrder(declared: readonly DeclaredObject[]): readonly DeclaredObject[] {
  const byKey = new Map(declared.map((object) => [object.key, object]))
  const order = new Set<DeclaredObject>()
  const entered = new Set<string>()
  const visit = (key: string): void => {
    const object = byKey.get(key)
    if (!object || entered.has(key)) return
    entered.add(key)
    for (const { key: earlier } of object.after.toSorted((a, b) => (a.key < b.key ? -1 : 1))) visit(earlier)
    order.add(object)
  }
  for (const key of [...byKey.keys()].toSorted()) visit(key)
  return [...order]
}
