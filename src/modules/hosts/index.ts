export {
  createHostAccess,
  type CreateDriver,
  type HostAccess,
  type HostAccessDeps,
  readLabels,
  requireMarker,
  SEALED_ENDPOINTS,
} from './host-access.ts'
export { hostsRoutes } from './hosts.routes.ts'
export { type HostsDeps, loadHostFacts } from './hosts.service.ts'
export { registerLocalHost } from './local-host.ts'
