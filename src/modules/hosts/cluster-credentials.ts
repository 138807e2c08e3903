import type { AppError } from '../../errors/app-error.ts'
import { badEndpoint } from './bad-endpoint.ts'
import { caProblem, certProblem } from './tls-credentials.ts'

/** `https://host:port`, with a path where it has one, in one form. Throws `bad_request` at `path`. */
export function readServer(text: string, path: string, what = ''): string {
  const problem = (message: string) => unusable(path, what, message)
  if (!URL.canParse(text)) throw problem('must be https://host:port')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') throw problem('must not hold a user or a password')
  if (url.protocol !== 'https:')
    throw problem('must be https://: over http:// whoever is on the way could take the credentials')
  if (url.search !== '' || url.hash !== '' || url.hostname === '')
    throw problem('must be https://host:port, with a path where it has one')
  return `https://${url.hostname}:${url.port === '' ? 443 : url.port}${url.pathname.replace(/\/+$/, '')}`
}

/** A token as a header takes it. */
export function requireToken(text: string, path: string, what = ''): string {
  const token = text.trim()
  if (/^[\x21-\x7e]{1,16384}$/.test(token)) return token
  throw unusable(path, what, 'must be a bearer token: printable ASCII without spaces, at most 16384 characters')
}

export function requireCa(ca: string, path: string, what = ''): void {
  const message = caProblem(ca)
  if (message !== null) throw unusable(path, what, message)
}

/** Of a kubeconfig's user. */
export function requireClientCertificate(tls: { readonly cert: string; readonly key: string }, path: string): void {
  const problem = certProblem(tls)
  if (!problem) return
  const what = problem.member === 'cert' ? 'client-certificate-data' : 'client-key-data'
  throw unusable(path, what, problem.message)
}

/** `what` is the part of the place that is meant; empty: the place itself. */
function unusable(path: string, what: string, message: string): AppError {
  return badEndpoint(path, what === '' ? message : `is not usable: ${what} ${message}`)
}
