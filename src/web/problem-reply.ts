import type { FastifyReply } from 'fastify'
import type { AppError } from '../errors/app-error.ts'
import { toProblem } from '../errors/problem.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** Answers an error as a problem document, with the headers that it asks for. `instance` is the request id. */
export function sendProblem(reply: FastifyReply, error: AppError): FastifyReply {
  return reply
    .code(error.status)
    .headers({ 'cache-control': 'no-store', ...error.options.headers })
    .type(PROBLEM_TYPE)
    .send(toProblem(error, reply.request.id))
}
