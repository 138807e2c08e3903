import type { Tx } from '../../db/types.ts'

/** Whose key it is: a principal's, for one method and path. */
export interface RecordId {
  readonly principal: string
  readonly method: string
  readonly path: string
  readonly key: string
}

export interface StoredAnswer {
  readonly requestHash: string
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Uint8Array
}

/** The record of a key, unless it is older than `maxAgeHours` by the database's clock. */
export async function findRecord(tx: Tx, id: RecordId, maxAgeHours: number): Promise<StoredAnswer | null> {
  const [row] = await tx.$queryRaw<StoredAnswer[]>`
    SELECT request_hash AS "requestHash", status, headers, body FROM idempotency_records
    WHERE principal = ${id.principal} AND method = ${id.method} AND path = ${id.path} AND key = ${id.key}
      AND created_at > now() - make_interval(hours => ${maxAgeHours}::int)`
  return row ?? null
}

/**
 * Takes the key for this transaction; false where it is taken by an answer that still holds. The unique index makes a second
 * taker wait until the first has committed (false) or rolled back (true). A record past its age is taken over.
 */
export async function takeKey(tx: Tx, id: RecordId, requestHash: string, maxAgeHours: number): Promise<boolean> {
  const count = await tx.$executeRaw`
    INSERT INTO idempotency_records (principal, method, path, key, request_hash, status, body)
    VALUES (${id.principal}, ${id.method}, ${id.path}, ${id.key}, ${requestHash}, 0, ''::bytea)
    ON CONFLICT (principal, method, path, key) DO UPDATE
      SET request_hash = excluded.request_hash, status = 0, headers = '{}', body = ''::bytea, created_at = now()
      WHERE idempotency_records.created_at <= now() - make_interval(hours => ${maxAgeHours}::int)`
  return count > 0
}

/** Writes the answer into the record that this transaction took. */
export async function writeAnswer(
  tx: Tx,
  id: RecordId,
  answer: { status: number; headers: Record<string, string>; body: Uint8Array<ArrayBuffer> },
): Promise<void> {
  await tx.$executeRaw`
    UPDATE idempotency_records
    SET status = ${answer.status}, headers = ${JSON.stringify(answer.headers)}::jsonb, body = ${answer.body}
    WHERE principal = ${id.principal} AND method = ${id.method} AND path = ${id.path} AND key = ${id.key}`
}
