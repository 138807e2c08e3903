import type { IncomingMessage } from 'node:http'
import { request as httpsRequest, type Agent } from 'node:https'
import { AppError } from '../../errors/app-error.ts'
import type { Query } from './client.ts'
import { type Refusal, resourceOf, toRefusal } from './refusal.ts'

/** Above it an answer is refused: lists are asked for in pages. */
const ANSWER_BYTES = 64 * 1024 * 1024
const REFUSAL_BYTES = 64 * 1024

export interface Exchange {
  readonly method: string
  /** `https://host:port/path?query`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  readonly agent: Agent
  /** From `/api` or `/apis` on, without the query. */
  readonly path: string
  /** What it is, in words that may leave the process. */
  readonly words: string
}

/** An answer's head, whatever its status. Throws `StaleConnection` where a kept connection broke before any answer. */
export async function open(exchange: Exchange, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const { method, url, headers, body, agent } = exchange
  const sent = httpsRequest(url, { method, agent, headers: { ...headers, ...lengthOf(body) }, signal }, resolve)
  sent.once('error', (error) => reject(sent.reusedSocket && isBroken(error) ? new StaleConnection(error) : error))
  sent.end(body ?? undefined)
  return await promise
}

/** A kept connection that the server closed meanwhile says nothing of the server. */
export class StaleConnection extends Error {
  override readonly name = 'StaleConnection'
  readonly code = 'ECONNRESET'

  constructor(cause: Error) {
    super('a kept connection broke', { cause })
  }
}

function isBroken(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}

function lengthOf(body: string | null): Record<string, string> {
  return body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }
}

/** The JSON of a good answer; throws a Refusal for any other, `internal` where it is too large, and `unsupported` where it is no JSON. */
export async function read(answer: IncomingMessage, { words, path }: Exchange): Promise<unknown> {
  if (!isGood(answer)) throw await readRefusal(answer, path)
  const text = await readText(answer, ANSWER_BYTES)
  if (text === null) throw new AppError('internal', { detail: `${words}: the answer has more than 64 MiB` })
  try {
    return JSON.parse(text)
  } catch {
    // Without the error: it quotes the answer.
    throw new AppError('unsupported', {
      detail: `${words}: the answer is not JSON, so what listens there is no API server of a cluster`,
    })
  }
}

export function isGood({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300
}

export async function readRefusal(answer: IncomingMessage, path: string): Promise<Refusal> {
  const { statusCode = 0 } = answer
  const body = (await readText(answer, REFUSAL_BYTES)) ?? ''
  return toRefusal(statusCode, body, path)
}

/** null: it has more than `most` bytes. */
async function readText(answer: IncomingMessage, most: number): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length
    // The end of the iteration destroys it.
    if (size > most) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

const VERBS: Readonly<Record<string, string>> = {
  GET: 'asking for',
  POST: 'making',
  PATCH: 'applying',
  DELETE: 'deleting',
}

/** What a request is, in words that may leave the process: no names. */
export function wordsOf(method: string, path: string): string {
  return `${VERBS[method] ?? method} ${resourceOf(path)}`
}

/** `?a=1&b=2`; empty where there is nothing. */
export function queryText(query: Query = {}): string {
  const parts = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) parts.append(name, one)
    else if (value !== undefined) parts.append(name, String(value))
  }
  return parts.size === 0 ? '' : `?${parts}`
}
