import { callAtCommit, type Tx } from '../db/index.ts'
import { storable } from '../lib/storable-text.ts'
import type { EventType } from './types.ts'

/** What happened, as its writer says it. No secrets: whoever may read the tenant may read this. */
export interface NewEvent {
  /** null: of the platform, for admins alone. */
  readonly tenantId: string | null
  readonly type: EventType
  /** Names. */
  readonly app?: string | null
  readonly host?: string | null
  readonly service?: string | null
  readonly operationId?: string | null
  /** Who did it: `token:<name>` or `system:<part>`. */
  readonly actor?: string | null
  readonly data?: object
}

const pending = new WeakMap<Tx, NewEvent[]>()

/**
 * Writes an event in the transaction of the change that it tells of: both are there, or neither. All of a transaction's events are
 * written by one call that goes out with its COMMIT (see `append_events` in prisma/constraints.sql, which says why). Throws where `tx` is
 * no transaction: a single statement calls `append_events` by itself, with what `eventsJson` gives or SQL makes.
 */
export function emit(tx: Tx, ...events: readonly NewEvent[]): void {
  const known = pending.get(tx)
  if (known) return void known.push(...events)
  const all = [...events]
  pending.set(tx, all)
  callAtCommit(tx, 'append_events', () => {
    // What comes later than this is refused, not lost.
    pending.delete(tx)
    return eventsJson(all)
  })
}

/** The argument of `append_events`: texts that `jsonb` can hold, none longer than 4,096 characters. */
export function eventsJson(events: readonly NewEvent[]): string {
  return JSON.stringify(events, (_key, value: unknown) => (typeof value === 'string' ? storable(value, 4096) : value))
}
