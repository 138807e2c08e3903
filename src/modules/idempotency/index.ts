export {
  factsOf,
  factsOfMutation,
  idempotent,
  type IdempotencyDeps,
  type RequestFacts,
  SEALED_ANSWERS,
} from './idempotency.service.ts'
