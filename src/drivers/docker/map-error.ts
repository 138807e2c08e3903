import { AppError, isAppError } from '../../errors/app-error.ts'
import type { ErrorCode } from '../../errors/codes.ts'
import { codeOf, connectionWords, tellable } from '../connection-errors.ts'
import { PULL_RULES } from '../pull-errors.ts'

/** The engine's own no: its HTTP status and message. Inside this driver it is an outcome to look at; it leaves as an AppError. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Whether the engine refused with this status, and these words where they are given. */
export function refused(error: unknown, status: number, words?: RegExp): error is Refusal {
  return error instanceof Refusal && error.status === status && (words === undefined || words.test(error.message))
}

interface Rule {
  readonly words: RegExp
  readonly status?: number
  readonly code: ErrorCode
  readonly says: string
}

/** The first that fits counts. The engine's words are its only distinction in most of these: it answers nearly all with 500. */
const RULES: readonly Rule[] = [
  {
    words: /port is already allocated|(listen|bind)\b.*address already in use|ports are not available/i,
    code: 'port_conflict',
    says: 'a published port is taken on the host',
  },
  {
    words: /no space left on device|cannot allocate memory|no available IPv4 addresses|could not find an available/i,
    code: 'insufficient_capacity',
    says: 'the host has no room left',
  },
  { words: /no such image/i, code: 'image_not_found', says: 'the image is not on the host' },
  {
    words:
      /executable file not found|unable to find user|no matching entries in (passwd|group) file|exec: .*(permission denied|is a directory|no such file)|exec format error/i,
    code: 'unsupported',
    says: 'the container can not be started as the spec says',
  },
  { words: /./s, status: 400, code: 'unsupported', says: 'the engine does not take this' },
]

/** A refusal as this program's error. `doing` says what was asked for, in words that may leave the process. */
export function mapRefusal(refusal: Refusal, doing: string): AppError {
  return map(refusal, doing, RULES)
}

/** A refusal of a pull, at its start or in its stream. */
export function mapPullRefusal(refusal: Refusal, image: string): AppError {
  return map(refusal, `pull ${image}`, PULL_RULES)
}

function map(refusal: Refusal, doing: string, rules: readonly Rule[]): AppError {
  const rule = rules.find(
    ({ words, status }) => (status === undefined || status === refusal.status) && words.test(refusal.message),
  )
  const said = tellable(refusal.message)
  const detail = `${doing}: ${rule?.says ?? `the engine answered ${refusal.status}`}${said === '' ? '' : ` (${said})`}`
  return new AppError(rule?.code ?? 'internal', {
    detail,
    internal: `${refusal.status} ${refusal.message}`,
    cause: refusal,
  })
}

/**
 * Whatever kept a request from being answered: `host_unreachable`, with the reason where it is known (`why` is what the transport makes of
 * the error), or what the transport itself has found, `host_identity_mismatch` among it.
 */
export function mapConnectionError(error: unknown, doing: string, why: string | null = null): AppError {
  if (isAppError(error))
    return new AppError(error.code, { ...error.options, detail: `${doing}: ${error.options.detail}`, cause: error })
  return new AppError('host_unreachable', {
    detail: `${doing}: the engine does not answer, ${why ?? connectionWords(error)}`,
    internal: error instanceof Error ? `${codeOf(error)} ${error.message}` : String(error),
    cause: error,
  })
}

/** No answer within the time that this request has. */
export function mapTimeout(doing: string, ms: number): AppError {
  return new AppError('host_unreachable', {
    detail: `${doing}: the engine did not answer within ${Math.round(ms / 100) / 10} s`,
  })
}
