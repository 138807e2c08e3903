import type { BaseLogger } from 'pino'
import type { Prisma, PrismaClient } from './generated/client.ts'

/** What this room needs of a logger: pino's own, or any that has these. */
export type DbLogger = Pick<BaseLogger, 'debug' | 'info' | 'warn' | 'error'>

/**
 * A transaction, as repositories take it. `PrismaClient` is one too (each statement alone). SQL is a template alone: it is prepared by its
 * text.
 */
export type Tx = Omit<Prisma.TransactionClient, '$queryRawUnsafe' | '$executeRawUnsafe'>

export interface Database {
  readonly prisma: PrismaClient
  /** Runs `work` in one READ COMMITTED transaction; a deadlock or serialization failure is tried again, up to 5 times. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Calls `handler` with the payload of each NOTIFY on `channel`, and with null after each reconnect (something may have
   * been missed). Resolves once it listens.
   */
  listen(channel: string, handler: (payload: string | null) => void): Promise<{ close(): Promise<void> }>
  /** Resolves when the database answers a query within `timeoutMs` (2000); else rejects with `unavailable`. */
  ping(timeoutMs?: number): Promise<void>
  /** The connections that queries take, now: `waiting` counts queries that have none yet. */
  connections(): { idle: number; busy: number; waiting: number; limit: number }
  close(): Promise<void>
}

/** NOTIFY channels. Payloads are ids (or empty): the rows are the truth. */
export const CHANNELS = {
  /** An operation was queued or a lane became free. */
  work: 'moorage_work',
  /** The operation of this id changed: it ended, or was asked to end. */
  operation: 'moorage_operation',
  /** The host of this id was registered or changed (empty: a worker gave some up). */
  host: 'moorage_host',
  /** Events of the tenant of this id were written (empty: of the platform). Sent by `append_events`. */
  event: 'moorage_event',
  /** Webhook deliveries are due. Sent by `append_events` too. */
  delivery: 'moorage_delivery',
  /** The token of this id was revoked (empty: several were). */
  token: 'moorage_token',
  /** The worker of the host of this id is asked something, or the question of this id has its answer. */
  question: 'moorage_question',
  answer: 'moorage_answer',
} as const
