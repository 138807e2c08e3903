import type { PlanView } from '../../web/index.ts'
import type { OperationRow, OperationSummaryRow, StepRow } from './operations.repository.ts'
import type {
  Operation,
  OperationError,
  OperationKind,
  OperationStatus,
  OperationStep,
  OperationSummary,
} from './operations.schemas.ts'

/** An operation as the API shows it. */
export function operationJson(row: OperationRow, steps: readonly StepRow[]): Operation {
  return { ...summaryJson(row), plan: row.plan as PlanView | null, steps: steps.map((step) => stepJson(step)) }
}

/** An operation that was queued just now, from what was written. */
export function queuedJson(
  operation: Pick<Operation, 'id' | 'kind' | 'release' | 'requestedBy'> & {
    readonly tenant: { readonly name: string }
    readonly app: { readonly name: string }
    readonly createdAt: Date
  },
): Operation {
  const { id, tenant, app, kind, release, requestedBy, createdAt } = operation
  return {
    id,
    tenant: tenant.name,
    app: app.name,
    parent: null,
    kind,
    status: 'queued',
    reason: null,
    release,
    error: null,
    requestedBy,
    createdAt: createdAt.toISOString(),
    startedAt: null,
    finishedAt: null,
    attempts: 0,
    nextAttemptAt: null,
    plan: null,
    steps: [],
  }
}

/** An operation as lists show it: without plan and steps. */
export function summaryJson(row: OperationSummaryRow): OperationSummary {
  return {
    id: row.id,
    tenant: row.tenant?.name ?? null,
    app: row.appName,
    parent: row.parentId,
    kind: row.kind as OperationKind,
    status: row.status as OperationStatus,
    reason: row.reason,
    release: row.release,
    error: row.error as OperationError | null,
    requestedBy: row.requestedBy,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    attempts: row.attempts,
    nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
  }
}

export function stepJson(step: StepRow): OperationStep {
  return {
    host: step.host,
    service: step.service,
    action: step.action,
    status: step.status as OperationStep['status'],
    startedAt: step.startedAt.toISOString(),
    finishedAt: step.finishedAt?.toISOString() ?? null,
    message: step.message,
  }
}
