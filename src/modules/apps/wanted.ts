import type { Tx } from '../../db/types.ts'
import { type DeclaredState, declareOn, type HostFacts } from '../../drivers/index.ts'
import { canonicalJson } from '../../lib/canonical.ts'
import type { ContainerState, DesiredApp, ObservedApp, ObservedContainer } from '../../planning/index.ts'
import { type AppSpec, type CapabilityNote, notesFor } from '../../spec/index.ts'
import { endQueued } from '../operations/index.ts'

/** What an app should be. `release` null: nothing of it. */
export interface Wanted {
  readonly release: number | null
  /** By service; one that is missing has its spec's figure. */
  readonly replicas: Readonly<Record<string, number>>
  readonly running: boolean
  readonly restartGeneration: number
}

/**
 * What an operation changes of it: with `release`, `replicas` are those of all its services; without, of the named
 * services only.
 */
export type WantedPatch = Partial<Wanted>

/** The columns of `apps` that hold wanted and good state. */
export interface AppState {
  readonly wantedRelease: number | null
  readonly wantedReplicas: unknown
  readonly wantedRunning: boolean
  readonly wantedRestartGeneration: number
  readonly good: unknown
}

/** The columns of `operations` that say what it changes. */
export interface Change {
  readonly patch: unknown
  readonly revertTo: string | null
}

/** What an app is before anything of it ever worked. */
const NOTHING: Wanted = { release: null, replicas: {}, running: true, restartGeneration: 0 }

/** What is nothing without a release: where the deploy before it went back to nothing, so does it. */
const NEEDS_RELEASE: ReadonlySet<string> = new Set(['scale', 'start', 'stop', 'restart'])
const NO_RELEASE = {
  code: 'conflict',
  message: 'the app has no release any more: the operation before this one did not bring it',
} as const

/** The wanted state as the columns hold it. */
export function wantedOf(app: AppState): Wanted {
  return {
    release: app.wantedRelease,
    replicas: app.wantedReplicas as Wanted['replicas'],
    running: app.wantedRunning,
    restartGeneration: app.wantedRestartGeneration,
  }
}

/** The last wanted state that came true; nothing, where none ever did. */
export function goodOf(app: Pick<AppState, 'good'>): Wanted {
  return app.good === null ? NOTHING : (app.good as Wanted)
}

/** `patch` on top of `state`. */
export function applyPatch(state: Wanted, patch: WantedPatch): Wanted {
  return { ...state, ...patch, replicas: { ...(patch.release === undefined && state.replicas), ...patch.replicas } }
}

/**
 * What an attempt of this operation must reach: the app's good state with the operation's patch on top (it is alone in
 * its lane, so the good state can't change under it); while it goes back, the good state alone.
 *
 * The wanted state is the good state with the patches of all operations that have not ended (nor go back), in order. So
 * this is the wanted state without what operations further back in the lane will bring.
 */
export function targetOf(app: AppState, operation: Change): Wanted {
  return operation.revertTo === null ? applyPatch(goodOf(app), operation.patch as WantedPatch) : goodOf(app)
}

/** True where both mean the same. */
export function sameWanted(a: Wanted, b: Wanted): boolean {
  return canonicalJson(a) === canonicalJson(b)
}

/**
 * Locks the app's row until the transaction ends; false where it is gone. Whoever changes an app and its operations
 * in one transaction calls this first: the order (app, then operations) is what keeps deadlocks away.
 */
export async function lockApp(tx: Tx, appId: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`SELECT 1 FROM "apps" WHERE "id" = ${appId}::uuid FOR NO KEY UPDATE`
  return rows.length > 0
}

/**
 * Takes what this operation brought out of the app's wanted state: what is left is the good state with the
 * patches of the operations that have not ended and are not cancelled. Call it in the transaction that ends the operation without success
 * (not for `superseded`: the newer operation carries its patch on). Queued operations that mean nothing without the
 * release that it did not bring end `failed` with it. Nothing where the app is gone.
 */
export async function revertWanted(
  tx: Tx,
  operation: { readonly id: string; readonly appId: string | null },
): Promise<void> {
  const app = operation.appId === null ? null : await lockState(tx, operation.appId)
  if (app) await settle(tx, app, operation.id, null)
}

/**
 * Makes the state that this operation reached the app's good state, and marks its release as one that succeeded.
 * Call it in the transaction that ends the operation `succeeded`. Nothing where the app is gone.
 */
export async function markGood(
  tx: Tx,
  operation: { readonly id: string; readonly appId: string | null; readonly patch: unknown },
): Promise<void> {
  const app = operation.appId === null ? null : await lockState(tx, operation.appId)
  if (!app) return
  const good = targetOf(app, { patch: operation.patch, revertTo: null })
  await settle(tx, app, operation.id, good)
  if (good.release === null || !good.running) return
  await tx.$executeRaw`UPDATE "releases" SET "succeeded_at" = coalesce("succeeded_at", now())
    WHERE "app_id" = ${app.id}::uuid AND "number" = ${good.release}`
}

interface LockedState extends AppState {
  readonly id: string
  readonly removing: boolean
}

/** As `lockApp`, with what the row says; null where it is gone. */
async function lockState(tx: Tx, appId: string): Promise<LockedState | null> {
  const rows = await tx.$queryRaw<LockedState[]>`
    SELECT "id", "removing", "wanted_release" AS "wantedRelease", "wanted_replicas" AS "wantedReplicas", "wanted_running" AS "wantedRunning",
      "wanted_restart_generation" AS "wantedRestartGeneration", "good"
    FROM "apps" WHERE "id" = ${appId}::uuid FOR NO KEY UPDATE`
  return rows[0] ?? null
}

/** Writes `good` where one is given, and the wanted state that follows from it without operation `endedId`. */
async function settle(tx: Tx, app: LockedState, endedId: string, good: Wanted | null): Promise<void> {
  const active = await tx.$queryRaw<{ id: string; kind: string; status: string; patch: WantedPatch }[]>`
    SELECT "id", "kind", "status", "patch" FROM "operations"
    WHERE "app_id" = ${app.id}::uuid AND "id" <> ${endedId}::uuid AND "status" IN ('queued', 'running')
      AND "revert_to" IS NULL AND NOT "cancel_requested"
    ORDER BY "wanted_version", "id"`
  let wanted = good ?? goodOf(app)
  for (const { id, kind, status, patch } of active) {
    const hasNothing = wanted.release === null && status === 'queued' && NEEDS_RELEASE.has(kind)
    if (hasNothing && (await endQueued(tx, id, NO_RELEASE, 'failed'))) continue
    wanted = applyPatch(wanted, patch)
  }
  const removing = active.some(({ kind }) => kind === 'remove')
  const changed = removing !== app.removing || !sameWanted(wanted, wantedOf(app))
  if (!changed && good === null) return
  await tx.$executeRaw`
    UPDATE "apps" SET "good" = coalesce(${good && JSON.stringify(good)}::jsonb, "good"), "removing" = ${removing},
      "wanted_release" = ${wanted.release}, "wanted_replicas" = ${JSON.stringify(wanted.replicas)}::jsonb,
      "wanted_running" = ${wanted.running}, "wanted_restart_generation" = ${wanted.restartGeneration},
      "wanted_version" = "wanted_version" + ${changed ? 1 : 0}, "updated_at" = CASE WHEN ${changed} THEN now() ELSE "updated_at" END
    WHERE "id" = ${app.id}::uuid`
}

/** An app's host, as far as what the app is there depends on it. */
export interface HostOfApp extends HostFacts {
  readonly id: string
  readonly name: string
  readonly kind: string
}

export interface DesiredInput {
  readonly installation: string
  readonly tenant: DesiredApp['tenant']
  readonly app: DesiredApp['app']
  readonly host: HostOfApp
  readonly subnet: string | null
  /** The row of `wanted.release`; null: nothing of the app is wanted. */
  readonly release: { readonly spec: unknown; readonly notes: unknown } | null
  readonly wanted: Wanted
  readonly removeVolumes: boolean
  /** Take back what others changed. */
  readonly force: boolean
}

/** Planning's snapshot of what an app should be on its host. Throws `unsupported` where the host can't have it. */
export function buildDesired({ release, wanted, host, ...rest }: DesiredInput): DesiredApp {
  const spec = wanted.release === null || release === null ? null : (release.spec as AppSpec)
  const services = Object.keys(spec?.services ?? {})
  const { id, name, kind } = host
  const desired = {
    ...rest,
    host: { id, name },
    spec,
    replicas: Object.fromEntries(Object.entries(wanted.replicas).filter(([service]) => services.includes(service))),
    running: wanted.running,
    restartGeneration: wanted.restartGeneration,
    notes: spec === null ? [] : notesFor(kind, release?.notes as CapabilityNote[]),
  }
  return declareOn(kind, desired, host)
}

/** What `observedFromRows` reads of `instances`. */
export interface InstanceRow {
  readonly nativeId: string
  readonly name: string
  readonly service: string
  readonly ordinal: number
  readonly serviceDigest: string
  readonly state: string
  readonly health: string | null
  readonly exitCode: number | null
  readonly restarts: number
  readonly serving: boolean
  readonly startedAt: Date | null
}

/** What `observedFromRows` reads of `engine_objects`. */
export interface ObjectRow {
  readonly kind: string
  readonly nativeId: string
  readonly name: string
  readonly key: string
  readonly subnet: string | null
  readonly state: unknown
}

/** An app as the observer last wrote it down, for dry runs; `nowMs` is epoch milliseconds. */
export function observedFromRows(
  instances: readonly InstanceRow[],
  objects: readonly ObjectRow[],
  nowMs: number,
): ObservedApp {
  const network = objects.find(({ kind }) => kind === 'network')
  return {
    network: network ? { nativeId: network.nativeId, name: network.name, subnet: network.subnet } : null,
    volumes: objects.filter(({ kind }) => kind === 'volume').map(({ nativeId, key }) => ({ nativeId, key })),
    containers: instances.map((row) => containerOf(row, nowMs)),
    objects: objects.flatMap(({ key, nativeId, state }) =>
      state === null ? [] : [{ key, nativeId, ...(state as DeclaredState) }],
    ),
  }
}

/** One container as the observer last wrote it down. */
export function containerOf(row: InstanceRow, nowMs: number): ObservedContainer {
  return {
    nativeId: row.nativeId,
    name: row.name,
    service: row.service,
    ordinal: row.ordinal,
    serviceDigest: row.serviceDigest,
    state: row.state as ContainerState,
    health: row.health as ObservedContainer['health'],
    exitCode: row.exitCode,
    restarts: row.restarts,
    runningForMs: row.state === 'running' && row.startedAt ? Math.max(0, nowMs - row.startedAt.getTime()) : null,
    serving: row.serving,
  }
}
