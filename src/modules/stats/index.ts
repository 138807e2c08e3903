export { readAppHistory } from './history.service.ts'
export { createStatsHub, type StatsHub } from './hub.ts'
export { HISTORY, Sampler } from './sampler.ts'
export { statsRoutes } from './stats.routes.ts'
export {
  AppStats as AppStatsSchema,
  StatsHistory as StatsHistorySchema,
  TenantStats as TenantStatsSchema,
  Usage as UsageSchema,
} from './stats.schemas.ts'
export {
  followAppStats,
  followTenantStats,
  readAppStats,
  readInstanceUsages,
  readTenantStats,
  type StatsDeps,
} from './stats.service.ts'
