import type { GraphQLError, GraphQLFormattedError } from 'graphql'
import { AppError, type InputError } from '../errors/app-error.ts'
import type { ErrorCode } from '../errors/codes.ts'
import { toAppError } from '../web/index.ts'

/** Characters of what GraphQL says: it quotes what was sent. */
const LONGEST = 1000

export interface ErrorLog {
  error(fields: object, message: string): void
  debug(fields: object, message: string): void
}

/** An error of an answer, as this API has them: `extensions.code` is one of docs/errors.md. */
export interface ShownError extends GraphQLFormattedError {
  readonly extensions: { readonly code: ErrorCode; readonly requestId: string; readonly [member: string]: unknown }
}

/**
 * Errors as they are answered: what is not one of the table is `internal`, tells nothing, and is logged with its cause. What GraphQL
 * itself says of a request (its syntax, its fields, its variables) is `bad_request`; it is not logged, as it quotes values. None has a
 * stack trace.
 */
export function shownErrors(
  errors: readonly unknown[],
  { requestId, log }: { readonly requestId: string; readonly log: ErrorLog },
): ShownError[] {
  return errors.map((error) => {
    const place = isGraphQLError(error) ? error : null
    const appError = errorOf(error)
    const { detail, internal, cause, errors: places, extra } = appError.options
    const line = { requestId, code: appError.code, path: place?.path, internal, err: cause ?? appError }
    if (appError.status >= 500) log.error(line, appError.message)
    else if (isGraphQLError(cause)) log.debug({ ...line, err: undefined }, 'the request is not valid GraphQL')
    else log.debug({ ...line, err: cause }, appError.message)
    return {
      message: detail,
      ...(place?.locations && { locations: place.locations }),
      ...(place?.path && { path: place.path }),
      extensions: {
        ...extra,
        code: appError.code,
        requestId,
        ...(places && { errors: place?.path ? places.map(ofArguments) : [...places] }),
      },
    }
  })
}

/** Any error as one of the table. Without an origin of ours it is GraphQL's own, about the request; but where it has a path, about an answer. */
export function errorOf(error: unknown): AppError {
  if (!isGraphQLError(error)) return toAppError(error)
  const origin = error.originalError ?? null
  if (origin !== null && !isGraphQLError(origin)) return toAppError(origin)
  if (error.path && !origin) return toAppError(error)
  const { message } = error
  const detail = message.length > LONGEST ? `${message.slice(0, LONGEST)} …` : message
  return new AppError('bad_request', { detail: detail.toWellFormed(), cause: error })
}

/** What a service says of a body is about a field's arguments here. */
function ofArguments({ path, message }: InputError): InputError {
  return { path: path.replace(/^\/body(?=\/|$)/, '/arguments'), message }
}

/** By its name: to ask for its class would load all of GraphQL with the server. */
function isGraphQLError(error: unknown): error is GraphQLError {
  return error instanceof Error && error.name === 'GraphQLError'
}
