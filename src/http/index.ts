export { openapiDocument } from './document.ts'
export type { CheckResult, ReadinessChecks } from './health.ts'
export { buildServer, type ServerDeps } from './server.ts'
