export { deleteOldRecords } from './idempotency.repository.ts'
export { factsOf, idempotent, type IdempotencyDeps, type RequestFacts } from './idempotency.service.ts'
