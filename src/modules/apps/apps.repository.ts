import { isForeignKeyViolation } from '../../db/index.ts'
import type { Tx } from '../../db/types.ts'
import { nameId } from '../../lib/ids.ts'
import { type AppSpec, type CapabilityNote, serviceDigest } from '../../spec/index.ts'
import { tenantNotFound } from '../../web/index.ts'
import type { ReleaseState } from './decisions.ts'
import { type Wanted, wantedColumns } from './wanted.ts'

export type AppRow = NonNullable<Awaited<ReturnType<typeof findApp>>>
export type ReleaseRow = Awaited<ReturnType<typeof listReleases>>[number]

const withNames = { tenant: { select: { id: true, name: true } }, host: { select: { id: true, name: true } } } as const

export async function findApp(tx: Tx, tenantId: string, name: string) {
  return await tx.app.findUnique({ where: { tenantId_name: { tenantId, name } }, include: withNames })
}

/** The app, locked until the transaction ends; null where there is none. */
export async function findAppLocked(tx: Tx, tenantId: string, name: string): Promise<AppRow | null> {
  const locked = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM "apps" WHERE "tenant_id" = ${tenantId}::uuid AND "name" = ${name} FOR NO KEY UPDATE`
  return locked.length > 0 ? await findApp(tx, tenantId, name) : null
}

/** An app of this name with its lane, if there is none yet. Its version is 0 until the first change is accepted. */
export async function ensureApp(tx: Tx, tenant: { id: string; name: string }, name: string): Promise<void> {
  // Of its tenant and name: an app that comes back is the one that left volumes behind, and finds them.
  const id = nameId(tenant.id, name)
  try {
    const inserted = await tx.$executeRaw`
      INSERT INTO "apps" ("id", "tenant_id", "name", "wanted_version") VALUES (${id}::uuid, ${tenant.id}::uuid, ${name}, 0)
      ON CONFLICT DO NOTHING`
    if (inserted === 0) return
  } catch (error) {
    if (isForeignKeyViolation(error)) throw tenantNotFound(tenant.name)
    throw error
  }
  await tx.lane.create({ data: { id, tenantId: tenant.id, appId: id }, select: { id: true } })
}

/** By name, after `after`. */
export async function listApps(tx: Tx, tenantId: string, after: string | undefined, take: number): Promise<AppRow[]> {
  return await tx.app.findMany({
    where: { tenantId, ...(after !== undefined && { name: { gt: after } }) },
    include: withNames,
    orderBy: { name: 'asc' },
    take,
  })
}

export interface AppChange {
  readonly wanted?: Wanted
  readonly labels?: Readonly<Record<string, string>>
  readonly lastRelease?: number
  readonly removing?: boolean
}

/** Writes a change and raises the version; gives the new one. */
export async function updateApp(tx: Tx, id: string, change: AppChange): Promise<number> {
  const { wanted, labels, lastRelease, removing } = change
  const { wantedVersion } = await tx.app.update({
    where: { id },
    data: {
      ...(wanted && wantedColumns(wanted)),
      ...(labels && { labels: { ...labels } }),
      ...(lastRelease !== undefined && { lastRelease }),
      ...(removing !== undefined && { removing }),
      wantedVersion: { increment: 1 },
      updatedAt: new Date(),
    },
    select: { wantedVersion: true },
  })
  return wantedVersion
}

export async function insertRelease(
  tx: Tx,
  appId: string,
  { number, digest, spec, notes }: ReleaseState,
  createdBy: string,
): Promise<void> {
  const serviceDigests = Object.fromEntries(
    Object.entries(spec.services).map(([name, service]) => [name, serviceDigest(service)]),
  )
  await tx.$executeRaw`
    INSERT INTO "releases" ("app_id", "number", "digest", "spec", "notes", "service_digests", "created_by")
    VALUES (${appId}::uuid, ${number}, ${digest}, ${JSON.stringify(spec)}::jsonb, ${JSON.stringify(notes)}::jsonb,
      ${JSON.stringify(serviceDigests)}::jsonb, ${createdBy})`
}

export async function findRelease(tx: Tx, appId: string, number: number) {
  return await tx.release.findUnique({ where: { appId_number: { appId, number } } })
}

/** Newest first, before `before`; without specs. */
export async function listReleases(tx: Tx, appId: string, before: number | undefined, take: number) {
  return await tx.release.findMany({
    where: { appId, ...(before !== undefined && { number: { lt: before } }) },
    omit: { spec: true },
    orderBy: { number: 'desc' },
    take,
  })
}

/** The newest release before `before` that succeeded. */
export async function lastSucceeded(tx: Tx, appId: string, before: number): Promise<number | null> {
  const row = await tx.release.findFirst({
    where: { appId, number: { lt: before }, succeededAt: { not: null } },
    orderBy: { number: 'desc' },
    select: { number: true },
  })
  return row?.number ?? null
}

export function releaseState(row: { number: number; digest: string; spec: unknown; notes: unknown }): ReleaseState {
  const { number, digest, spec, notes } = row
  return { number, digest, spec: spec as AppSpec, notes: notes as CapabilityNote[] }
}

/** What the observers last saw of an app: its instances by service and ordinal, its networks and volumes. */
export async function observedRows(tx: Tx, appId: string) {
  const instances = await tx.instance.findMany({
    where: { appId },
    include: { host: { select: { name: true } } },
    orderBy: [{ service: 'asc' }, { ordinal: 'asc' }, { id: 'asc' }],
  })
  const objects = await tx.engineObject.findMany({ where: { appId } })
  return { instances, objects }
}
export type InstanceRow = Awaited<ReturnType<typeof observedRows>>['instances'][number]

export async function subnetOf(tx: Tx, appId: string, hostId: string): Promise<string | null> {
  const subnet = await tx.subnet.findUnique({ where: { hostId_appId: { hostId, appId } }, select: { cidr: true } })
  return subnet?.cidr ?? null
}
