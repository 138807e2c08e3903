import type { CallOptions, Driver } from '../drivers/index.ts'
import { AppError, isAppError } from '../errors/app-error.ts'
import type { ErrorCode } from '../errors/codes.ts'
import { storable } from '../lib/storable-text.ts'

const LOG_LINES = 20

/** What an operation's `error` holds: `code` is one of docs/errors.md. */
export interface OperationError {
  readonly code: ErrorCode
  readonly message: string
  readonly host?: string
  readonly service?: string
  readonly instance?: string
}

/** The same error with the place where it happened, where it does not name one yet. */
export function errorOfStep(
  error: AppError,
  at: { host: string; service: string | null; instance: string | null },
): AppError {
  const { options } = error
  return new AppError(error.code, {
    ...options,
    host: options.host ?? at.host,
    service: options.service ?? at.service ?? undefined,
    instance: options.instance ?? at.instance ?? undefined,
  })
}

/** A container that did not make it: the verdict and the last lines of its output. */
export async function failure(
  driver: Driver,
  name: string,
  verdict: { readonly code: 'health_timeout' | 'crash_loop'; readonly detail: string },
  call: CallOptions,
): Promise<AppError> {
  const lines = await driver.tail(name, LOG_LINES, call).catch((error: unknown) => {
    call.signal.throwIfAborted()
    return isAppError(error) ? [`(its log could not be read: ${error.options.detail})`] : []
  })
  const log = lines.length > 0 ? `; its last lines:\n${lines.join('\n')}` : '; it wrote nothing'
  return new AppError(verdict.code, { detail: `${verdict.detail}${log}` })
}

/** An error as an operation tells it. What is not an AppError is `internal`, and only the log has its cause. */
export function toOperationError(error: unknown): OperationError {
  if (!isAppError(error))
    return {
      code: 'internal',
      message: "something broke inside the server; the log has the cause under this operation's id",
    }
  const { detail, host, service, instance } = error.options
  return {
    code: error.code,
    message: storable(detail),
    ...(host && { host }),
    ...(service && { service }),
    ...(instance && { instance }),
  }
}
