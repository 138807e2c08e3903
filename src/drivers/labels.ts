import type { ObservedContainer, DesiredApp } from '../planning/index.ts'

/** Who owns an object on an engine, and what it is there for. */
export const LABELS = {
  installation: 'moorage.io/installation',
  hostId: 'moorage.io/host-id',
  marker: 'moorage.io/marker',
  tenantId: 'moorage.io/tenant-id',
  tenant: 'moorage.io/tenant',
  appId: 'moorage.io/app-id',
  app: 'moorage.io/app',
  service: 'moorage.io/service',
  ordinal: 'moorage.io/ordinal',
  serviceDigest: 'moorage.io/service-digest',
  restartGeneration: 'moorage.io/restart-generation',
  key: 'moorage.io/key',
} as const

export type Labels = Readonly<Record<string, string>>

/** On everything of an app. */
export function appLabels(desired: DesiredApp, installation: string): Record<string, string> {
  return {
    [LABELS.installation]: installation,
    [LABELS.tenantId]: desired.tenant.id,
    [LABELS.tenant]: desired.tenant.name,
    [LABELS.appId]: desired.app.id,
    [LABELS.app]: desired.app.name,
  }
}

/** Whether an object with these labels is this app's, of this installation. */
export function isOf(desired: DesiredApp, installation: string, labels: Labels | null | undefined): boolean {
  return (
    labels?.[LABELS.installation] === installation &&
    labels[LABELS.appId] === desired.app.id &&
    labels[LABELS.tenantId] === desired.tenant.id
  )
}

/** The engine's list filter for an installation, or for one app of it. */
export function filterOf(installation: string, appId?: string): { label: string[] } {
  const label = [`${LABELS.installation}=${installation}`]
  if (appId !== undefined) label.push(`${LABELS.appId}=${appId}`)
  return { label }
}

export type ContainerIdentity = Pick<ObservedContainer, 'service' | 'ordinal' | 'serviceDigest'> & {
  readonly tenantId: string
  readonly appId: string
  readonly restartGeneration: number
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/
const DIGEST = /^[0-9a-f]{64}$/

/** The app that an object's labels name; null where they name none in our own form: anybody can write labels. */
export function readOwner(labels: Labels | null | undefined): { tenantId: string; appId: string } | null {
  const tenantId = labels?.[LABELS.tenantId] ?? ''
  const appId = labels?.[LABELS.appId] ?? ''
  return UUID.test(tenantId) && UUID.test(appId) ? { tenantId, appId } : null
}

/** The name of a network or volume among the app's; null where it is none of ours. */
export function readKey(labels: Labels | null | undefined): string | null {
  const key = labels?.[LABELS.key] ?? ''
  return NAME.test(key) ? key : null
}

/**
 * What a container's labels say it is; null where they don't say it all, or not in our own form. What one container's
 * labels hold must not keep the others from being written down.
 */
export function readIdentity(labels: Labels, installation: string): ContainerIdentity | null {
  const owner = readOwner(labels)
  const service = labels[LABELS.service] ?? ''
  const serviceDigest = labels[LABELS.serviceDigest] ?? ''
  const ordinal = labels[LABELS.ordinal] ?? ''
  const restartGeneration = labels[LABELS.restartGeneration] ?? '0'
  if (labels[LABELS.installation] !== installation || !owner) return null
  if (!NAME.test(service) || !DIGEST.test(serviceDigest)) return null
  if (!/^\d{1,9}$/.test(ordinal) || !/^\d{1,9}$/.test(restartGeneration)) return null
  return {
    ...owner,
    service,
    serviceDigest,
    ordinal: Number(ordinal),
    restartGeneration: Number(restartGeneration),
  }
}
