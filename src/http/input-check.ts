import type { FastifyRequest } from 'fastify'
import { AppError, type InputError } from '../errors/app-error.ts'
import { badText, pointerToken } from '../web/index.ts'

export const MAX_DEPTH = 64

/**
 * Refuses (`bad_request`, with the place) what no schema says and nothing behind could hold: NUL characters and lone surrogates
 * (Postgres can't store them), numbers beyond a double's range, and nesting deeper than 64.
 * Runs before validation, over params, query and body.
 */
export function checkInput(request: FastifyRequest): void {
  const error =
    findBad(request.params, '/params', 0) ?? findBad(request.query, '/query', 0) ?? findBad(request.body, '/body', 0)
  if (error) throw new AppError('bad_request', { detail: `${error.path} ${error.message}`, errors: [error] })
}

function findBad(value: unknown, path: string, depth: number): InputError | null {
  if (typeof value === 'string') return badAt(value, path)
  if (typeof value === 'number')
    return Number.isFinite(value) ? null : { path, message: 'is beyond the range of numbers' }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null
  if (depth >= MAX_DEPTH) return { path, message: `is nested deeper than ${MAX_DEPTH} levels` }
  for (const [key, member] of Object.entries(value)) {
    const error = badAt(key, path) ?? findBad(member, `${path}/${pointerToken(key)}`, depth + 1)
    if (error) return error
  }
  return null
}

function badAt(text: string, path: string): InputError | null {
  const message = badText(text)
  return message === null ? null : { path, message }
}
