import { createDockerDriver } from './docker/index.ts'
import type { Driver, Endpoint, Identity } from './driver.ts'
import { declareApp } from './kubernetes/declare.ts'
import { createKubernetesDriver } from './kubernetes/index.ts'
import { AppError } from '../errors/app-error.ts'
import type { DeclaredObject, DesiredApp } from '../planning/index.ts'
import type { CapabilityNote } from '../spec/index.ts'

export interface DriverOptions {
  readonly endpoint: Endpoint
  readonly identity: Identity
  /** As the host's admin set them, checked by the API; this kind alone reads them. Left out: the defaults. */
  readonly settings?: unknown
}

/** What of a host a declaration depends on: `Probe.facts` as last told, and the host's settings. */
export interface HostFacts {
  readonly facts: unknown
  readonly settings: unknown
}

/** An app that is not declared yet. */
export type UndeclaredApp = Omit<DesiredApp, 'objects'>

export interface Declaration {
  readonly objects: readonly DeclaredObject[]
  /** What is approximated by this host, beside what the spec's own notes say. */
  readonly notes: readonly CapabilityNote[]
}

/** What is known of a kind of engine without a connection. */
interface EngineKind {
  /** Pure. null: containers are planned one by one. Throws `unsupported` where the host lacks what the spec can't do without. */
  readonly declare: ((desired: UndeclaredApp, host: HostFacts) => Declaration) | null
  readonly create: (options: DriverOptions) => Driver
}

const KINDS: Readonly<Record<string, EngineKind>> = {
  docker: { declare: null, create: createDockerDriver },
  kubernetes: { declare: declareApp, create: createKubernetesDriver },
}

function kindOf(kind: string): EngineKind {
  const found = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
  if (found) return found
  throw new AppError('unsupported', {
    detail: `no driver for hosts of kind ${JSON.stringify(kind)}; there are: ${Object.keys(KINDS).join(', ')}`,
  })
}

/** The driver of a host's kind. Connects nowhere yet. Throws `unsupported` for a kind or an endpoint that nothing here drives. */
export function createDriver(kind: string, options: DriverOptions): Driver {
  return kindOf(kind).create(options)
}

/** What an app is on a host of this kind. Throws `unsupported` where the host can't have it. */
export function declareOn(kind: string, desired: UndeclaredApp, host: HostFacts): DesiredApp {
  const { declare } = kindOf(kind)
  if (!declare) return { ...desired, objects: null }
  const { objects, notes } = declare(desired, host)
  return { ...desired, objects, notes: [...desired.notes, ...notes] }
}
