import { storable } from '../lib/storable-text.ts'

/** The code that Node or the system gave an error; empty: none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** An engine's message, at most 300 characters, without what is the host's own business: its paths, credentials in addresses, endless ids. */
export function tellable(message: string): string {
  const text = message
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .replaceAll(/:\/\/[^/@\s]*@/g, '://')
    .replaceAll(/([?&][\w.-]+=)[^&\s"]*[^&\s":]/g, '$1…')
    .replaceAll(/\/(?:var|run|tmp|home|root|proc|sys)\/[^\s"':,)]+/g, '…')
    .replaceAll(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1')
    .trim()
  return storable(text, 300)
}

const CONNECTION_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ENOENT: 'its socket is not there',
  EACCES: 'its socket may not be opened by this process',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'there is no way to its address',
  ENETUNREACH: 'there is no way to its address',
  EHOSTDOWN: 'there is no way to its address',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name can not be looked up now',
}

/** Why a connection failed, in words that may leave the process. */
export function connectionWords(error: unknown): string {
  return CONNECTION_WORDS[codeOf(error)] ?? 'the connection broke'
}
