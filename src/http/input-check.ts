import type { FastifyRequest } from 'fastify'
import { AppError } from '../errors/app-error.ts'
import { findBadInput } from '../web/index.ts'

/**
 * Refuses (`bad_request`, with the place) what no schema says and nothing behind could hold: NUL characters and lone surrogates
 * (Postgres can't store them), numbers beyond a double's range, and nesting deeper than 64.
 * Runs before validation, over params, query and body.
 */
export function checkInput(request: FastifyRequest): void {
  const { params, query, body } = request
  const error = findBadInput(params, '/params') ?? findBadInput(query, '/query') ?? findBadInput(body, '/body')
  if (error) throw new AppError('bad_request', { detail: `${error.path} ${error.message}`, errors: [error] })
}
