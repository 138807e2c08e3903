import { type LogCursor, keyOf } from './log-cursor.ts'
import { merged } from './log-merge.ts'
import { Bell, type LogRecord } from './log-records.ts'
import { type LogOrigin, LogSource, type LogStart } from './log-source.ts'
import { findLogApp, findOrigins } from './logs.repository.ts'
import type { Database } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import type { EventFeeds } from '../../events/index.ts'
import type { HostAccess } from '../hosts/index.ts'

/** How often a followed app is looked at without an event. */
const LOOK_MS = 3000
/** One instance that is followed is over once it has not run for so long: one that is restarted runs again by then. */
const REST_MS = 2000
/** Clocks of engines and of this server may differ by so much. */
const SKEW_MS = 60_000
/** Logs that are read at once: of one app in one stream, streams of one app, and all of a process. */
const MOST_INSTANCES = 100
const MOST_OF_APP = 50
const MOST = 2000

export interface LogsDeps {
  readonly db: Database
  readonly hosts: HostAccess
  readonly feeds: EventFeeds
  readonly logs: LogStreams
}

export interface LogsWish {
  readonly tenantId: string
  readonly app: string
  readonly service?: string | undefined
  /** By its id or its name. */
  readonly instance?: string | undefined
  /** The last so many lines of all instances together; Infinity: all. */
  readonly tail: number
  /** RFC 3339: none before. */
  readonly since?: string | undefined
  readonly follow: boolean
  /** Go on there, in the place of `tail` and `since`. */
  readonly after?: LogCursor | undefined
  readonly signal: AbortSignal
}

/** Counts the streams of one process. */
export class LogStreams {
  readonly #apps = new Map<string, number>()
  #sources = 0

  /** Instances whose logs are read now. */
  get sources(): number {
    return this.#sources
  }

  /** Gives what closes it, once or more often. Throws `too_many_streams`. */
  open(appId: string): () => void {
    const streams = this.#apps.get(appId) ?? 0
    if (streams >= MOST_OF_APP)
      throw new AppError('too_many_streams', { detail: `${MOST_OF_APP} streams of this app's logs are open already` })
    this.#apps.set(appId, streams + 1)
    let isOpen = true
    return () => {
      const left = (this.#apps.get(appId) ?? 1) - 1
      if (isOpen && left > 0) this.#apps.set(appId, left)
      else if (isOpen) this.#apps.delete(appId)
      isOpen = false
    }
  }

  /** false: there is no room for one more. */
  join(): boolean {
    if (this.#sources >= MOST) return false
    this.#sources += 1
    return true
  }

  leave(): void {
    this.#sources -= 1
  }
}

/**
 * What the instances of an app have written, merged in the order of time, and with `follow` what they write: instances that appear join,
 * those that end leave, and one that is restarted or was out of reach goes on where it was. Without `follow` it ends by itself, and with
 * it where one instance is asked for that is gone or has ended. Asks the engines for no more than the reader takes. Ends when `signal`
 * aborts. Throws `not_found` where there is no such app, service or instance, `too_many_streams` where too much is read already.
 */
export async function followLogs(deps: LogsDeps, wish: LogsWish): Promise<AsyncIterable<readonly LogRecord[]>> {
  const { db, logs } = deps
  const app = await findLogApp(db.prisma, wish.tenantId, wish.app, wish.service ?? null)
  if (!app) throw new AppError('not_found', { detail: `there is no app "${wish.app}"` })
  const over = new AbortController()
  const signal = AbortSignal.any([wish.signal, over.signal])
  // Before the first look: what changes after it is told.
  const filter = { app: wish.app, types: ['instance.*', 'app.removed'] }
  const changes = wish.follow ? await deps.feeds.follow({ tenantId: wish.tenantId }, { filter, signal }) : null
  const first = (await findOrigins(db.prisma, app.id, wish)) ?? []
  if (first.length === 0) requireKnown(wish, app.hasService)
  if (first.length > MOST_INSTANCES) throw tooMany(first.length)
  const close = logs.open(app.id)
  // Also where nobody begins to read.
  signal.addEventListener('abort', close, { once: true })
  return {
    async *[Symbol.asyncIterator]() {
      const bell = new Bell(signal)
      const members = new Members({ deps, wish, signal, bell })
      try {
        members.set(first)
        if (changes) void members.keep(app.id, changes).catch(() => {})
        const tail = wish.after ? Infinity : wish.tail
        const isOver = (): boolean => !wish.follow || members.isGone
        yield* merged({ sources: members.sources, tail, follow: wish.follow, bell, signal, isOver })
      } finally {
        over.abort()
      }
    },
  }
}

interface MembersOptions {
  readonly deps: LogsDeps
  readonly wish: LogsWish
  readonly signal: AbortSignal
  readonly bell: Bell
}

/** Keeps the sources equal to the instances that there are. */
class Members {
  /** Those that are read; the merge takes out what has ended. */
  readonly sources = new Set<LogSource>()
  /** Nobody will join any more. */
  isGone = false
  readonly #options: MembersOptions
  readonly #known = new Map<string, LogSource>()
  readonly #begunAt = Date.now()
  #first = true

  constructor(options: MembersOptions) {
    this.#options = options
  }

  set(origins: readonly LogOrigin[]): void {
    const there = new Set(origins.map(({ id }) => id))
    for (const [id, source] of this.#known) {
      if (there.has(id)) continue
      source.leave()
      this.#known.delete(id)
    }
    for (const origin of origins) {
      const source = this.#known.get(origin.id)
      if (source) source.update(origin)
      else this.#join(origin)
    }
    this.#first = false
    if (this.#options.wish.instance !== undefined && origins.length === 0) this.isGone = true
    this.#options.bell.ring()
  }

  /** Looks again at each event, and every few seconds without one. */
  async keep(appId: string, changes: AsyncIterable<unknown>): Promise<void> {
    const { deps, wish, signal } = this.#options
    const told = new Bell(signal)
    const listening = (async () => {
      for await (const _ of changes) told.ring()
    })()
    listening.catch(() => {})
    while (!signal.aborted && !this.isGone) {
      await told.wait(LOOK_MS)
      if (signal.aborted) return
      const origins = await findOrigins(deps.db.prisma, appId, wish).catch(() => undefined)
      // A database that is away is asked again: what runs goes on meanwhile.
      if (origins === undefined) continue
      if (origins === null) this.isGone = true
      const isOver = wish.instance !== undefined && origins?.every((origin) => this.#isOver(origin))
      this.set(isOver ? [] : (origins ?? []))
    }
  }

  /** It has ended and nothing starts it again (its state would be another then), or its log can't be read. */
  #isOver({ id, state }: LogOrigin): boolean {
    const source = this.#known.get(id)
    if (source?.ended) return true
    return (state === 'exited' || state === 'dead') && source !== undefined && source.restMs >= REST_MS
  }

  #join(origin: LogOrigin): void {
    const { deps, wish, signal, bell } = this.#options
    if (this.#known.size >= MOST_INSTANCES || !deps.logs.join()) {
      if (this.#first) throw tooMany(this.#known.size + 1)
      return
    }
    const source = new LogSource({
      ...{ origin, signal, bell, follow: wish.follow, start: this.#startOf(origin) },
      connect: async (hostId, inner) => await deps.hosts.connect(hostId, { signal: inner }),
    })
    void source.done.then(() => deps.logs.leave())
    this.#known.set(origin.id, source)
    this.sources.add(source)
  }

  #startOf({ id, createdAt }: LogOrigin): LogStart {
    const { after, tail, since } = this.#options.wish
    if (after) {
      const position = after.positions.get(keyOf(id))
      return position ? { tail: 0, after: position } : { tail: Infinity, since: after.floor }
    }
    const isNew = !this.#first && (createdAt === null || createdAt.getTime() > this.#begunAt - SKEW_MS)
    return { tail: isNew ? Infinity : tail, ...(since !== undefined && { since }) }
  }
}

function requireKnown({ service, instance }: LogsWish, hasService: boolean): void {
  if (instance !== undefined) throw new AppError('not_found', { detail: `the app has no instance "${instance}"` })
  if (service !== undefined && !hasService)
    throw new AppError('not_found', { detail: `the app has no service "${service}"` })
}

function tooMany(count: number): AppError {
  return new AppError('too_many_streams', {
    detail: `logs of ${count} instances are more than can be read at once: ask for those of a service or an instance`,
  })
}
