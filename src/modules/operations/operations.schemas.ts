import Type, { type Static, type TSchema } from 'typebox'
import { ERROR_CODES, type ErrorCode } from '../../errors/codes.ts'
import { closed, Name, named, nullable, oneOf, PlanView, ref, Timestamp, Uuid } from '../../web/index.ts'

export const OPERATION_KINDS = [
  'deploy',
  'scale',
  'start',
  'stop',
  'restart',
  'rollback',
  'remove',
  'reconcile',
  'failover',
  'rebalance',
  'adopt',
  'build',
  'prune',
  'pull',
  'drain',
] as const
export type OperationKind = (typeof OPERATION_KINDS)[number]

export const OPERATION_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'rolled_back'] as const
export type OperationStatus = (typeof OPERATION_STATUSES)[number]

const operationError = closed({
  code: Type.Unsafe<ErrorCode>({ type: 'string', enum: Object.keys(ERROR_CODES) }),
  message: Type.String(),
  host: Type.Optional(Type.String()),
  service: Type.Optional(Type.String()),
  instance: Type.Optional(Type.String()),
})
/** What an operation failed with; `code` is one of docs/errors.md. */
export type OperationError = Static<typeof operationError>

export const OperationStep = named(
  'OperationStep',
  closed({
    host: Type.String(),
    service: nullable(Type.String()),
    action: Type.String(),
    status: oneOf(['running', 'succeeded', 'failed', 'cancelled']),
    startedAt: Timestamp,
    finishedAt: nullable(Timestamp),
    message: nullable(Type.String()),
  }),
)
export type OperationStep = Static<typeof OperationStep>

const summary = {
  id: Uuid,
  tenant: nullable(Name),
  app: nullable(Name),
  parent: nullable(Uuid),
  kind: oneOf(OPERATION_KINDS),
  status: oneOf(OPERATION_STATUSES),
  reason: nullable(Type.String({ description: 'Why a running operation waits.' })),
  release: nullable(Type.Integer()),
  error: nullable(operationError),
  requestedBy: Type.String(),
  createdAt: Timestamp,
  startedAt: nullable(Timestamp),
  finishedAt: nullable(Timestamp),
  attempts: Type.Integer(),
  nextAttemptAt: nullable(Timestamp),
}

export const OperationSummary = named('OperationSummary', closed(summary))
export type OperationSummary = Static<typeof OperationSummary>

export const Operation = named(
  'Operation',
  closed({
    ...summary,
    plan: nullable(ref(PlanView)),
    steps: Type.Array(ref(OperationStep), { description: 'The last 200; `/steps` pages through all of them.' }),
  }),
)
export type Operation = Static<typeof Operation>

/** What a change answers; null where nothing changes. */
export const OperationAnswer = named('OperationAnswer', closed({ operation: nullable(ref(Operation)) }))
export type OperationAnswer = Static<typeof OperationAnswer>

export const operationSchemas: readonly TSchema[] = [OperationStep, OperationSummary, Operation, OperationAnswer]
