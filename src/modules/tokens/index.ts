export { type Admission, createStreamGate, type StreamGate } from './stream-gate.ts'
export { tokensRoutes } from './tokens.routes.ts'
export { authenticate, ensureAdminToken, newTokenText } from './tokens.service.ts'
