export { type EventsDeps, eventsRoutes } from './events.routes.ts'
