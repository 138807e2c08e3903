import { AppError, isAppError } from '../../errors/app-error.ts'
import type { ErrorCode } from '../../errors/codes.ts'
import { storable } from '../../lib/storable-text.ts'
import { codeOf, connectionWords, tellable } from '../connection-errors.ts'
import { Refusal } from './refusal.ts'

interface Rule {
  readonly status?: readonly number[]
  readonly words?: RegExp
  readonly code: ErrorCode
  readonly says: string
}

/** The first that fits counts. */
const RULES: readonly Rule[] = [
  // Answered with 500, before 1.21 at least.
  { words: /failed to create typed patch object/i, code: 'unsupported', says: 'the cluster does not take this' },
  { status: [401], code: 'host_unreachable', says: 'the API server does not take our credentials' },
  {
    words: /failed calling webhook/i,
    code: 'host_unreachable',
    says: 'an admission webhook of the cluster does not answer',
  },
  { status: [403], words: /exceeded quota/i, code: 'quota_exceeded', says: 'the quota of the namespace is used up' },
  {
    status: [403, 409],
    words: /because it is being terminated|object is being deleted/i,
    code: 'unavailable',
    says: 'what is there is being removed',
  },
  {
    status: [400, 403, 422],
    words:
      /admission webhook|violates PodSecurity|PodSecurityPolicy|ValidatingAdmissionPolicy|denied the request|must specify (limits|requests)|(maximum|minimum) .* (usage|per)/i,
    code: 'admission_denied',
    says: 'the rules of the cluster do not admit it',
  },
  { status: [403], code: 'host_forbidden', says: 'our role in the cluster does not allow it' },
  {
    status: [422],
    words: /provided port is already allocated/i,
    code: 'port_conflict',
    says: 'a published port is taken',
  },
  { status: [400, 405, 406, 413, 415, 422], code: 'unsupported', says: 'the cluster does not take this' },
  { status: [429], code: 'host_unreachable', says: 'the API server has too much to do' },
  { status: [404], code: 'unavailable', says: 'what it needs is not there' },
  { status: [409, 410], code: 'unavailable', says: 'the object is another one by now' },
]

/** A refusal as this program's error. `doing` says what was asked for, in words that may leave the process. */
export function mapRefusal(refusal: Refusal, doing: string): AppError {
  const { status, reason, message } = refusal
  const internal = `${status} ${reason} ${message}`
  const conflicts = conflictsOf(refusal)
  if (conflicts !== null)
    return new AppError('field_conflict', { detail: `${doing}: ${conflicts}`, internal, cause: refusal })
  if (isUnserved(refusal)) {
    const detail = `${doing}: the cluster does not serve the API ${refusal.api || 'that this takes'}`
    return new AppError('unsupported', { detail, internal, cause: refusal })
  }
  const rule = RULES.find((one) => (one.status?.includes(status) ?? true) && (one.words?.test(message) ?? true))
  const said = tellable(message)
  const says = rule?.says ?? `the API server answered ${status}`
  return new AppError(rule?.code ?? (status >= 500 ? 'host_unreachable' : 'internal'), {
    detail: `${doing}: ${says}${said === '' ? '' : ` (${said})`}`,
    internal,
    cause: refusal,
  })
}

/** Which fields others hold, of a refused apply; null: it was refused for another reason. */
function conflictsOf({ status, details, message }: Refusal): string | null {
  if (status !== 409) return null
  const causes = (details.causes ?? []).filter(({ reason }) => reason === 'FieldManagerConflict')
  if (causes.length === 0) return /^Apply failed with \d+ conflict/.test(message) ? tellable(message) : null
  const fields = causes.map(({ field, message: why = '' }) => {
    const [, manager] = /conflict with "([^"]+)"/.exec(why) ?? []
    return `${field ?? 'a field'} is held by ${manager === undefined ? 'somebody else' : `"${manager}"`}`
  })
  return storable(fields.join(', '), 1000)
}

/** A 404 that is about the API, not about one object. */
function isUnserved({ status, reason, details, message }: Refusal): boolean {
  if (status !== 404) return false
  return reason === '' ? /page not found/.test(message) : details.name === undefined
}

/** Whatever kept a request from being answered: `host_unreachable`, with the reason where it is known (`why` is what TLS makes of the error). */
export function mapConnectionError(error: unknown, doing: string, why: string | null = null): AppError {
  return new AppError('host_unreachable', {
    detail: `${doing}: the API server does not answer, ${why ?? connectionWords(error)}`,
    internal: error instanceof Error ? `${codeOf(error)} ${error.message}` : String(error),
    cause: error,
  })
}

/** No answer within the time that this request has. */
export function mapTimeout(doing: string, ms: number): AppError {
  return new AppError('host_unreachable', {
    detail: `${doing}: the API server did not answer within ${Math.round(ms / 100) / 10} s`,
  })
}

/** Where a cluster's words end: what no part took for an outcome becomes an AppError here, once. */
export async function edge<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw mapForeign(error, doing)
  }
}

/** The same for what is read piece by piece. */
export async function* edgeOf<T>(doing: string, pieces: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* pieces
  } catch (error) {
    throw mapForeign(error, doing)
  }
}

/** A stream that breaks brings the errors of the connection itself. */
export function mapForeign(error: unknown, doing: string): unknown {
  if (error instanceof Refusal) return mapRefusal(error, doing)
  if (isAppError(error) || !BROKEN.has(codeOf(error))) return error
  return mapConnectionError(error, doing)
}

const BROKEN = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNABORTED',
])
