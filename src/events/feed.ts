import { CHANNELS, type Database, type DbLogger } from '../db/index.ts'
import { type Event, type EventFilter, type EventScope, isGap, newestId, passes } from './events.repository.ts'
import { Tail } from './tail.ts'

/** What a feed brings: an event, or that some before the next one are kept no more. */
export type FeedItem =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'gap'; readonly after: string; readonly resumed: string }

export interface FollowOptions {
  /** The last id that the reader has: everything after it comes. Left out: what happens from now on. */
  readonly after?: bigint
  readonly filter?: EventFilter
  /** Ends the feed: the iteration returns. */
  readonly signal: AbortSignal
}

export interface EventFeeds {
  /**
   * The events of a scope in the order of their ids, none lost and none twice, as fast as the reader asks for them: one that is slow costs
   * no memory. Resolves once its place is known: whatever commits from then on comes. Rejects with `unavailable` where the database does not
   * answer; the iteration waits it out.
   */
  follow(scope: EventScope, options: FollowOptions): Promise<AsyncIterable<FeedItem>>
  /** Ends every feed. */
  close(): Promise<void>
}

/** How often a feed looks by itself, should a notification get lost. */
const POLL_MS = 1000

/** The feeds of one process: those of one scope share one reader of the table, and all of them one LISTEN. */
export function createEventFeeds({ db, log }: { db: Database; log: DbLogger }): EventFeeds {
  const tails = new Map<string, Tail>()
  const closing = new AbortController()
  let listening: Promise<{ close(): Promise<void> }> | null = null

  const wake = (tenantId: string | null): void => {
    for (const [key, tail] of tails) if (tenantId === null || key === tenantId || key === 'all') tail.wake()
  }
  const listen = async (): Promise<void> => {
    listening ??= db.listen(CHANNELS.event, wake)
    await listening.catch(() => {
      // The poll carries the feeds; the next one tries to listen again.
      listening = null
    })
  }
  const poll = setInterval(() => wake(null), POLL_MS)
  poll.unref()

  const join = (scope: EventScope): Tail => {
    const key = scope === 'all' ? 'all' : scope.tenantId
    const tail = tails.get(key) ?? new Tail({ db, log, scope, unused: () => tails.delete(key) })
    tails.set(key, tail)
    tail.join()
    return tail
  }

  async function* read(tail: Tail, from: bigint, gap: FeedItem | null, options: FollowOptions, signal: AbortSignal) {
    let position = from
    if (gap) yield gap
    while (!signal.aborted) {
      const events = await tail.after(position, signal)
      for (const event of events) {
        if (signal.aborted) return
        position = BigInt(event.id)
        if (passes(options.filter ?? {}, event)) yield { kind: 'event', event } as const
      }
    }
  }

  return {
    async follow(scope, options) {
      await listen()
      const { after } = options
      const gone = after !== undefined && (await isGap(db.prisma, scope, after))
      const from = after === undefined || gone ? await newestId(db.prisma, scope) : after
      const gap: FeedItem | null = gone ? { kind: 'gap', after: String(after), resumed: String(from) } : null
      const signal = AbortSignal.any([options.signal, closing.signal])
      return {
        async *[Symbol.asyncIterator]() {
          const tail = join(scope)
          try {
            yield* read(tail, from, gap, options, signal)
          } finally {
            tail.leave()
          }
        },
      }
    },
    async close() {
      closing.abort()
      clearInterval(poll)
      const subscription = await listening?.catch(() => null)
      await subscription?.close()
    },
  }
}
