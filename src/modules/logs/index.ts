export { type LogRecord } from './log-records.ts'
export { logsRoutes } from './logs.routes.ts'
export { followLogs, type LogsDeps, LogStreams } from './logs.service.ts'
