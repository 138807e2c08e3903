export { tenantsRoutes } from './tenants.routes.ts'
export type { Tenant } from './tenants.schemas.ts'
export { tenantFor, tenantIdsFor } from './tenants.service.ts'
