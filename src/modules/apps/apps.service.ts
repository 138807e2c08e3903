import Type from 'typebox'
import type { Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import { emit } from '../../events/index.ts'
import { canonicalJson } from '../../lib/canonical.ts'
import { type ParsedApp, parseCompose } from '../../spec/index.ts'
import {
  type Answer,
  closed,
  decodeCursor,
  etag,
  expectPlan,
  type Page,
  type PlanAnswer,
  planAnswer,
  planOfLines,
  requireVersion,
  toPage,
} from '../../web/index.ts'
import { appNotFound, type ChangeRequest } from './accept.ts'
import {
  type AppRow,
  findApps,
  findRelease,
  lastSucceeded,
  listApps,
  lockAppNamed,
  releaseState,
  writeLabels,
} from './apps.repository.ts'
import type { App, ApplyBody, DeployBody, PatchBody } from './apps.schemas.ts'
import {
  changeSpec,
  type Current,
  decideApply,
  decideDeploy,
  decideReturn,
  deployed,
  type ReleaseState,
} from './decisions.ts'
import { wantedOf } from './wanted.ts'

const AppPosition = closed({ name: Type.String({ maxLength: 40 }) })

export interface PageInput {
  readonly limit: number
  readonly cursor?: string
}

/** The app of this name. Throws `not_found`. */
export async function requireApp(tx: Tx, tenantId: string, name: string): Promise<AppRow> {
  const [app] = await findApps(tx, [{ tenantId, name }])
  if (!app) throw appNotFound(name)
  return app
}

export async function readApp(tx: Tx, tenantId: string, name: string): Promise<Answer<App>> {
  return answerOf(await requireApp(tx, tenantId, name))
}

export async function pageOfApps(tx: Tx, tenantId: string, input: PageInput): Promise<Page<App>> {
  const [page] = await pagesOfApps(tx, [tenantId], input)
  return page ?? toPage([], input.limit, appJson, () => null)
}

/** The same page of each tenant, in their order. */
export async function pagesOfApps(
  tx: Tx,
  tenantIds: readonly string[],
  { limit, cursor }: PageInput,
): Promise<Page<App>[]> {
  const name = decodeCursor(AppPosition, cursor)?.name
  const rows = await listApps(
    tx,
    tenantIds.map((tenantId) => ({ tenantId, name })),
    limit + 1,
  )
  return tenantIds.map((id) => toPage(rows.get(id) ?? [], limit, appJson, ({ name: last }) => ({ name: last })))
}

/** Apps by tenant and name; null for those that there are not. */
export async function appsNamed(
  tx: Tx,
  keys: readonly { readonly tenantId: string; readonly name: string }[],
): Promise<(App | null)[]> {
  const rows = await findApps(tx, keys)
  return keys.map(({ tenantId, name }) => {
    const row = rows.find((one) => one.tenantId === tenantId && one.name === name)
    return row ? appJson(row) : null
  })
}

export interface PatchRequest {
  readonly tenant: { readonly id: string }
  readonly app: string
  /** Who asks. */
  readonly actor: string
  readonly ifMatch: number | null
  readonly body: PatchBody
}

/** Changes the labels: all of them, where some are given. Nothing else of an app changes without an operation. */
export async function patchApp(
  tx: Tx,
  { tenant, app: name, actor, ifMatch, body }: PatchRequest,
): Promise<Answer<App>> {
  await lockAppNamed(tx, tenant.id, name)
  const app = await requireApp(tx, tenant.id, name)
  requireVersion(ifMatch, app.wantedVersion)
  expectPlan(body.expectPlan, patchPlan(app, body))
  if (body.labels && changesLabels(app, body)) {
    await writeLabels(tx, app.id, body.labels)
    emit(tx, { tenantId: tenant.id, type: 'app.updated', app: name, actor, data: { labels: body.labels } })
  }
  return await readApp(tx, tenant.id, name)
}

export async function dryRunPatch(
  tx: Tx,
  { tenant, app: name, ifMatch, body }: PatchRequest,
): Promise<Answer<PlanAnswer>> {
  const app = await requireApp(tx, tenant.id, name)
  requireVersion(ifMatch, app.wantedVersion)
  return { status: 200, body: planAnswer(patchPlan(app, body)) }
}

function patchPlan(app: AppRow, body: PatchBody) {
  const lines = changesLabels(app, body)
    ? [{ action: 'update_labels', target: app.name, cause: 'its labels are others' }]
    : []
  return planOfLines(app.host ?? '', lines)
}

function changesLabels(app: AppRow, { labels }: PatchBody): boolean {
  return labels !== undefined && canonicalJson(labels) !== canonicalJson(app.labels)
}

/** The spec of an apply, with its images. Throws `bad_request` unless it has either `compose` or `spec`. */
export function parseApply({ compose, spec, variables, images }: ApplyBody): ParsedApp {
  if ((compose === undefined) === (spec === undefined)) {
    const message = compose === undefined ? 'has neither `compose` nor `spec`' : 'has both `compose` and `spec`'
    throw new AppError('bad_request', {
      detail: `the body ${message}; give one of them`,
      errors: [{ path: '/body', message }],
    })
  }
  return changeSpec(parseCompose({ compose, spec, variables }), { images })
}

/** What an apply comes to. */
export function applying(body: ApplyBody): ChangeRequest['decide'] {
  const parsed = parseApply(body)
  return (current) => decideApply(current, parsed, { force: body.force === true })
}

/** What a deployment comes to: an old release again, or a new one from the wanted one (or from that old one) with changes. */
export function deploying({ release: number, images, env }: DeployBody): ChangeRequest['decide'] {
  if (number === undefined && images === undefined && env === undefined) {
    const message = 'has none of `images`, `env` and `release`'
    throw new AppError('bad_request', { detail: `the body ${message}`, errors: [{ path: '/body', message }] })
  }
  return async (current, tx, appId) => {
    const base = number === undefined ? deployed(current) : await requireRelease(tx, appId, number)
    if (images === undefined && env === undefined) return decideReturn(current, base, 'deploy')
    return decideDeploy(current, changeSpec(base, { images, env }))
  }
}

/** What a rollback comes to: to the given release, or to the last that succeeded before the wanted one. */
export function rollingBack(number: number | undefined): ChangeRequest['decide'] {
  return async (current, tx, appId) => {
    const to = number ?? (await previous(current, tx, appId))
    return decideReturn(current, await requireRelease(tx, appId, to), 'rollback')
  }
}

async function previous(current: Current, tx: Tx, appId: string | null): Promise<number> {
  const wanted = deployed(current)
  const found = appId === null ? null : await lastSucceeded(tx, appId, wanted.number)
  if (found !== null) return found
  throw new AppError('conflict', { detail: `no release before ${wanted.number} has succeeded` })
}

async function requireRelease(tx: Tx, appId: string | null, number: number): Promise<ReleaseState> {
  const row = appId === null ? null : await findRelease(tx, appId, number)
  if (!row) throw releaseNotFound(number)
  return releaseState(row)
}

export function releaseNotFound(number: number): AppError {
  return new AppError('not_found', { detail: `there is no release ${number}` })
}

function answerOf(row: AppRow): Answer<App> {
  return { status: 200, headers: { etag: etag(row.wantedVersion) }, body: appJson(row) }
}

export function appJson(row: AppRow): App {
  const { release, replicas, running, restartGeneration } = wantedOf(row)
  return {
    id: row.id,
    tenant: row.tenant,
    name: row.name,
    labels: row.labels as App['labels'],
    host: row.host,
    version: row.wantedVersion,
    wanted: { release, replicas: { ...replicas }, running, restartGeneration },
    currentRelease: (row.good as { release: number | null } | null)?.release ?? null,
    removing: row.removing,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}
