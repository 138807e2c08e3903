import { ERROR_CODES, type ErrorCode } from './codes.ts'

/** One place of bad input: a JSON Pointer (RFC 6901) into the request, and what is wrong there. */
export interface InputError {
  readonly path: string
  readonly message: string
}

export interface AppErrorOptions {
  /** What may leave the process: what was wrong, where, what to do. Never a secret. */
  readonly detail: string
  /** What may not: for the log alone. */
  readonly internal?: string
  readonly errors?: readonly InputError[]
  /** Where an operation failed. */
  readonly host?: string
  readonly service?: string
  readonly instance?: string
  /** Members that the problem document carries beside the standard ones (e.g. the new plan of `plan_changed`). */
  readonly extra?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** The one error type of this program: a code of the table, and what may be told about it. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly options: AppErrorOptions

  constructor(code: ErrorCode, options: AppErrorOptions) {
    super(options.detail, { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.options = options
  }

  get status(): number {
    return ERROR_CODES[this.code].status
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retry === 'retry'
  }
}

/** True for an AppError, of the given code where one is given. */
export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code)
}
