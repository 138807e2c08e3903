export {
  type ActiveOperation,
  activeOperations,
  endQueued,
  enqueueReconcile,
  idAfter,
  insertOperation,
  markSuperseded,
  type NewOperation,
  type OperationRow,
  type StepRow,
} from './operations.repository.ts'
export * from './operations.schemas.ts'
export { acceptedAnswer, type WantedState } from './operations.service.ts'
export { createOperationWaits, type OperationWaits } from './waits.ts'
export { type OperationsDeps, operationsRoutes, waited } from './operations.routes.ts'
