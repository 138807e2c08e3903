export { emit, eventsJson, type NewEvent } from './append.ts'
export { createEventFeeds, type EventFeeds, type Feed, type FeedItem } from './feed.ts'
export {
  type Event,
  eventsBefore,
  type EventFilter,
  type EventScope,
  eventsOf,
  holdEvents,
} from './events.repository.ts'
export { EVENT_TYPES, type EventEntry, type EventType } from './types.ts'
