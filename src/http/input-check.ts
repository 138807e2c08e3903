import type { FastifyRequest } from 'fastify'
import { AppError, type InputError } from '../errors/app-error.ts'

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
  if (typeof value === 'string') return badText(value, path)
  if (typeof value === 'number')
    return Number.isFinite(value) ? null : { path, message: 'is beyond the range of numbers' }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null
  if (depth >= MAX_DEPTH) return { path, message: `is nested deeper than ${MAX_DEPTH} levels` }
  for (const [key, member] of Object.entries(value)) {
    const error = badText(key, path) ?? findBad(member, `${path}/${pointerToken(key)}`, depth + 1)
    if (error) return error
  }
  return null
}

function badText(text: string, path: string): InputError | null {
  if (text.includes('\u0000')) return { path, message: 'holds a NUL character' }
  if (!text.isWellFormed()) return { path, message: 'holds half of a surrogate pair' }
  return null
}

/** A reference token of a JSON Pointer (RFC 6901, section 4). */
export function pointerToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
