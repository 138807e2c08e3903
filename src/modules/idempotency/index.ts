export { factsOf, idempotent, type IdempotencyDeps, type RequestFacts } from './idempotency.service.ts'
