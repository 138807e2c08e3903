import type { Event } from '../../events/index.ts'
import { type Outbound, OutboundError } from '../../outbound/index.ts'
import type { AttemptOutcome } from './deliveries.repository.ts'
import { signedHeaders } from './signature.ts'

/** How much of an answer is read, so that a receiver is not cut off in the middle of an ordinary one. Nothing of it is kept. */
const MAX_ANSWER_BYTES = 4096
/** The status has said everything: a body that drips holds no place for longer. */
const BODY_MS = 1000

export interface Message {
  readonly url: string
  readonly secret: string
  /** The same for each attempt and redelivery. */
  readonly id: string
  readonly event: Event
}

export type AttemptResult = AttemptOutcome & {
  readonly kind: 'succeeded' | 'failed' | 'gone'
  /** How long the receiver asks to be left alone. */
  readonly retryAfterMs: number | null
}

/**
 * Sends one event to a receiver, signed. The answer's status decides: 2xx is success, 410 says that nobody wants any more, all else is a failure; so
 * is a redirect, which would hand the event to an address that nobody registered. Throws only where `signal` was aborted by somebody else than time.
 */
export async function attemptDelivery(
  outbound: Outbound,
  { url, secret, id, event }: Message,
  { signal, userAgent, now }: { readonly signal: AbortSignal; readonly userAgent: string; readonly now: () => Date },
): Promise<AttemptResult> {
  const body = JSON.stringify({ type: event.type, timestamp: event.at, data: event })
  const startedAt = performance.now()
  try {
    const { status, headers } = await outbound.request({
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': userAgent,
        ...signedHeaders({ id, at: now(), body, secret }),
      },
      body,
      signal,
      maxBytes: MAX_ANSWER_BYTES,
      bodyMs: BODY_MS,
    })
    const outcome = {
      responseStatus: status,
      responseMs: Math.round(performance.now() - startedAt),
      retryAfterMs: null,
    }
    if (status >= 200 && status < 300) return { ...outcome, kind: 'succeeded', error: null }
    if (status === 410) return { ...outcome, kind: 'gone', error: 'it answered 410: the webhook is disabled' }
    const isBusy = status === 429 || status === 503
    const error = isRedirect(status)
      ? `it answered ${status}: redirects are not followed, register the address itself`
      : `it answered ${status}`
    return {
      ...outcome,
      kind: 'failed',
      error,
      retryAfterMs: isBusy ? retryAfter(headers['retry-after'], now()) : null,
    }
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error
    // How long it took to find out that an address is not allowed is nobody's business: it would tell names from no names.
    const responseMs = error.code === 'not_allowed' ? null : Math.round(performance.now() - startedAt)
    return { kind: 'failed', responseStatus: null, responseMs, error: error.message, retryAfterMs: null }
  }
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400
}

/** `Retry-After` (RFC 9110): seconds, or a date. */
function retryAfter(value: string | undefined, now: Date): number | null {
  if (value === undefined) return null
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime())
}
