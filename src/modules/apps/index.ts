export { appRoutes } from './apps.routes.ts'
export type { App } from './apps.schemas.ts'
export type { ReleaseParent } from './views.service.ts'
export { type AppsDeps } from './changes.service.ts'
export {
  type AppState,
  buildDesired,
  type Change,
  type DesiredInput,
  goodOf,
  type HostOfApp,
  lockApp,
  markGood,
  observedFromRows,
  revertWanted,
  targetOf,
  type Wanted,
  type WantedPatch,
  wantedOf,
} from './wanted.ts'
