export { operationJson, stepJson, summaryJson } from './operation-json.ts'
export {
  type ActiveOperation,
  activeOperations,
  endQueued,
  enqueueReconcile,
  findOperation,
  idAfter,
  insertOperation,
  markSuperseded,
  type NewOperation,
  type OperationRow,
  requestCancel,
  type StepRow,
} from './operations.repository.ts'
export * from './operations.schemas.ts'
export {
  acceptedAnswer,
  cancelOperation,
  getOperation,
  pageOfOperations,
  pageOfSteps,
  type WantedState,
} from './operations.service.ts'
export { createOperationWaits, type OperationWaits } from './waits.ts'
export { type OperationsDeps, operationsRoutes, waited } from './operations.routes.ts'
