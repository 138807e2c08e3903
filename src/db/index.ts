import { AppError } from '../errors/app-error.ts'
import { sleep } from '../lib/abort.ts'
import { backoffMs } from '../lib/backoff.ts'
import { createListener } from './listener.ts'
import { isRetryConflict, isUnavailable, mapDbError } from './map-error.ts'
import { createTransactions } from './transaction.ts'
import type { Database, DbLogger, Tx } from './types.ts'

export { CHANNELS, type Database, type DbLogger, type Tx } from './types.ts'
export { callAtCommit } from './transaction.ts'
export { isForeignKeyViolation, isRetryConflict, isUnavailable, isUniqueViolation, mapDbError } from './map-error.ts'

export interface DatabaseOptions {
  /** `postgres://…` */
  readonly url: string
  readonly log: DbLogger
  /** The most connections that queries take; LISTEN has one more. Default 20. */
  readonly poolSize?: number
}

const ATTEMPTS = 5

/**
 * Opens the database: Prisma and SQL over one pool of connections. None is made before the first query, and one that is lost is
 * replaced at the next: the database may go and come back at any time, and errors say `unavailable` meanwhile.
 *
 * Each statement ends after 30 s, an idle transaction after 15 s, and a connection is waited for 5 s.
 */
export async function openDatabase({ url, log, poolSize = 20 }: DatabaseOptions): Promise<Database> {
  const { pool, prisma, run } = createTransactions({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 30_000,
    // A stopped process must not hold its row locks for good.
    idle_in_transaction_session_timeout: 15_000,
    query_timeout: 35_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: 'moorage',
  })
  // Without these, a connection that the server ends would end this process.
  pool.on('error', (error) => log.debug({ err: error }, 'an idle database connection broke'))
  pool.on('connect', (client) =>
    client.on('error', (error) => log.debug({ err: error }, 'a database connection broke')),
  )
  const listener = createListener({ url, log })

  return {
    prisma,
    listen: (channel, handler) => listener.listen(channel, handler),

    async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await run(work)
        } catch (error) {
          if (isUnavailable(error)) throw mapDbError(error)
          if (!isRetryConflict(error) || attempt === ATTEMPTS) throw error
          log.debug({ err: error, attempt }, 'a transaction met another one; trying again')
          await sleep(backoffMs(attempt, { baseMs: 20, maxMs: 500 }))
        }
      }
    },

    async ping(timeoutMs = 2000) {
      const late = AbortSignal.timeout(timeoutMs)
      const { promise, reject } = Promise.withResolvers<never>()
      late.addEventListener('abort', () =>
        reject(new AppError('unavailable', { detail: 'the database does not answer in time' })),
      )
      await Promise.race([pool.query('SELECT 1'), promise]).catch((error: unknown) => {
        throw mapDbError(error)
      })
    },

    connections() {
      const { idleCount: idle, totalCount, waitingCount: waiting } = pool
      return { idle, busy: totalCount - idle, waiting, limit: poolSize }
    },

    async close() {
      await listener.close()
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

/**
 * Tells every listener of `channel`, when the transaction commits. `payload` is an id or empty (8,000 bytes at most).
 * NOTIFY serialises commits: one for a transition, not one for a log line.
 */
export async function notify(tx: Tx, channel: string, payload = ''): Promise<void> {
  await tx.$executeRaw`SELECT pg_notify(${channel}, ${payload})`
}
