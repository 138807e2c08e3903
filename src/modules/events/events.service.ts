import Type from 'typebox'
import Value from 'typebox/value'
import type { Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import {
  type Event,
  type EventFilter,
  type EventFeeds,
  type EventScope,
  eventsBefore,
  eventsBeforeOf,
  type FeedItem,
} from '../../events/index.ts'
import { badArgument, closed, decodeCursor, type Page, sse, toPage } from '../../web/index.ts'
import { EventTypePattern } from './events.schemas.ts'

const Position = closed({ id: Type.String({ pattern: '^[0-9]{1,19}$' }) })
const MOST_TYPES = 32
const MOST = 9_223_372_036_854_775_807n

export interface PageInput {
  readonly limit: number
  readonly cursor?: string
}

/** Newest first. */
export async function pageOfEvents(tx: Tx, scope: EventScope, filter: EventFilter, input: PageInput) {
  const rows = await eventsBefore(tx, scope, beforeOf(input), filter, input.limit + 1)
  return pageOfRows(rows, input)
}

/** The same page of each tenant (or of one app of it), in their order. */
export async function pagesOfEvents(
  tx: Tx,
  scopes: readonly { readonly tenantId: string; readonly app?: string }[],
  filter: EventFilter,
  input: PageInput,
): Promise<Page<Event>[]> {
  const lists = await eventsBeforeOf(tx, scopes, beforeOf(input), filter, input.limit + 1)
  return lists.map((rows) => pageOfRows(rows, input))
}

function beforeOf({ cursor }: PageInput): bigint | undefined {
  const position = decodeCursor(Position, cursor)
  return position && eventId(position.id, '/query/cursor')
}

function pageOfRows(rows: readonly Event[], { limit }: PageInput): Page<Event> {
  return toPage(
    rows,
    limit,
    (event) => event,
    ({ id }) => ({ id }),
  )
}

/** An event's id as a number. Throws `bad_request` for what is none; `path` says where it was. */
export function eventId(text: string, path: string): bigint {
  const id = /^[0-9]{1,19}$/.test(text) ? BigInt(text) : null
  if (id !== null && id <= MOST) return id
  const message = 'is not the id of an event: send one as it was answered'
  throw new AppError('bad_request', { detail: `${path} ${message}`, errors: [{ path, message }] })
}

/** Types that GraphQL asks for, as REST's query takes them. Throws `bad_request`. */
export function eventTypes(types: readonly string[]): readonly string[] {
  if (types.length > MOST_TYPES)
    throw badArgument('types', `has ${types.length} members, and ${MOST_TYPES} is the most`)
  for (const [at, type] of types.entries())
    if (!Value.Check(EventTypePattern, type))
      throw badArgument(`types/${at}`, 'is no type of an event: one is as in `operation.step` or `operation.*`')
  return types
}

/** What a list's query asks for. */
export function filterOf({ app, operation, type }: { app?: string; operation?: string; type?: string }): EventFilter {
  return {
    ...(app !== undefined && { app }),
    ...(operation !== undefined && { operation: operation.toLowerCase() }),
    ...(type !== undefined && { types: type.split(',') }),
  }
}

export interface EventStreamRequest {
  readonly feeds: EventFeeds
  /** Of `createEventTexts`. */
  readonly parts: (item: FeedItem) => string
  readonly scope: EventScope
  readonly filter: EventFilter
  readonly after?: bigint
  readonly signal: AbortSignal
}

/**
 * The events of a scope as they are sent to a client: `gap` first where the ones after `after` are not all kept any more. Before everything
 * comes an id without an event, which EventSource keeps as the last one (a comment tells it to parsers that pass it over): who loses
 * the connection before the first event loses none.
 */
export async function eventParts({
  feeds,
  parts,
  scope,
  filter,
  after,
  signal,
}: EventStreamRequest): Promise<AsyncIterable<string>> {
  const feed = await feeds.follow(scope, { filter, signal, ...(after !== undefined && { after }) })
  return {
    async *[Symbol.asyncIterator]() {
      yield `: at ${feed.from}\nid: ${feed.from}\n\n`
      for await (const item of feed) yield parts(item)
    },
  }
}

/** Each event's text, made once for all who get it. */
export function createEventTexts(): (item: FeedItem) => string {
  const texts = new WeakMap<Event, string>()
  return (item) => {
    if (item.kind === 'gap') return partOf(item)
    const text = texts.get(item.event) ?? partOf(item)
    texts.set(item.event, text)
    return text
  }
}

function partOf(item: FeedItem): string {
  if (item.kind === 'gap') {
    const { after, resumed } = item
    // Its id is where the stream goes on: who reconnects now is not told of the same gap again.
    return sse({ id: resumed, event: 'gap', data: JSON.stringify({ after, resumed }) })
  }
  return sse({ id: item.event.id, event: item.event.type, data: JSON.stringify(item.event) })
}
