import Type from 'typebox'
import Value from 'typebox/value'
import type { Database, Tx } from '../../db/index.ts'
import type { Probe } from '../../drivers/driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { type Answer, closed, decodeCursor, etag, type PlanAnswer, toPage } from '../../web/index.ts'
import type { IdempotencyDeps } from '../idempotency/index.ts'
import { type HostAccess, readLabels } from './host-access.ts'
import { viewTransport } from './host-endpoint.ts'
import {
  type FactsRow,
  findFacts,
  findHost,
  findHostById,
  findHosts,
  type HostRow,
  listHosts,
  tenantIdsOf,
} from './hosts.repository.ts'
import { type Host, HOST_KINDS, HOST_STATUSES, type HostKind, HostSettings, SETTINGS_OF } from './hosts.schemas.ts'

export interface HostsDeps extends IdempotencyDeps {
  readonly db: Database
  readonly hosts: HostAccess
}

const Position = closed({ name: Type.String({ maxLength: 40 }) })

/** What a change of a host answers: it, or with `dryRun` the plan. */
export type HostAnswer = Answer<Host | PlanAnswer>

export async function readHost(tx: Tx, name: string): Promise<Answer<Host>> {
  return answerOf(200, await requireHost(tx, name))
}

export async function pageOfHosts(tx: Tx, { limit, cursor }: { limit: number; cursor?: string }) {
  const rows = await listHosts(tx, decodeCursor(Position, cursor)?.name, limit + 1)
  return toPage(rows, limit, viewHost, ({ name }) => ({ name }))
}

/** Hosts by name; null for those that there are not. */
export async function hostsNamed(tx: Tx, names: readonly string[]): Promise<(Host | null)[]> {
  const rows = new Map((await findHosts(tx, names)).map((row) => [row.name, viewHost(row)]))
  return names.map((name) => rows.get(name) ?? null)
}

export async function requireHost(tx: Tx, name: string): Promise<HostRow> {
  const row = await findHost(tx, name)
  if (!row) throw hostNotFound(name)
  return row
}

export async function requireById(tx: Tx, id: string): Promise<HostRow> {
  const row = await findHostById(tx, id)
  if (!row) throw new AppError('not_found', { detail: `there is no host ${id}` })
  return row
}

/** What an app's declaration depends on beside the app. Throws `not_found` where there is no such host. */
export async function loadHostFacts(tx: Tx, id: string): Promise<FactsRow> {
  const row = await findFacts(tx, id)
  if (!row) throw new AppError('not_found', { detail: `there is no host ${id}` })
  return row
}

export function kindOf({ kind }: Pick<HostRow, 'kind'>): HostKind {
  return HOST_KINDS.find((known) => known === kind) ?? 'docker'
}

/** Throws `bad_request` for settings that a host of this kind has not got. */
export function requireSettings(kind: HostKind, settings: HostSettings): void {
  const strangers = Object.keys(settings).filter((key) => !SETTINGS_OF[kind].includes(key))
  if (strangers.length === 0) return
  const errors = strangers.map((key) => ({
    path: `/body/settings/${key}`,
    message: `does not belong to a host of kind ${kind}`,
  }))
  throw new AppError('bad_request', {
    detail: errors.map(({ path, message }) => `${path.replace('/body/settings/', 'settings.')} ${message}`).join('; '),
    errors,
  })
}

export async function requireTenants(tx: Tx, names: readonly string[]): Promise<string[]> {
  const ids = await tenantIdsOf(tx, names)
  const errors = names.flatMap((name, at) =>
    ids.has(name) ? [] : [{ path: `/body/tenants/${at}`, message: `there is no tenant "${name}"` }],
  )
  if (errors.length > 0)
    throw new AppError('bad_request', { detail: errors.map(({ message }) => message).join('; '), errors })
  return [...ids.values()]
}

export function answerOf(status: 200 | 201, row: HostRow): Answer<Host> {
  const headers = { etag: etag(row.version), ...(status === 201 ? { location: `/v1/hosts/${row.name}` } : {}) }
  return { status, headers, body: viewHost(row) }
}

export function hostNotFound(name: string): AppError {
  return new AppError('not_found', { detail: `there is no host "${name}"` })
}

export function viewHost(row: HostRow): Host {
  return {
    id: row.id,
    name: row.name,
    kind: kindOf(row),
    endpoint: viewTransport(row.transport),
    labels: readLabels(row.labels),
    settings: Value.Check(HostSettings, row.settings) ? row.settings : {},
    tenants: row.tenants.map(({ tenant }) => tenant.name).toSorted(),
    status: HOST_STATUSES.find((status) => status === row.status) ?? 'unknown',
    schedulable: row.schedulable,
    version: row.version,
    engineVersion: row.engineVersion,
    capacity: readCapacity(row.capacity),
    allocated: { instances: row._count.instances, ...row.promised },
    lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
    message: row.message,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}

function readCapacity(value: unknown): Probe['capacity'] {
  if (typeof value !== 'object' || value === null || !('cpus' in value) || !('memory' in value)) return null
  return { cpus: Number(value.cpus), memory: Number(value.memory) }
}
