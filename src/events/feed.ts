import { CHANNELS, type Database, type DbLogger } from '../db/index.ts'
import { linked, within } from '../lib/abort.ts'
import {
  type Event,
  type EventFilter,
  type EventScope,
  newestId,
  passes,
  placeAfter,
  written,
} from './events.repository.ts'
import { Tail, type TailReader } from './tail.ts'

/**
 * What a feed brings: an event, or (first) that some after the one that was asked for are kept no more: it goes on with all that are, which
 * come after `resumed`.
 */
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

export interface Feed extends AsyncIterable<FeedItem> {
  /** The id that it goes on from: what a reader who has got nothing yet resumes with. */
  readonly from: string
}

export interface EventFeeds {
  /**
   * The events of a scope in the order of their ids, none lost and none twice, as fast as the reader asks for them: one that is slow costs
   * no memory. Resolves once its place is known: whatever commits from then on comes. Rejects with `unavailable` where the database does not
   * answer; the iteration waits it out.
   */
  follow(scope: EventScope, options: FollowOptions): Promise<Feed>
  /** Ends every feed. */
  close(): Promise<void>
}

/** How often a feed looks by itself, should a notification get lost. */
const POLL_MS = 1000
/** How long a new feed waits for its LISTEN: without, the looks carry it. */
const LISTEN_MS = 1000

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
    const heard = listening.catch(() => {
      // The next one tries to listen again.
      listening = null
    })
    await within(LISTEN_MS, heard)
  }
  // Two small statements for all tails, and nothing more while nothing is written.
  let settled: bigint | null = null
  const look = async (): Promise<void> => {
    for (const tail of tails.values()) tail.forget()
    if (tails.size === 0) return
    const { last, isSettled } = await written(db.prisma)
    if (last !== settled) wake(null)
    settled = isSettled ? last : null
  }
  let looking: Promise<void> | null = null
  const poll = setInterval(() => {
    looking ??= look()
      .catch((error: unknown) => {
        settled = null
        log.debug({ err: error }, 'the database was not asked for new events; the next look does')
      })
      .finally(() => {
        looking = null
      })
  }, POLL_MS)
  poll.unref()

  const join = (scope: EventScope, signal: AbortSignal): TailReader => {
    const key = scope === 'all' ? 'all' : scope.tenantId
    const tail = tails.get(key) ?? new Tail({ db, log, scope, unused: () => tails.delete(key) })
    tails.set(key, tail)
    return tail.join(signal)
  }

  return {
    async follow(scope, options) {
      await listen()
      const { after } = options
      const { from, isGap } =
        after === undefined
          ? { from: await newestId(db.prisma, scope), isGap: false }
          : await placeAfter(db.prisma, scope, after)
      const gap: FeedItem | null = isGap ? { kind: 'gap', after: String(after), resumed: String(from) } : null
      return {
        from: String(isGap ? after : from),
        async *[Symbol.asyncIterator]() {
          const over = linked(options.signal, closing.signal)
          const reader = join(scope, over.signal)
          try {
            if (gap) yield gap
            let position = from
            while (!over.signal.aborted) {
              const events = await reader.after(position)
              for (const event of events) {
                if (over.signal.aborted) return
                position = BigInt(event.id)
                if (passes(options.filter ?? {}, event)) yield { kind: 'event', event } as const
              }
            }
          } finally {
            over.letGo()
            reader.leave()
          }
        },
      }
    },
    async close() {
      closing.abort()
      clearInterval(poll)
      const subscription = listening?.catch(() => null)
      // One that is still being made ends with the database.
      await within(
        LISTEN_MS,
        Promise.resolve(subscription).then(async (made) => await made?.close()),
      )
    },
  }
}
