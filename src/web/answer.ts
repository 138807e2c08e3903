import type { FastifyReply } from 'fastify'

/** An answer as a value: what a service gives, what an idempotency record keeps, what a route sends. */
export interface Answer<Body = unknown> {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** null with status 204: no body. */
  readonly body: Body
}

/** Sends an answer as the route's response schema of its status has it. */
export function sendAnswer(reply: Pick<FastifyReply, 'code' | 'headers' | 'send'>, answer: Answer): FastifyReply {
  return reply
    .code(answer.status)
    .headers({ ...answer.headers })
    .send(answer.status === 204 ? undefined : answer.body)
}
