import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { TlsCredentials } from '../../drivers/driver.ts'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

interface TlsProblem<Member> {
  readonly member: Member
  /** The end of a sentence. */
  readonly message: string
}

/** Which member can not be used, and why; null where all can. Says nothing of what is in it. */
export function tlsProblem({ ca, cert, key }: TlsCredentials): TlsProblem<keyof TlsCredentials> | null {
  const message = caProblem(ca)
  return message === null ? certProblem({ cert, key }) : { member: 'ca', message }
}

/** The end of a sentence about what should be CAs' certificates; null: they are. */
export function caProblem(ca: string): string | null {
  return readCertificates(ca) ? null : 'must be one or more PEM certificates, and nothing else in PEM'
}

/** The same of a client's certificate and its key. */
export function certProblem({ cert, key }: Omit<TlsCredentials, 'ca'>): TlsProblem<'cert' | 'key'> | null {
  const [leaf] = readCertificates(cert) ?? []
  if (!leaf)
    return { member: 'cert', message: "must be the client's PEM certificate, with its chain after it, and no key" }
  if (key.includes('ENCRYPTED'))
    return {
      member: 'key',
      message:
        'is encrypted, and there is nobody to type its passphrase: give a key without one (`openssl pkey -in key.pem` prints it)',
    }
  const opened = readKey(key)
  if (!opened) return { member: 'key', message: 'must be a private key in PEM' }
  if (!leaf.checkPrivateKey(opened)) return { member: 'key', message: 'does not belong to the certificate in cert' }
  return null
}

/** null: there is none, one is broken, or there is something else. */
function readCertificates(text: string): X509Certificate[] | null {
  const found = text.match(CERTIFICATE) ?? []
  if (found.length === 0 || found.length !== text.split('-----BEGIN ').length - 1) return null
  try {
    return found.map((one) => new X509Certificate(one))
  } catch {
    return null
  }
}

function readKey(text: string): KeyObject | null {
  try {
    return createPrivateKey(text)
  } catch {
    return null
  }
}
