import { stillValid } from './tokens.repository.ts'
import { CHANNELS, type Database, type DbLogger } from '../../db/index.ts'
import { AppError } from '../../errors/app-error.ts'
import { abortable } from '../../lib/abort.ts'
import { monotonicMs } from '../../lib/clock.ts'
import { type Principal, unauthorized } from '../../web/index.ts'

/** How often the tokens of open streams are looked at: an expiry is seen by this, a revocation by its notification or by this. */
const LOOK_MS = 500
/** A look that takes longer is given up for the next one: it may hang on a connection that is gone. */
const ANSWER_MS = 2000
/** A database that does not say for so long ends the streams: a revocation could not be seen. */
const BLIND_MS = 5000

/** What one token may have open on one process, what all of a tenant's, and what all: no tenant shuts the others out. */
const MOST = { token: 2000, tenant: 4000, all: 10_000 }

/** What is open for a principal: sockets, event streams, logs. */
export interface Admission {
  /**
   * Aborts with an AppError: `unauthorized` within a second of the token's revocation or expiry, `unavailable` when the server stops
   * or can't ask the database any more.
   */
  readonly signal: AbortSignal
  /** The stream is over. */
  close(): void
}

export interface StreamGate {
  /** Throws `too_many_streams` where the token has 2,000 open on this process or its tenant 4,000, `unavailable` where there are 10,000. */
  admit(principal: Principal): Admission
  /** How many streams are open. */
  readonly open: number
  /** Ends all that are open, and any that is admitted from then on. */
  close(): Promise<void>
}

/** Watches the tokens of all open streams of this process: one small statement for all of them, and none while there are none. */
export function createStreamGate({
  db,
  log,
  most = MOST,
}: {
  readonly db: Database
  readonly log: DbLogger
  readonly most?: { readonly token: number; readonly tenant: number; readonly all: number }
}): StreamGate {
  const streams = new Map<string, Set<AbortController>>()
  const tenants = new Map<string, number>()
  let listening: Promise<{ close(): Promise<void> } | null> | null = null
  let confirmedAt = monotonicMs()
  let looking: Promise<void> | null = null
  let closed = false
  const countOpen = (): number => [...streams.values()].reduce((sum, set) => sum + set.size, 0)

  const end = (tokenId: string, reason: AppError): void => {
    for (const stream of streams.get(tokenId) ?? []) stream.abort(reason)
    streams.delete(tokenId)
  }
  const endAll = (detail: string): void => {
    for (const tokenId of [...streams.keys()]) end(tokenId, new AppError('unavailable', { detail }))
  }
  const look = async (): Promise<void> => {
    const asked = [...streams.keys()]
    const sentAt = monotonicMs()
    if (asked.length === 0) {
      confirmedAt = sentAt
      return
    }
    try {
      const valid = await abortable(stillValid(db.prisma, asked), AbortSignal.timeout(ANSWER_MS))
      confirmedAt = sentAt
      for (const tokenId of asked) {
        if (!valid.has(tokenId)) end(tokenId, unauthorized('the token was revoked or has expired'))
      }
    } catch (error) {
      log.debug({ err: error }, 'the tokens of open streams could not be looked at')
      // Judged by looks, not by the clock: a process that was held up looks before it ends anything.
      if (monotonicMs() - confirmedAt > BLIND_MS) endAll('the database does not say whether the token is still valid')
    }
  }
  const lookOnce = (): void => {
    looking ??= look().finally(() => {
      looking = null
    })
  }
  const timer = setInterval(lookOnce, LOOK_MS)
  timer.unref()
  const onRevoked = (tokenId: string | null): void => {
    // A look that is under way may have been before the revocation: the timer's next one is not.
    if (tokenId === null || tokenId === '') lookOnce()
    else end(tokenId, unauthorized('the token was revoked'))
  }

  return {
    get open() {
      return countOpen()
    },
    admit({ id, tenant }) {
      listening ??= db.listen(CHANNELS.token, onRevoked).catch(() => null)
      const owner = tenant?.id ?? null
      if ((streams.get(id)?.size ?? 0) >= most.token) throw tooMany(`this token has ${most.token}`)
      if (owner !== null && (tenants.get(owner) ?? 0) >= most.tenant) throw tooMany(`this tenant has ${most.tenant}`)
      if (countOpen() >= most.all)
        throw new AppError('unavailable', {
          detail: `this server has ${most.all} streams and sockets open already`,
          headers: { 'retry-after': '5' },
        })
      const stream = new AbortController()
      if (closed) stream.abort(new AppError('unavailable', { detail: 'this server is stopping' }))
      else streams.set(id, (streams.get(id) ?? new Set()).add(stream))
      if (owner !== null) tenants.set(owner, (tenants.get(owner) ?? 0) + 1)
      let isOpen = true
      return {
        signal: stream.signal,
        close() {
          if (!isOpen) return
          isOpen = false
          const set = streams.get(id)
          set?.delete(stream)
          if (set?.size === 0) streams.delete(id)
          const left = owner === null ? 0 : (tenants.get(owner) ?? 0) - 1
          if (owner !== null && left > 0) tenants.set(owner, left)
          else if (owner !== null) tenants.delete(owner)
        },
      }
    },
    async close() {
      closed = true
      clearInterval(timer)
      endAll('this server is stopping')
      await (await listening)?.close()
    },
  }
}

function tooMany(what: string): AppError {
  return new AppError('too_many_streams', { detail: `${what} streams and sockets open on this server already` })
}
