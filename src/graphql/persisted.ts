import { readFileSync } from 'node:fs'
import { AppError } from '../errors/app-error.ts'
import { sha256 } from '../lib/ids.ts'

/** Documents that are known by the SHA-256 (hex) of their text. */
export type PersistedQueries = ReadonlyMap<string, string>

/** Reads them out of a JSON file: an object of hash and document. Throws where it is none, or a hash is not its document's. */
export function readPersistedQueries(path: string): PersistedQueries {
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${path} is not a JSON object of hashes and documents`)
  return new Map(
    Object.entries(value).map(([hash, document]): [string, string] => {
      if (typeof document !== 'string') throw new Error(`${path}: what is under ${hash} is not a text`)
      if (sha256(document) !== hash) throw new Error(`${path}: ${hash} is not the SHA-256 of its document`)
      return [hash, document]
    }),
  )
}

/**
 * The document that a request means: what it says, or what it names in `extensions.persistedQuery.sha256Hash`. With `only`, what is not
 * known is refused. Throws `bad_request`.
 */
export function requestedDocument(
  { query, extensions }: { readonly query?: string | null; readonly extensions?: object | null },
  { known, only }: { readonly known: PersistedQueries; readonly only: boolean },
): string {
  // Over WebSockets there has to be one.
  const text = query === '' ? null : query
  const named: unknown = Reflect.get(Object(extensions), 'persistedQuery')
  const hash: unknown = Reflect.get(Object(named), 'sha256Hash')
  if (typeof text === 'string' && typeof hash === 'string' && sha256(text) !== hash)
    throw refused('/extensions/persistedQuery/sha256Hash', 'is not the SHA-256 of the query')
  if (typeof text === 'string') {
    if (only && !known.has(sha256(text))) throw refused('/query', 'is not one of the queries that this server knows')
    return text
  }
  if (typeof hash !== 'string') throw refused('/query', 'is missing')
  const document = known.get(hash)
  if (document === undefined)
    throw refused('/extensions/persistedQuery/sha256Hash', 'is of no query that this server knows')
  return document
}

function refused(path: string, message: string): AppError {
  return new AppError('bad_request', { detail: `${path} ${message}`, errors: [{ path: `/body${path}`, message }] })
}
