import { AppError } from '../errors/app-error.ts'

/** What an error of Prisma or pg is, found through all that it is wrapped in. */
interface DbFailure {
  /** SQLSTATE, Prisma's code or Node's, whichever were found, the outermost first. */
  readonly codes: readonly string[]
  /** The adapter's kind of error, e.g. `UniqueConstraintViolation`. */
  readonly kinds: readonly string[]
  readonly messages: readonly string[]
  /** Of the index or foreign key that was violated. */
  readonly constraint: string | null
}

const UNAVAILABLE_CODES: ReadonlySet<string> = new Set([
  // Node
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  // Prisma: not reachable, time out, closed, too many connections, no connection in time, no transaction in time
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
  // Postgres: shutting down, crashed, starting up, idle in a transaction, full, read-only (a standby), cancelled by a time-out
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '25P03',
  '53300',
  '25006',
  '57014',
  '55P03',
])
const UNAVAILABLE_KINDS: ReadonlySet<string> = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
])
/** pg's own words, which come without a code. */
const UNAVAILABLE_WORDS =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Cannot use a pool after calling end|server closed the connection/i

const RETRY_CODES: ReadonlySet<string> = new Set(['P2034', '40001', '40P01'])
const FOREIGN_KEY_CODES: ReadonlySet<string> = new Set(['P2003', '23503', '23001'])
/** Text with NUL, numbers out of range, what isn't a UUID or a time. */
const BAD_VALUE_CODES: ReadonlySet<string> = new Set([
  'P2000',
  'P2007',
  'P2020',
  '22001',
  '22003',
  '22007',
  '22008',
  '22009',
  '22021',
  '22P02',
  '22P05',
])

/**
 * Maps an error of Prisma or pg to ours: a unique violation to `already_exists` (`words.exists` is its detail), a
 * foreign key or a check to `conflict`, a value that can't be stored to `bad_request`, whatever says that the database
 * isn't there to `unavailable`. What it doesn't know, and an AppError, come back as they are.
 */
export function mapDbError(error: unknown, words: { readonly exists?: string } = {}): unknown {
  const failure = failureOf(error)
  if (!failure) return error
  const internal = failure.messages.at(-1) ?? ''
  const has = (codes: ReadonlySet<string>) => failure.codes.some((code) => codes.has(code))
  if (unavailable(failure))
    return new AppError('unavailable', { detail: 'the database does not answer', internal, cause: error })
  if (has(RETRY_CODES))
    return new AppError('unavailable', {
      detail: 'the database is too busy with the same rows',
      internal,
      cause: error,
    })
  if (unique(failure))
    return new AppError('already_exists', { detail: words.exists ?? 'it exists already', internal, cause: error })
  if (has(FOREIGN_KEY_CODES)) {
    return new AppError('conflict', {
      detail: 'something else belongs to it, or what it belongs to is gone',
      internal,
      cause: error,
    })
  }
  if (failure.codes.includes('23514')) {
    return new AppError('conflict', { detail: 'its present state does not allow this', internal, cause: error })
  }
  if (has(BAD_VALUE_CODES))
    return new AppError('bad_request', { detail: 'a value in the request can not be stored', internal, cause: error })
  return error
}

/** True for a violated unique index or primary key, of the given name where one is given; also once it is mapped. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const failure = failureOf(unmapped(error))
  return failure !== null && unique(failure) && (constraint === undefined || failure.constraint === constraint)
}

/** True for a violated foreign key, of the given name where one is given; also once it is mapped. */
export function isForeignKeyViolation(error: unknown, constraint?: string): boolean {
  const failure = failureOf(unmapped(error))
  return (
    failure !== null &&
    failure.codes.some((code) => FOREIGN_KEY_CODES.has(code)) &&
    (constraint === undefined || failure.constraint === constraint)
  )
}

/** True for a deadlock or a serialization failure: the whole transaction may be tried again. */
export function isRetryConflict(error: unknown): boolean {
  return failureOf(unmapped(error))?.codes.some((code) => RETRY_CODES.has(code)) ?? false
}

/** True when the database couldn't be reached, went away or didn't answer in time. */
export function isUnavailable(error: unknown): boolean {
  const failure = failureOf(unmapped(error))
  return failure !== null && unavailable(failure)
}

function unavailable({ codes, kinds, messages }: DbFailure): boolean {
  return (
    codes.some((code) => UNAVAILABLE_CODES.has(code) || code.startsWith('08')) ||
    kinds.some((kind) => UNAVAILABLE_KINDS.has(kind)) ||
    messages.some((message) => UNAVAILABLE_WORDS.test(message))
  )
}

function unique({ codes }: DbFailure): boolean {
  return codes.includes('P2002') || codes.includes('23505')
}

function unmapped(error: unknown): unknown {
  return error instanceof AppError ? error.options.cause : error
}

/** null: not an error of Prisma or pg. */
function failureOf(error: unknown): DbFailure | null {
  if (!(error instanceof Error) || error instanceof AppError) return null
  const codes: string[] = []
  const kinds: string[] = []
  const messages: string[] = []
  let constraint: string | null = null
  const seen = new Set<unknown>()
  const look = (value: unknown): void => {
    if (!isRecord(value) || seen.has(value)) return
    seen.add(value)
    for (const code of [value.code, value.originalCode]) if (typeof code === 'string') codes.push(code)
    for (const message of [value.message, value.originalMessage])
      if (typeof message === 'string') messages.push(message)
    if (typeof value.kind === 'string') kinds.push(value.kind)
    const name = isRecord(value.constraint) ? value.constraint.index : value.constraint
    if (typeof name === 'string') constraint ??= name
    look(value.cause)
    if (isRecord(value.meta)) look(value.meta.driverAdapterError)
    // Node's way when each address of a name was refused.
    if (value instanceof AggregateError) value.errors.forEach(look)
  }
  look(error)
  return codes.length + kinds.length > 0 || messages.some((message) => UNAVAILABLE_WORDS.test(message))
    ? { codes, kinds, messages, constraint }
    : null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
