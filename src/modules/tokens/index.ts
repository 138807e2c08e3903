export { tokensRoutes } from './tokens.routes.ts'
export { authenticate, ensureAdminToken, newTokenText } from './tokens.service.ts'
