import { AppError } from '../../errors/app-error.ts'
import { digestOf } from '../../lib/canonical.ts'
import { storable } from '../../lib/storable-text.ts'
import { type AppSpec, type CapabilityNote, type ParsedApp, renoteEnvironment, tooLarge } from '../../spec/index.ts'
import type { ActiveOperation, OperationKind } from '../operations/index.ts'
import { applyPatch, sameWanted, type Wanted, type WantedPatch } from './wanted.ts'

/** A release as decisions need it. */
export interface ReleaseState {
  readonly number: number
  readonly digest: string
  readonly spec: AppSpec
  readonly notes: readonly CapabilityNote[]
}

/** An app as a change finds it, under its lock. */
export interface Current {
  /** The good state with the patches of the operations that have not ended and are not going back. */
  readonly wanted: Wanted
  /** Of `wanted.release`. */
  readonly release: ReleaseState | null
  readonly lastRelease: number
  readonly active: readonly ActiveOperation[]
}

export interface Change {
  readonly type: 'change'
  readonly kind: OperationKind
  readonly patch: WantedPatch
  /** What is wanted then; null: nothing. With `isNew` its row is still to be written. */
  readonly release: ReleaseState | null
  readonly isNew: boolean
  readonly params: { readonly removeVolumes?: boolean; readonly force?: boolean }
}

/** What a request comes to: nothing to do, an operation that is at it already, or a new one. */
export type Decision =
  | { readonly type: 'nothing' }
  | { readonly type: 'existing'; readonly operationId: string }
  | Change

const NOTHING: Decision = { type: 'nothing' }

/** The replicas that a spec asks for. */
export function replicasOf(spec: AppSpec): Record<string, number> {
  return Object.fromEntries(Object.entries(spec.services).map(([service, { replicas }]) => [service, replicas]))
}

/** Apply: this spec with its replicas, running. */
export function decideApply(current: Current, parsed: ParsedApp, { force }: { force: boolean }): Decision {
  return decideRelease(current, releaseFor(current, parsed), 'deploy', {
    replicas: replicasOf(parsed.spec),
    running: true,
    force,
  })
}

/** Another spec in the place of the wanted one; what was scaled by hand stays so. */
export function decideDeploy(current: Current, parsed: ParsedApp): Decision {
  const release = releaseFor(current, parsed)
  return decideRelease(current, release, 'deploy', { replicas: carriedReplicas(current, release.spec), force: false })
}

/** An old release again; what was scaled by hand stays so. */
export function decideReturn(current: Current, release: ReleaseState, kind: 'deploy' | 'rollback'): Decision {
  return decideRelease(current, release, kind, { replicas: carriedReplicas(current, release.spec), force: false })
}

function decideRelease(
  current: Current,
  release: ReleaseState,
  kind: 'deploy' | 'rollback',
  { replicas, running, force }: { replicas: Record<string, number>; running?: boolean; force: boolean },
): Decision {
  requireSize(release.spec, replicas)
  const patch: WantedPatch = { release: release.number, replicas, ...(running !== undefined && { running }) }
  const isNew = release.number > current.lastRelease
  if (!force && !isNew && sameWanted(applyPatch(current.wanted, patch), current.wanted)) {
    const deploying = current.active.findLast(
      (operation) =>
        (operation.kind === 'deploy' || operation.kind === 'rollback') &&
        (operation.patch as WantedPatch).release === release.number &&
        operation.revertTo === null &&
        operation.supersededBy === null &&
        !operation.cancelRequested,
    )
    return deploying ? { type: 'existing', operationId: deploying.id } : NOTHING
  }
  return { type: 'change', kind, patch, release, isNew, params: force ? { force: true } : {} }
}

/** The wanted release where the spec is its own, else the next one. */
function releaseFor(current: Current, { spec, digest, notes }: ParsedApp): ReleaseState {
  if (current.release?.digest === digest) return current.release
  return { number: current.lastRelease + 1, digest, spec, notes }
}

/** The replicas of `spec`, but of those services whose wanted figure differs from their own spec's: they were scaled. */
function carriedReplicas({ wanted, release }: Current, spec: AppSpec): Record<string, number> {
  const figures = replicasOf(spec)
  for (const service of Object.keys(figures)) {
    if (isGlobal(spec, service)) continue
    const scaled = own(wanted.replicas, service)
    const before = own(release?.spec.services ?? {}, service)?.replicas
    if (scaled !== undefined && before !== undefined && scaled !== before) figures[service] = scaled
  }
  return figures
}

export function decideScale(current: Current, services: Readonly<Record<string, number>>): Decision {
  const release = deployed(current)
  requireServices(release.spec, Object.keys(services), '/body/services')
  const fixed = Object.entries(services)
    .filter(([service, replicas]) => replicas > 1 && own(release.spec.services, service)?.ports.some(hasHostPort))
    .map(([service]) => ({
      path: pointer('/body/services', service),
      message: 'publishes a fixed host port, which one container alone can have',
    }))
  const global = Object.keys(services)
    .filter((service) => isGlobal(release.spec, service))
    .map((service) => ({
      path: pointer('/body/services', service),
      message: 'is on each node once: its mode is `global`',
    }))
  if (global.length > 0) {
    throw new AppError('unsupported', {
      detail: 'a service of the mode `global` takes no number of replicas',
      errors: global,
    })
  }
  if (fixed.length > 0) {
    throw new AppError('unsupported', {
      detail: 'a service with a fixed host port can not have several replicas',
      errors: fixed,
    })
  }
  const now = { ...replicasOf(release.spec), ...current.wanted.replicas }
  requireSize(release.spec, { ...now, ...services })
  const replicas = Object.fromEntries(Object.entries(services).filter(([service, figure]) => now[service] !== figure))
  if (Object.keys(replicas).length === 0) return NOTHING
  return { type: 'change', kind: 'scale', patch: { replicas }, release, isNew: false, params: {} }
}

/** A plan and a host must be able to hold it. */
function requireSize(spec: AppSpec, replicas: Readonly<Record<string, number>>): void {
  const large = tooLarge(spec.services, replicas)
  if (large !== null) throw new AppError('unsupported', { detail: `the app would be too large: ${large}` })
}

function hasHostPort({ hostPort }: { readonly hostPort: number | null }): boolean {
  return hostPort !== null
}

function isGlobal(spec: AppSpec, service: string): boolean {
  return own(spec.services, service)?.mode === 'global'
}

export function decideRunning(current: Current, running: boolean): Decision {
  const release = deployed(current)
  if (current.wanted.running === running) return NOTHING
  return { type: 'change', kind: running ? 'start' : 'stop', patch: { running }, release, isNew: false, params: {} }
}

export function decideRestart(current: Current): Decision {
  const release = deployed(current)
  if (!current.wanted.running) throw new AppError('conflict', { detail: 'the app is stopped; start it instead' })
  const patch = { restartGeneration: current.wanted.restartGeneration + 1 }
  return { type: 'change', kind: 'restart', patch, release, isNew: false, params: {} }
}

/** Nothing else is wanted: what is, is made so again. One that waits in the lane is at it already. */
export function decideReconcile(current: Current): Decision {
  const release = deployed(current)
  const waiting = current.active.find(
    ({ kind, status, params, cancelRequested }) =>
      kind === 'reconcile' && status === 'queued' && !cancelRequested && (params as Change['params']).force === true,
  )
  if (waiting) return { type: 'existing', operationId: waiting.id }
  return { type: 'change', kind: 'reconcile', patch: {}, release, isNew: false, params: { force: true } }
}

export function decideRemove(current: Current, removeVolumes: boolean): Decision {
  const removing = current.active.findLast(
    (operation) => operation.kind === 'remove' && operation.revertTo === null && !operation.cancelRequested,
  )
  if (!removing) {
    const params = removeVolumes ? { removeVolumes } : {}
    return {
      type: 'change',
      kind: 'remove',
      patch: { release: null, replicas: {} },
      release: null,
      isNew: false,
      params,
    }
  }
  const before = (removing.params as Change['params']).removeVolumes === true
  if (before === removeVolumes) return { type: 'existing', operationId: removing.id }
  const kept = before ? 'with its volumes' : 'and keeps its volumes'
  throw new AppError('conflict', { detail: `the app is being removed ${kept} by operation ${removing.id}` })
}

/** The wanted release. Throws `conflict` where the app has none. */
export function deployed({ release }: Current): ReleaseState {
  if (!release) throw new AppError('conflict', { detail: 'the app has no release; apply a spec first' })
  return release
}

export interface SpecChanges {
  /** Image references, by service. */
  readonly images?: Readonly<Record<string, string>>
  /** Environment by service; null takes a variable away. */
  readonly env?: Readonly<Record<string, Readonly<Record<string, string | null>>>>
}

/** The spec with these changes. Throws `invalid_spec` that names each service it does not have. */
export function changeSpec<Parsed extends ParsedApp>(
  parsed: Parsed,
  { images = {}, env = {} }: SpecChanges,
): ParsedApp {
  const { spec, notes } = parsed
  requireServices(spec, Object.keys(images), '/body/images')
  requireServices(spec, Object.keys(env), '/body/env')
  const services = Object.fromEntries(
    Object.entries(spec.services).map(([name, service]) => {
      const environment = Object.entries({ ...service.environment, ...own(env, name) })
      return [
        name,
        {
          ...service,
          image: own(images, name) ?? service.image,
          environment: Object.fromEntries(environment.filter((entry): entry is [string, string] => entry[1] !== null)),
        },
      ]
    }),
  )
  const changed: AppSpec = { ...spec, services }
  const renoted = Object.keys(env).reduce(
    (all, name) => renoteEnvironment(all, name, own(services, name)?.environment ?? {}),
    notes,
  )
  return { spec: changed, digest: digestOf(changed), notes: renoted }
}

function requireServices(spec: AppSpec, services: readonly string[], at: string): void {
  const unknown = services.filter((service) => !Object.hasOwn(spec.services, service))
  if (unknown.length === 0) return
  const errors = unknown.map((service) => ({
    path: pointer(at, service),
    message: 'the spec has no service of this name',
  }))
  const detail = `the spec has no service ${unknown.join(', ')}; it has ${Object.keys(spec.services).join(', ')}`
  throw new AppError('invalid_spec', { detail: storable(detail, 300), errors })
}

/** A record's own member: services may have names such as `constructor`. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

function pointer(at: string, key: string): string {
  return `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
