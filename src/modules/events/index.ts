export { type EventsDeps, eventsRoutes } from './events.routes.ts'
export { Event as EventSchema, EventTypePattern } from './events.schemas.ts'
export { eventId, pageOfEvents } from './events.service.ts'
