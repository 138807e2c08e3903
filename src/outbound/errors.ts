/** `not_allowed`: by us, and no attempt will help; `timeout`: the signal ended it; `unreachable`: all the rest. */
export type OutboundCode = 'not_allowed' | 'timeout' | 'unreachable'

/**
 * Why there is no answer. The message may be shown to whoever chose the address: it names no address that a name has, and nothing of what is
 * inside.
 */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
  readonly code: OutboundCode

  constructor(code: OutboundCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'it does not answer',
}

/** Node's error in our words: its own name addresses. */
export function toOutboundError(error: unknown, signal: AbortSignal): OutboundError {
  if (error instanceof OutboundError) return error
  if (signal.aborted) return new OutboundError('timeout', 'it did not answer in time', { cause: error })
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return new OutboundError('unreachable', WORDS[code] ?? otherWords(code), { cause: error })
}

function otherWords(code: string): string {
  if (code.startsWith('HPE_')) return 'its answer is no HTTP'
  if (/CERT|TLS|SSL|SIGNATURE|ISSUER/.test(code)) return `the TLS connection failed (${code})`
  return /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? `the connection failed (${code})` : 'the connection failed'
}
