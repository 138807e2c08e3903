export { tenantsRoutes } from './tenants.routes.ts'
export type { Tenant } from './tenants.schemas.ts'
export { tenantFor } from './tenants.service.ts'
