import Type from 'typebox'
import type { Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import { type Answer, decodeCursor, type Page, type PlanView, toPage } from '../../web/index.ts'
import { operationJson, stepJson, summaryJson } from './operation-json.ts'
import {
  endQueued,
  findOperation,
  findOperations,
  findPlans,
  inheritsWork,
  lastSteps,
  listOperations,
  listSteps,
  type OperationFilter,
  type OperationScope,
  requestCancel,
} from './operations.repository.ts'
import type { Operation, OperationAnswer, OperationStep, OperationSummary } from './operations.schemas.ts'

const SHOWN_STEPS = 200
const OperationPosition = Type.Object({ id: Type.String({ format: 'uuid' }) })
const StepPosition = Type.Object({ seq: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }) })

export interface PageInput {
  readonly limit: number
  readonly cursor?: string
}

function operationNotFound(id: string): AppError {
  return new AppError('not_found', { detail: `there is no operation ${id}` })
}

/** One operation with its plan and its last steps. Throws `not_found`, also for another tenant's. */
export async function getOperation(tx: Tx, id: string, tenantId?: string): Promise<Operation> {
  const row = await findOperation(tx, id, tenantId)
  if (!row) throw operationNotFound(id)
  return operationJson(row, row.startedAt === null ? [] : await lastSteps(tx, id, SHOWN_STEPS))
}

export async function pageOfOperations(
  tx: Tx,
  scope: OperationScope,
  filter: OperationFilter,
  input: PageInput,
): Promise<Page<OperationSummary>> {
  const [page] = await pagesOfOperations(tx, [scope], filter, input)
  return page ?? toPage([], input.limit, summaryJson, () => null)
}

/** The same page of each scope, in their order. */
export async function pagesOfOperations(
  tx: Tx,
  scopes: readonly OperationScope[],
  filter: OperationFilter,
  { limit, cursor }: PageInput,
): Promise<Page<OperationSummary>[]> {
  const position = decodeCursor(OperationPosition, cursor)
  const lists = await listOperations(tx, scopes, { ...filter, ...(position && { beforeId: position.id }) }, limit + 1)
  return lists.map((rows) => toPage(rows, limit, summaryJson, ({ id }) => ({ id })))
}

/** Operations by id, of the given tenant where one is given; null for those that there are not. */
export async function operationsOf(
  tx: Tx,
  ids: readonly string[],
  tenantId?: string,
): Promise<(OperationSummary | null)[]> {
  const rows = new Map((await findOperations(tx, ids)).map((row) => [row.id, row]))
  return ids.map((id) => {
    const row = rows.get(id.toLowerCase())
    return row && (tenantId === undefined || row.tenantId === tenantId) ? summaryJson(row) : null
  })
}

/** Plans by operation; null for those that have none. */
export async function plansOf(tx: Tx, ids: readonly string[]): Promise<(PlanView | null)[]> {
  const rows = new Map((await findPlans(tx, ids)).map(({ id, plan }) => [id, plan as PlanView]))
  return ids.map((id) => rows.get(id) ?? null)
}

export async function pageOfSteps(tx: Tx, id: string, tenantId: string | undefined, input: PageInput) {
  const [operation] = await operationsOf(tx, [id], tenantId)
  const [page] = operation ? await pagesOfSteps(tx, [operation.id], input) : []
  if (!page) throw operationNotFound(id)
  return page
}

/** The same page of the steps of each operation, in their order. */
export async function pagesOfSteps(
  tx: Tx,
  ids: readonly string[],
  { limit, cursor }: PageInput,
): Promise<Page<OperationStep>[]> {
  const rows = await listSteps(tx, ids, decodeCursor(StepPosition, cursor)?.seq ?? -1, limit + 1)
  return ids.map((id) => toPage(rows.get(id) ?? [], limit, stepJson, ({ seq }) => ({ seq })))
}

/** Where an operation is found: below its tenant, or among all where it has none. */
export function operationPath({ id, tenant }: Pick<Operation, 'id' | 'tenant'>): string {
  return tenant === null ? `/v1/operations/${id}` : `/v1/tenants/${tenant}/operations/${id}`
}

/** 202 with the operation as it is now and a Location to it. */
export async function acceptedAnswer(tx: Tx, id: string): Promise<Answer<OperationAnswer>> {
  return answerAccepted(await getOperation(tx, id))
}

/** 202 with this operation and a Location to it. */
export function answerAccepted(operation: Operation): Answer<OperationAnswer> {
  return { status: 202, headers: { location: operationPath(operation) }, body: { operation } }
}

/** What cancelling needs of the module that owns wanted state. */
export interface WantedState {
  /** Locks the app's row. */
  lockApp(tx: Tx, appId: string): Promise<boolean>
  /** Takes what the operation brought out of the app's wanted state. */
  revertWanted(tx: Tx, operation: { id: string; appId: string | null }): Promise<void>
}

/**
 * Cancels an operation: at once where it is queued, else its runner is asked to go back and end it. A queued one that took
 * the place of one whose work is half done stays queued, marked: its runner goes back for both. Throws
 * `conflict` where it has ended. Call it in a transaction.
 */
export async function cancelOperation(
  tx: Tx,
  id: string,
  tenantId: string | undefined,
  wanted: WantedState,
  actor: string,
): Promise<Answer<OperationAnswer>> {
  const found = await findOperation(tx, id, tenantId)
  if (!found) throw operationNotFound(id)
  const { appId } = found
  // The app first, then its operations: everybody locks in this order.
  const hasApp = appId !== null && (await wanted.lockApp(tx, appId))
  const goesBack = hasApp && (await inheritsWork(tx, id, appId))
  if (!goesBack && (await endQueued(tx, id, { code: 'cancelled', message: 'it was cancelled before it began' }))) {
    await wanted.revertWanted(tx, found)
    return await acceptedAnswer(tx, id)
  }
  if (!(await requestCancel(tx, id, actor))) {
    throw new AppError('conflict', { detail: `operation ${id} has ended` })
  }
  return await acceptedAnswer(tx, id)
}
