import { createHash } from 'node:crypto'
import type pg from 'pg'
import { Prisma } from './generated/client.ts'
import type { Tx } from './types.ts'

/** What runs a statement: the pool (on any connection), or one connection. */
export type Connection = Pick<pg.ClientBase, 'query'>

/** The part of a transaction that is SQL as it is written. */
export type Sql = Pick<Tx, '$queryRaw' | '$executeRaw'>

type Statement = Parameters<Tx['$queryRaw']>[0]

/**
 * Runs SQL straight on a connection, past Prisma's engine: what `$queryRaw` and `$executeRaw` do here. Values are always
 * parameters; a statement is prepared once a connection, by its text (which so must come from the source, never from input: a text for
 * each of many values would fill the server's memory). Rows have what `pg` makes of their columns: count(*) and other bigints are texts,
 * so cast them.
 */
export function createSql(): (connection: Connection) => Sql {
  const names = new Map<string, string>()

  const configOf = (query: Statement, values: readonly unknown[]): pg.QueryConfig => {
    const { text, values: given } = query instanceof Prisma.Sql ? query : new Prisma.Sql(query, values)
    const name = names.get(text) ?? createHash('sha256').update(text).digest('base64url').slice(0, 22)
    names.set(text, name)
    return { name, text, values: given }
  }

  return (connection) => {
    const run = async (query: Statement, values: readonly unknown[]) => await connection.query(configOf(query, values))
    return {
      $queryRaw: (async (query: Statement, ...values: unknown[]) =>
        (await run(query, values)).rows) as Sql['$queryRaw'],
      $executeRaw: (async (query: Statement, ...values: unknown[]) =>
        (await run(query, values)).rowCount ?? 0) as Sql['$executeRaw'],
    }
  }
}

/** A client of Prisma whose SQL goes straight to the database. */
export function withSql<Client extends Tx>(client: Client, sql: Sql): Client {
  return new Proxy(client, {
    get: (target, key) => (Object.hasOwn(sql, key) ? Reflect.get(sql, key) : Reflect.get(target, key)),
  })
}
