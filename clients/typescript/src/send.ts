import { backOffMs, pause } from './pause.ts'

/** Sends one request. */
export type Send = (request: Request) => Promise<Response>

export interface SendOptions {
  readonly token: string
  readonly fetch: Send
  readonly retries: number
}

const MAX_RETRY_AFTER_MS = 30_000

/**
 * Sends with the token, and again where the connection broke or the answer is 503 with `Retry-After`: at most `retries`
 * times more, with growing pauses. Each change carries an Idempotency-Key, the same each time: it is carried out once,
 * even where only its answer was lost. A redirect is an answer: nothing goes to another place. Rejects with fetch's own
 * error where no attempt got an answer, or the signal aborts.
 */
export function createSend({ token, fetch, retries }: SendOptions): Send {
  return async (given) => {
    const headers = new Headers(given.headers)
    headers.set('authorization', `Bearer ${token}`)
    if (!['GET', 'HEAD'].includes(given.method) && !headers.has('idempotency-key'))
      headers.set('idempotency-key', newKey())
    const request = new Request(given, { headers, redirect: 'manual' })
    for (let attempt = 0; ; attempt++) {
      const last = attempt === retries
      const outcome = await once(fetch, last ? request : request.clone())
      if (last || request.signal.aborted) return settle(outcome)
      if ('response' in outcome && !asksAgain(outcome.response)) return outcome.response
      await pause(waitMs(outcome, attempt), request.signal)
      request.signal.throwIfAborted()
    }
  }
}

type Outcome = { readonly response: Response } | { readonly error: unknown }

function settle(outcome: Outcome): Response {
  if ('response' in outcome) return outcome.response
  throw outcome.error
}

/** JSON is read to its end here: a connection that breaks in the middle of an answer is a broken one too. */
async function once(fetch: Send, request: Request): Promise<Outcome> {
  try {
    const response = await fetch(request)
    if (!/\bjson\b/.test(response.headers.get('content-type') ?? '')) return { response }
    const { status, statusText, headers } = response
    return { response: new Response(await response.arrayBuffer(), { status, statusText, headers }) }
  } catch (error) {
    return { error }
  }
}

function asksAgain(response: Response): boolean {
  return response.status === 503 && response.headers.has('retry-after')
}

function waitMs(outcome: Outcome, attempt: number): number {
  const seconds = 'response' in outcome ? Number(outcome.response.headers.get('retry-after')) : Number.NaN
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : backOffMs(attempt)
}

/** `crypto.randomUUID` is missing on pages that came without TLS. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
