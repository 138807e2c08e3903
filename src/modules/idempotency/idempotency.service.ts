import type { FastifyRequest } from 'fastify'
import type { SealedColumn } from '../../db/sealed.ts'
import type { Database, Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import { digestOf } from '../../lib/canonical.ts'
import { SealError, type Sealer } from '../../lib/seal.ts'
import { actorOf, type Answer, badArgument, type Principal, principalOf } from '../../web/index.ts'
import { findRecord, takeKey, writeAnswer, type RecordId, type StoredAnswer } from './idempotency.repository.ts'

const KEY = /^[\x21-\x7e]{1,255}$/
const KEY_FORM = 'must be 1 to 255 visible ASCII characters'

/** What an idempotency key is compared by. */
export interface RequestFacts {
  /** A token's id. */
  readonly principal: string
  /** Who asks, as it is written down: `token:<name>`. Of no weight for the key. */
  readonly actor: string
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** null: the request has no key. */
  readonly key: string | null
  /** The digest of query (but `wait`), body and `If-Match`. */
  readonly hash: string
}

export interface IdempotencyDeps {
  readonly db: Database
  readonly sealer: Sealer
  /** Default 24. */
  readonly idempotencyHours?: number
}

/** Answers are not needed to start: they are gone after a day, and one that can't be opened concerns its request alone. */
export const SEALED_ANSWERS: SealedColumn = {
  table: 'idempotency_records',
  column: 'body',
  id: ['principal', 'method', 'path', 'key'],
  context: ([principal = '', method = '', path = '', key = '']) => contextOf({ principal, method, path, key }),
  needed: false,
}

/** The facts of a request. Throws `bad_request` for a key that is not 1 to 255 visible ASCII characters. */
export function factsOf(request: FastifyRequest): RequestFacts {
  const principal = principalOf(request)
  const key = request.headers['idempotency-key'] ?? null
  if (key !== null && (typeof key !== 'string' || !KEY.test(key))) {
    throw new AppError('bad_request', {
      detail: `Idempotency-Key ${KEY_FORM}`,
      errors: [{ path: '/headers/idempotency-key', message: KEY_FORM }],
    })
  }
  const query = Object.fromEntries(Object.entries(request.query ?? {}).filter(([name]) => name !== 'wait'))
  const ifMatch = request.headers['if-match'] ?? null
  return {
    principal: principal.id,
    actor: actorOf(principal),
    method: request.method,
    path: request.url.split('?', 1)[0] ?? '',
    key,
    hash: digestOf({ query, body: request.body ?? null, ifMatch }),
  }
}

/**
 * The facts of a GraphQL mutation on what `target` names. Its keys are its own: that of a request by REST on the same thing is another.
 * Throws `bad_request`.
 */
export function factsOfMutation(
  principal: Principal,
  name: string,
  target: readonly string[],
  { idempotencyKey, wait: _, ...args }: { readonly idempotencyKey?: string | null; readonly wait?: number | null },
): RequestFacts {
  const key = idempotencyKey ?? null
  if (key !== null && !KEY.test(key)) throw badArgument('idempotencyKey', KEY_FORM)
  return {
    principal: principal.id,
    actor: actorOf(principal),
    method: 'GRAPHQL',
    path: ['mutation', name, ...target].join('/'),
    key,
    hash: digestOf(args),
  }
}

/**
 * Runs `work` in one transaction, at most once for a key and its request: the record is written in the same transaction,
 * so either both the effect and the answer are there or neither. The same key with the same request gets the first accepted
 * answer again (requests that arrive meanwhile wait for the first); with another request it throws
 * `idempotency_key_reused`. Only an answer of 2xx is kept; when `work` throws, nothing is. Without a key it is
 * one transaction and no more. `work` may run again after a deadlock.
 */
export async function idempotent<Body>(
  deps: IdempotencyDeps,
  facts: RequestFacts,
  work: (tx: Tx) => Promise<Answer<Body>>,
): Promise<Answer<Body>> {
  const id = recordId(facts)
  if (!id) return await deps.db.transaction(work)
  const answer = await deps.db.transaction(async (tx) => {
    if (!(await takeKey(tx, id, facts.hash, hoursOf(deps)))) return null
    const made = await work(tx)
    if (made.status < 200 || made.status > 299)
      throw new TypeError(`only 2xx is an answer here, ${made.status} is an error to throw`)
    const body = deps.sealer.seal(JSON.stringify(made.body ?? null), contextOf(id))
    await writeAnswer(tx, id, { status: made.status, headers: { ...made.headers }, body })
    return made
  })
  return answer ?? (await replay<Body>(deps, facts)) ?? (await idempotent(deps, facts, work))
}

/** The kept answer to a request's key, or null. */
async function replay<Body>(deps: IdempotencyDeps, facts: RequestFacts): Promise<Answer<Body> | null> {
  const id = recordId(facts)
  const stored = id && (await findRecord(deps.db.prisma, id, hoursOf(deps)))
  return stored ? read<Body>(deps, id, facts, stored) : null
}

function read<Body>(
  { sealer }: IdempotencyDeps,
  id: RecordId,
  facts: RequestFacts,
  stored: StoredAnswer,
): Answer<Body> {
  if (stored.requestHash !== facts.hash) {
    throw new AppError('idempotency_key_reused', {
      detail: 'this idempotency key was used with another query, body or If-Match',
    })
  }
  try {
    // What was sealed under this key's own context is what `work` answered.
    const body: Body = JSON.parse(sealer.open(stored.body, contextOf(id)))
    return { status: stored.status, headers: stored.headers, body }
  } catch (error) {
    if (!(error instanceof SealError)) throw error
    // Never carried out again: that it was is what the record says, whatever becomes of the answer.
    throw new AppError('secret_unreadable', {
      detail: `this request was carried out before, but its answer can not be unsealed: ${error.message}; read the resource instead`,
      cause: error,
    })
  }
}

function recordId({ principal, method, path, key }: RequestFacts): RecordId | null {
  return key === null ? null : { principal, method, path, key }
}

function contextOf({ principal, method, path, key }: RecordId): string {
  return `idempotency:${principal}:${method}:${path}:${key}`
}

function hoursOf({ idempotencyHours = 24 }: IdempotencyDeps): number {
  return idempotencyHours
}
