import type { ObservedContainer, DesiredApp } from '../../planning/index.ts'

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

/** What a container's labels say it is; null where they don't say it all. */
export function readIdentity(labels: Labels, installation: string): ContainerIdentity | null {
  const tenantId = labels[LABELS.tenantId]
  const appId = labels[LABELS.appId]
  const service = labels[LABELS.service]
  const serviceDigest = labels[LABELS.serviceDigest]
  const ordinal = labels[LABELS.ordinal] ?? ''
  const restartGeneration = labels[LABELS.restartGeneration] ?? '0'
  if (labels[LABELS.installation] !== installation || !tenantId || !appId || !service || !serviceDigest) return null
  if (!/^\d{1,9}$/.test(ordinal) || !/^\d{1,15}$/.test(restartGeneration)) return null
  return {
    tenantId,
    appId,
    service,
    serviceDigest,
    ordinal: Number(ordinal),
    restartGeneration: Number(restartGeneration),
  }
}
