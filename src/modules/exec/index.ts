export type { ExecLimits } from './exec.service.ts'
export { execRoutes } from './exec.routes.ts'
