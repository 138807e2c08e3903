import type Docker from 'dockerode'
import type { CallOptions, Identity } from '../driver.ts'
import type { DesiredApp, Step } from '../../planning/index.ts'
import { AppError } from '../../errors/app-error.ts'
import type { KeyedLock } from '../../lib/limit.ts'
import type { Engine } from './engine.ts'
import { isOf } from '../labels.ts'

/** What the parts of one driver share. */
export interface Context {
  readonly engine: Engine
  readonly identity: Identity
  /** By network: who gives or takes an address there does so alone. */
  readonly networks: KeyedLock
  /** Addresses of containers that are being made just now. */
  readonly given: Set<{ readonly network: string; readonly address: string }>
  /** By tenant: what takes long by its nature, so that one tenant's slow registry or grace of an hour keeps nobody else waiting. */
  readonly pulls: KeyedLock
  readonly stops: KeyedLock
  /** The registry's digest of an image, by the engine's id. */
  readonly digests: Map<string, string>
}

/** One step that is being carried out. */
export interface Work extends Context {
  readonly step: Step
  readonly desired: DesiredApp
  readonly call: CallOptions
}

export type ContainerInfo = Docker.ContainerInspectInfo & { readonly Config: { readonly StopTimeout?: number } }

/** An id or a name as a part of a path. */
export function part(text: string): string {
  return encodeURIComponent(text)
}

/** What happened to an object that isn't ours: nothing. */
export function notOurs(kind: string, name: string): AppError {
  return new AppError('field_conflict', {
    detail: `the ${kind} ${name} on the host belongs to someone else; it was left as it is`,
  })
}

/** An object that a step needs went away since it was planned: the next look makes another plan. */
export function gone(kind: string, name: string): AppError {
  return new AppError('internal', { detail: `the ${kind} ${name} went away while it was needed` })
}

export async function inspectContainer(
  { engine, call }: Pick<Work, 'engine' | 'call'>,
  ref: string,
  how: { readonly look?: boolean } = {},
): Promise<ContainerInfo | null> {
  return await engine.find<ContainerInfo>(call, { ...how, method: 'GET', path: `/containers/${part(ref)}/json` })
}

/**
 * The container that a step is about, by the id it was observed with, or by its name; null where it is gone.
 * Throws `field_conflict` for one that isn't this app's: every change of a container comes after this.
 */
export async function ownContainer(work: Work): Promise<ContainerInfo | null> {
  const ref = work.step.nativeId ?? work.step.target
  const info = await inspectContainer(work, ref)
  if (info && !isOf(work.desired, work.identity.installation, info.Config.Labels))
    throw notOurs('container', info.Name.slice(1))
  return info
}
