export { type LogRecord } from './log-records.ts'
export { logsRoutes } from './logs.routes.ts'
export { type LogsDeps, LogStreams } from './logs.service.ts'
