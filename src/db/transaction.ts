import { PrismaPg } from '@prisma/adapter-pg'
import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import { PrismaClient } from './generated/client.ts'
import { isUnavailable } from './map-error.ts'
import { createSql, type Sql, withSql } from './sql.ts'
import type { Tx } from './types.ts'

/** How long Prisma waits for a connection, and how long it uses one for a transaction. */
const PRISMA_LIMITS = { maxWait: 6000, timeout: 20_000 }
/** What Prisma says to begin and end a transaction, which is not its to begin or end here. */
const BOUNDS: ReadonlySet<string> = new Set(['BEGIN', 'COMMIT', 'ROLLBACK'])

/** What each transaction that is under way is to call with its COMMIT. */
const lastCalls = new WeakMap<Tx, LastCall[]>()

interface LastCall {
  readonly name: string
  readonly argument: () => string
}

/**
 * Has a function of the database called as the very last thing of the transaction, with a JSON text that is asked for then. The call
 * and the COMMIT go out as one message: whatever holds this process up, the locks that the function takes are held no longer than the
 * commit takes. Throws where `tx` is no transaction, or one that is over.
 */
export function callAtCommit(tx: Tx, name: string, argument: () => string): void {
  const calls = lastCalls.get(tx)
  if (!calls) throw new TypeError('this needs a transaction that is under way')
  calls.push({ name, argument })
}

export interface Transactions {
  /** Each statement alone, on any connection. */
  readonly prisma: PrismaClient
  /** Runs `work` in one READ COMMITTED transaction: commits when it is done, rolls back when it throws. */
  run<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

/**
 * Prisma and SQL over one pool. A transaction is ours: BEGIN and COMMIT on a connection, to which its SQL goes straight. Prisma's
 * own costs as much as ten statements; it joins (on the same connection, within the same transaction) at the first call of a
 * model, and only there.
 */
export function createTransactions(options: pg.PoolConfig): Transactions & { readonly pool: pg.Pool } {
  const pool = new JoinablePool(options)
  const sqlOn = createSql()
  const client = new PrismaClient({ adapter: new PrismaPg(pool) })

  const begin = async (): Promise<pg.PoolClient> => {
    const connection = await pool.connect()
    try {
      await connection.query('BEGIN ISOLATION LEVEL READ COMMITTED')
      return connection
    } catch (error) {
      connection.release(true)
      throw error
    }
  }
  const end = async (connection: pg.PoolClient, calls: readonly LastCall[]): Promise<void> => {
    const last = calls.map(({ name, argument }) => `SELECT ${name}(${pg.escapeLiteral(argument())}::jsonb)`)
    // Of several statements there are several results, which the types do not know.
    const results: unknown = await connection.query([...last, 'COMMIT'].join('; '))
    const result: unknown = Array.isArray(results) ? results.at(-1) : results
    // What was caught after it had failed in the database: nothing of the transaction is there.
    if ((result as pg.QueryResult).command !== 'COMMIT')
      throw new Error('the transaction had failed before its end, and was rolled back')
    connection.release()
  }
  const abandon = async (connection: pg.PoolClient, error: unknown): Promise<void> => {
    try {
      if (isUnavailable(error)) throw error
      await connection.query('ROLLBACK')
      connection.release()
    } catch {
      // The server rolls back when the connection goes.
      connection.release(true)
    }
  }

  return {
    pool,
    prisma: withSql(client, sqlOn(pool)),
    async run(work) {
      const connection = await begin()
      const held = hold(connection)
      const joined = joinable(client, pool, held.connection)
      const tx = txOf(sqlOn(held.connection), joined.client)
      const calls: LastCall[] = []
      lastCalls.set(tx, calls)
      try {
        const result = await work(tx)
        lastCalls.delete(tx)
        await joined.end()
        held.letGo()
        await end(connection, calls)
        return result
      } catch (error) {
        lastCalls.delete(tx)
        held.letGo()
        await joined.abandon(error)
        await abandon(connection, error)
        throw error
      }
    },
  }
}

/**
 * A connection as a transaction has it: from `letGo` on, every statement is refused. One that comes later (of a branch whose sibling
 * failed) would be committed by itself, or be a part of whatever transaction has the connection by then.
 */
function hold(connection: pg.PoolClient): { readonly connection: pg.PoolClient; letGo(): void } {
  let over = false
  const query = async (config: pg.QueryConfig) => {
    if (over) throw new Error('the transaction is over, and this statement came too late for it')
    return await connection.query(config)
  }
  return {
    connection: new Proxy(connection, {
      get: (target, key) => (key === 'query' ? query : Reflect.get(target, key)),
    }),
    letGo() {
      over = true
    },
  }
}

/** SQL at once; a model's call once Prisma has joined. */
function txOf(sql: Sql, joined: () => Promise<Tx>): Tx {
  const model = (name: string | symbol) =>
    new Proxy(
      {},
      {
        get:
          (_target, method) =>
          async (...args: unknown[]): Promise<unknown> => {
            const tx = Reflect.get(await joined(), name)
            return await Reflect.get(tx, method).apply(tx, args)
          },
      },
    )
  return new Proxy({} as Tx, { get: (_target, key) => Reflect.get(sql, key) ?? model(key) })
}

/** Prisma's part of a transaction, begun at the first need. */
function joinable(prisma: PrismaClient, pool: JoinablePool, connection: pg.PoolClient) {
  let joining: Promise<Tx> | null = null
  let left: Promise<unknown> = Promise.resolve()
  const over = Promise.withResolvers<void>()
  return {
    client: async (): Promise<Tx> => {
      joining ??= new Promise((resolve, reject) => {
        left = pool.lend(connection, async () => {
          await prisma.$transaction(async (tx) => {
            resolve(tx)
            await over.promise
          }, PRISMA_LIMITS)
        })
        left.catch(reject)
      })
      return await joining
    },
    /** Throws where Prisma gave it up by itself: its time was over. */
    async end(): Promise<void> {
      over.resolve()
      await left
    },
    async abandon(error: unknown): Promise<void> {
      over.reject(error)
      over.promise.catch(() => {})
      await left.catch(() => {})
    },
  }
}

/** A pool that can give Prisma a connection which is in a transaction already. */
class JoinablePool extends pg.Pool {
  readonly #lent = new AsyncLocalStorage<pg.PoolClient>()

  /** What `work` asks of this pool is on `connection`, and its transactions are a part of the one that is under way. */
  async lend<T>(connection: pg.PoolClient, work: () => Promise<T>): Promise<T> {
    return await this.#lent.run(connection, work)
  }

  override connect(): Promise<pg.PoolClient>
  override connect(
    callback: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: unknown) => void) => void,
  ): void
  override connect(callback?: Parameters<pg.Pool['connect']>[0]): Promise<pg.PoolClient> | void {
    const connection = this.#lent.getStore()
    if (callback) super.connect(callback)
    else return connection ? Promise.resolve(withoutBounds(connection)) : super.connect()
  }
}

function withoutBounds(connection: pg.PoolClient): pg.PoolClient {
  const own: Record<string | symbol, unknown> = {
    query: async (config: pg.QueryConfig) =>
      BOUNDS.has(config.text) ? { rows: [], fields: [], rowCount: 0 } : await connection.query(config),
    release: () => {},
  }
  return new Proxy(connection, {
    get: (target, key) => own[key] ?? Reflect.get(target, key),
  })
}
