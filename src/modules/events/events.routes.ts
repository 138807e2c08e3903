import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import { Event, EventHeaders, eventSchemas, EventsQuery } from './events.schemas.ts'
import { createEventTexts, eventId, eventParts, filterOf, pageOfEvents } from './events.service.ts'
import type { Database } from '../../db/types.ts'
import type { EventFeeds, EventScope, FeedItem } from '../../events/index.ts'
import {
  addSchemas,
  authorizeAdmin,
  closed,
  eventStream,
  type LiveTiming,
  Name,
  page,
  preferredType,
  principalOf,
  problemResponses,
  ref,
  type Routes,
  sendLive,
} from '../../web/index.ts'
import { tenantFor } from '../tenants/index.ts'
import type { StreamGate } from '../tokens/index.ts'

export interface EventsDeps {
  readonly db: Database
  readonly feeds: EventFeeds
  readonly gate: StreamGate
  readonly liveTiming?: LiveTiming
}

const tags = ['events']
const TenantParams = closed({ tenant: Name })
const common = { tags, querystring: EventsQuery, headers: EventHeaders }
const ok = {
  description:
    'A page, newest first; or, with `Accept: text/event-stream`, a stream that goes on from `Last-Event-ID`.',
  content: {
    'application/json': { schema: page(ref(Event)) },
    'text/event-stream': { schema: Type.String() },
  },
}

/** Events of a tenant, and of all for admins: a list or a live stream. */
export function eventsRoutes(eventsDeps: EventsDeps) {
  const deps = { ...eventsDeps, parts: createEventTexts() }
  return async (instance: FastifyInstance): Promise<void> => {
    const app = instance as Routes
    addSchemas(app, eventSchemas)

    app.get(
      '/v1/tenants/:tenant/events',
      {
        schema: {
          ...common,
          operationId: 'listEvents',
          summary: "A tenant's events: newest first, or live",
          params: TenantParams,
          response: { 200: ok, ...problemResponses(401, 404, 429) },
        },
      },
      async (request, reply) => {
        const tenant = await tenantFor(deps.db.prisma, principalOf(request), request.params.tenant, 'read')
        return await answer(deps, request, reply, { tenantId: tenant.id }, request.query)
      },
    )

    app.get(
      '/v1/events',
      {
        schema: {
          ...common,
          operationId: 'listAllEvents',
          summary: 'Of all tenants and of the platform: newest first, or live',
          response: { 200: ok, ...problemResponses(401, 403, 429) },
        },
      },
      async (request, reply) => {
        authorizeAdmin(principalOf(request))
        return await answer(deps, request, reply, 'all', request.query)
      },
    )
  }
}

async function answer(
  { db, feeds, gate, parts, liveTiming }: EventsDeps & { parts: (item: FeedItem) => string },
  request: FastifyRequest,
  reply: FastifyReply,
  scope: EventScope,
  query: Static<typeof EventsQuery>,
) {
  const filter = filterOf(query)
  if (preferredType(request.headers, ['application/json', 'text/event-stream']) === 'application/json')
    return await pageOfEvents(db.prisma, scope, filter, query)
  const last = request.headers['last-event-id']
  const after =
    typeof last === 'string' && last !== ''
      ? eventId(last, '/headers/last-event-id')
      : query.after === undefined
        ? undefined
        : eventId(query.after, '/query/after')
  const admission = gate.admit(principalOf(request))
  try {
    await sendLive(reply, {
      format: eventStream(request.id),
      signal: admission.signal,
      open: async (signal) =>
        await eventParts({ feeds, parts, scope, filter, signal, ...(after !== undefined && { after }) }),
      ...(liveTiming && { timing: liveTiming }),
    })
  } finally {
    admission.close()
  }
  return reply
}
