import type { AppError, InputError } from './app-error.ts'
import { ERROR_CODES, type ErrorCode } from './codes.ts'

/** A problem document (RFC 9457) as this API answers it. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  /** The request id. */
  instance: string
  code: ErrorCode
  errors?: InputError[]
  [member: string]: unknown
}

/** The problem document of an error; `instance` is the request id. */
export function toProblem(error: AppError, instance: string): Problem {
  const { status, title } = ERROR_CODES[error.code]
  const problem: Problem = {
    type: `/problems/${error.code}`,
    title,
    status,
    detail: error.options.detail,
    instance,
    code: error.code,
  }
  if (error.options.errors) problem.errors = [...error.options.errors]
  return { ...problem, ...error.options.extra }
}
