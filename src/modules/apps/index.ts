export { appRoutes } from './apps.routes.ts'
export { type AppsDeps } from './changes.routes.ts'
export {
  applyPatch,
  buildDesired,
  type Change,
  containerOf,
  type DesiredInput,
  goodOf,
  lockApp,
  markGood,
  observedFromRows,
  revertWanted,
  sameWanted,
  targetOf,
  type Wanted,
  type WantedPatch,
  wantedOf,
} from './wanted.ts'
