import Type, { type TSchema } from 'typebox'
import { EVENT_TYPES, type EventType } from '../../events/index.ts'
import { closed, Name, named, nullable, pageQuery, Timestamp, Uuid } from '../../web/index.ts'

const EventId = Type.String({ pattern: '^[0-9]{1,19}$', description: 'Decimal; only grows within a tenant.' })

export const Event = named(
  'Event',
  closed({
    id: EventId,
    type: Type.Unsafe<EventType>({ type: 'string', enum: Object.keys(EVENT_TYPES) }),
    tenant: nullable(Name),
    app: nullable(Type.String()),
    host: nullable(Type.String()),
    service: nullable(Type.String()),
    operation: nullable(Uuid),
    actor: nullable(Type.String({ description: '`token:<name>`, or a part of the system.' })),
    at: Timestamp,
    data: Type.Record(Type.String(), Type.Unknown(), { description: 'By type; docs/events.md lists its members.' }),
  }),
)

/** A type, or the first word of several: `operation.*`. */
export const EventTypePattern = Type.String({ pattern: '^[a-z]{1,20}\\.([a-z_]{1,30}|\\*)$', maxLength: 60 })

export const EventsQuery = closed({
  ...pageQuery,
  app: Type.Optional(Name),
  operation: Type.Optional(Uuid),
  type: Type.Optional(
    Type.String({
      pattern: '^[a-z]{1,20}\\.([a-z_]{1,30}|\\*)(,[a-z]{1,20}\\.([a-z_]{1,30}|\\*)){0,31}$',
      description: 'Types, with commas between: `operation.step`, or `operation.*` for all that begin so.',
    }),
  ),
  after: Type.Optional({
    ...EventId,
    description: 'For a stream: begin after this event. A `Last-Event-ID` goes before it.',
  }),
})

/** Of a stream, what comes first where events after the given one are kept no more. */
export const EventHeaders = Type.Object({
  'last-event-id': Type.Optional(Type.String({ maxLength: 64 })),
})

export const eventSchemas: readonly TSchema[] = [Event]
