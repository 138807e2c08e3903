export { Deliverer } from './deliverer.ts'
export { SEALED_WEBHOOKS } from './signature.ts'
export { webhooksRoutes } from './webhooks.routes.ts'
