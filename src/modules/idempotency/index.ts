export { factsOf, idempotent, type IdempotencyDeps, type RequestFacts, SEALED_ANSWERS } from './idempotency.service.ts'
