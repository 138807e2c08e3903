import type { FastifyError, FastifyRequest, FastifySchemaValidationError } from 'fastify'
import { mapDbError } from '../db/index.ts'
import { AppError, isAppError, type InputError } from '../errors/app-error.ts'
import { pointerToken } from './input-text.ts'

const PARTS: Readonly<Record<string, string>> = {
  body: '/body',
  querystring: '/query',
  params: '/params',
  headers: '/headers',
}

/** Whose own messages show a pattern, which says little to a person. */
const FORMS: ReadonlySet<string> = new Set(['pattern', 'format'])

/** Any error, of a request where one is given, as one of the table: what is not known is `internal`, and tells nothing. */
export function toAppError(error: unknown, request?: FastifyRequest): AppError {
  const known = mapDbError(error)
  if (isAppError(known)) return known
  if (!isFastifyError(error)) return internal(error)
  if (error.validation) return invalid(error.validation, error.validationContext)
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new AppError('payload_too_large', {
        detail: `the body is larger than ${request?.routeOptions.bodyLimit} bytes`,
        cause: error,
      })
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return new AppError('unsupported_media_type', {
        detail: 'send JSON with Content-Type: application/json',
        cause: error,
      })
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return malformed('/body', 'is not JSON', error)
    case 'FST_ERR_BAD_URL':
      return malformed('/params', 'is not a well-formed URL path', error)
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return malformed('/params', 'is too long', error)
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return malformed('/headers/content-length', 'does not match the body', error)
    default:
      return error.statusCode === 400 ? malformed('/body', 'can not be read', error) : internal(error)
  }
}

function internal(cause: unknown): AppError {
  return new AppError('internal', {
    detail: 'something broke inside the server; the log has the cause under the request id',
    cause,
  })
}

function malformed(path: string, message: string, cause: unknown): AppError {
  return new AppError('bad_request', { detail: `${path} ${message}`, errors: [{ path, message }], cause })
}

/** Validation errors as `errors: [{ path, message }]`; the path of a missing or unknown member is that member's. */
function invalid(errors: readonly FastifySchemaValidationError[], context: string | undefined): AppError {
  const root = PARTS[context ?? ''] ?? ''
  const places = errors.map((error): InputError => {
    const member = error.params.missingProperty ?? error.params.additionalProperty
    const path = `${root}${error.instancePath}`
    return typeof member === 'string'
      ? {
          path: `${path}/${pointerToken(member)}`,
          message: 'missingProperty' in error.params ? 'is missing' : 'is not a known key',
        }
      : { path, message: messageOf(error) }
  })
  const unique = places.filter(
    (place, at) => places.findIndex(({ path, message }) => path === place.path && message === place.message) === at,
  )
  return new AppError('bad_request', {
    detail: unique.map(({ path, message }) => `${path} ${message}`).join('; '),
    errors: unique,
  })
}

function messageOf(error: FastifySchemaValidationError): string {
  const { allowedValue, allowedValues } = error.params
  if (error.keyword === 'enum' && Array.isArray(allowedValues)) return `must be one of ${allowedValues.join(', ')}`
  if (error.keyword === 'const') return `must be ${JSON.stringify(allowedValue)}`
  const form = FORMS.has(error.keyword) ? descriptionOf(error) : undefined
  return form === undefined ? (error.message ?? 'is not valid') : `does not have the form that it needs: ${form}`
}

/** What the schema says of itself; the validator passes it on (`verbose`). */
function descriptionOf(error: FastifySchemaValidationError): string | undefined {
  const schema = 'parentSchema' in error ? error.parentSchema : undefined
  const described = typeof schema === 'object' && schema !== null && 'description' in schema
  return described && typeof schema.description === 'string' ? schema.description : undefined
}

function isFastifyError(error: unknown): error is FastifyError {
  return (
    error instanceof Error &&
    (('code' in error && typeof error.code === 'string') || 'validation' in error || 'statusCode' in error)
  )
}
