import type { ErrorCode } from '../errors/codes.ts'

interface PullRule {
  readonly words: RegExp
  readonly status?: number
  readonly code: ErrorCode
  readonly says: string
}

/** After a pull: the first that fits counts. A registry that can't be reached is final as well: the image can't be had from where the spec says. */
export const PULL_RULES: readonly PullRule[] = [
  { words: /no space left on device/i, code: 'insufficient_capacity', says: 'the host has no room left' },
  {
    words:
      /pull access denied|unauthorized|authentication required|no basic auth credentials|\bdenied\b|forbidden|toomanyrequests/i,
    code: 'image_pull_denied',
    says: 'the registry refused the pull',
  },
  {
    words: /manifest unknown|not found|name unknown|no such image|no matching manifest|invalid reference format/i,
    code: 'image_not_found',
    says: 'the registry has no such image',
  },
  {
    words:
      /no such host|server misbehaving|connection refused|no route to host|network is unreachable|timeout|deadline exceeded|canceled|EOF|x509|tls:|dial tcp|HTTP response to HTTPS|proxyconnect|registry/i,
    code: 'image_not_found',
    says: 'its registry can not be reached',
  },
]

/** What may be otherwise at the next try, for an engine that tries again by itself. */
const PASSING =
  /no space left on device|server misbehaving|connection refused|no route to host|network is unreachable|timeout|timed out|deadline exceeded|canceled|EOF/i

export function isPassing(message: string): boolean {
  return PASSING.test(message)
}
