export { tenantsRoutes } from './tenants.routes.ts'
export { tenantFor } from './tenants.service.ts'
