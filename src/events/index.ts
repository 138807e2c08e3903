export { emit, eventsJson, type NewEvent } from './append.ts'
export { createEventFeeds, type EventFeeds, type Feed, type FeedItem } from './feed.ts'
export {
  type Event,
  eventsBefore,
  eventsBeforeOf,
  type EventFilter,
  type EventScope,
  eventsOf,
} from './events.repository.ts'
export { EVENT_TYPES, type EventEntry, type EventType } from './types.ts'
