import { AppError } from '../../errors/app-error.ts'

/** `bad_request` for a place of an endpoint: a JSON Pointer into it, and the end of a sentence that quotes no secret. */
export function badEndpoint(path: string, message: string): AppError {
  return new AppError('bad_request', {
    detail: `endpoint${path.replaceAll('/', '.')} ${message}`,
    errors: [{ path: `/body/endpoint${path}`, message }],
  })
}
