import { type Database, openDatabase } from '../../src/db/index.ts'
import {
  createEventFeeds,
  emit,
  eventsJson,
  type EventFeeds,
  type FeedItem,
  type NewEvent,
} from '../../src/events/index.ts'
import { newId } from '../../src/lib/ids.ts'
import { labDatabase, quiet, type Teardown } from '../lab/database.ts'

export interface EventsLab {
  readonly url: string
  readonly db: Database
  readonly acme: string
  readonly globex: string
  feeds(): EventFeeds
  /** One event of a tenant in a transaction of its own: its `app` says which it is. */
  write(tenantId: string | null, app: string, more?: Partial<NewEvent>): Promise<void>
}

/** A database with two tenants; ends with the test. */
export async function eventsLab(t: Teardown, given?: string): Promise<EventsLab> {
  const url = given ?? (await labDatabase(t)).url
  const db = await openDatabase({ url, log: quiet })
  t.teardown(async () => await db.close())
  const tenant = async (name: string) => (await db.prisma.tenant.create({ data: { id: newId(), name } })).id
  return {
    url,
    db,
    acme: await tenant('acme'),
    globex: await tenant('globex'),
    feeds() {
      const feeds = createEventFeeds({ db, log: quiet })
      t.teardown(async () => await feeds.close())
      return feeds
    },
    async write(tenantId, app, more = {}) {
      await db.transaction(async (tx) => emit(tx, { tenantId, type: 'app.created', app, ...more }))
    },
  }
}

/** A transaction that has written its events and is held open until it is told how to end. */
export async function heldWriter(db: Database, ...events: readonly NewEvent[]) {
  const isWritten = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const done = db.transaction(async (tx) => {
    await tx.$executeRaw`SELECT append_events(${eventsJson(events)}::jsonb)`
    isWritten.resolve()
    await end.promise
  })
  await Promise.race([isWritten.promise, done])
  return {
    async commit(): Promise<void> {
      end.resolve()
      await done
    },
    async rollBack(): Promise<void> {
      end.reject(new Error('rolled back'))
      await done.catch(() => {})
    },
  }
}

/** What a feed brings, taken as it comes; `texts` are the apps' names, or `gap`. */
export function collect(feed: AsyncIterable<FeedItem>) {
  const items: FeedItem[] = []
  const over = (async () => {
    for await (const item of feed) items.push(item)
  })()
  return {
    items,
    over,
    get texts(): string[] {
      return items.map((item) => (item.kind === 'gap' ? 'gap' : (item.event.app ?? item.event.type)))
    },
  }
}
