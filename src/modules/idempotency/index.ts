export { deleteOldRecords } from './idempotency.repository.ts'
export { factsOf, idempotent, replay, type IdempotencyDeps, type RequestFacts } from './idempotency.service.ts'
