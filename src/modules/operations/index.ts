export {
  ACTIVE,
  type ActiveOperation,
  endQueued,
  enqueueReconcile,
  idAfter,
  insertOperation,
  type NewOperation,
  type OperationRow,
  type StepRow,
} from './operations.repository.ts'
export * from './operations.schemas.ts'
export { acceptedAnswer, answerAccepted, type WantedState } from './operations.service.ts'
export { createOperationWaits, type OperationWaits, waited } from './waits.ts'
export { goneSignal, type OperationsDeps, operationsRoutes } from './operations.routes.ts'
