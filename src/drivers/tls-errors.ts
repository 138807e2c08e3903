import { X509Certificate } from 'node:crypto'
import { getCACertificates } from 'node:tls'

/** Why TLS failed, by the code that OpenSSL and Node give it. */
const SERVER_CAUSES: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'unknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown',
  UNABLE_TO_GET_ISSUER_CERT: 'unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown',
  CERT_SIGNATURE_FAILURE: 'unknown',
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  INVALID_PURPOSE: 'is not one of a server',
}
const NO_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'])

/** The CAs that this machine trusts, Node's own among them. */
export function systemCertificates(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])]
}

/**
 * Which side TLS failed at, and why, in words that may leave the process (names and addresses of machines are none); null where it
 * isn't TLS that failed. `ownCa`: the endpoint has a CA of its own; `cert` is our own chain in PEM, null where we show none.
 */
export function explainTls(
  error: unknown,
  { ownCa, cert }: { readonly ownCa: boolean; readonly cert: string | null },
): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  const { code } = error
  const cause = SERVER_CAUSES[code]
  if (cause === 'unknown') {
    const known = ownCa ? "the endpoint's CA (ca)" : "one of the system's CAs, and the endpoint has no CA of its own"
    return `its certificate is not from ${known}`
  }
  if (cause !== undefined) return `its certificate ${cause}`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return "its certificate is not for the name or address in the endpoint's url"
  // Where it breaks while something is written, the code says less than the message.
  if (NO_TLS.has(code) || (code === 'EPROTO' && /wrong version number/.test(error.message)))
    return 'what listens there speaks no TLS'
  if (/ALERT/.test(code)) {
    if (cert === null) return 'it asks for a client certificate, and the endpoint has none'
    return `it refuses the client certificate (cert)${faultOf(cert)}`
  }
  return /CERT|TLS|SSL/.test(code) ? `TLS failed (${code})` : null
}

/** What we know of our own certificate that explains the refusal. */
function faultOf(chain: string): string {
  try {
    const { validToDate, validFromDate } = new X509Certificate(chain)
    if (validToDate < new Date()) return `: it expired on ${validToDate.toISOString().slice(0, 10)}`
    if (validFromDate > new Date()) return `: it is valid from ${validFromDate.toISOString().slice(0, 10)} on`
  } catch {
    // It could not be sent either.
  }
  return ': its CA is not the one that is asked for, or it is not a certificate of a client'
}
