import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { AppError } from '../errors/app-error.ts'
import { toProblem } from '../errors/problem.ts'
import { PROBLEM_TYPE } from '../web/index.ts'

/** How long a client may take for a request's headers, and for all of it: one that sends a byte a minute holds no connection. */
export const HEADERS_MS = 15_000
export const REQUEST_MS = 60_000
/** How often connections are looked through for those. */
export const CHECK_MS = 5000

/** Answers what is not even HTTP, or did not come in time, as a problem document, and ends the connection. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (socket.writable) {
    const answer = toError(error.code)
    const body = JSON.stringify(toProblem(answer, randomUUID()))
    const lines = [
      `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`,
      `Content-Type: ${PROBLEM_TYPE}; charset=utf-8`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Cache-Control: no-store',
      'Connection: close',
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  }
  socket.destroySoon()
}

function toError(code: string | undefined): AppError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new AppError('payload_too_large', { detail: 'the headers are larger than 16384 bytes' })
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new AppError('bad_request', {
      detail: `the request did not come in time: its headers have ${HEADERS_MS / 1000} s, all of it ${REQUEST_MS / 1000} s`,
    })
  return new AppError('bad_request', { detail: 'the request is not well-formed HTTP/1.1' })
}
