import { AppError } from '../errors/app-error.ts'

const MAX_VERSION = 2_147_483_647

/**
 * The version that `If-Match: "<version>"` names; null where there is no such header or it is `*` (any version).
 * A tag that can't be a version of ours is -1, which no row has: a well-formed tag that does not match is 412, not 400.
 * Throws `bad_request` for what is no entity tag.
 */
export function parseIfMatch(header: string | undefined): number | null {
  if (header === undefined || header.trim() === '*') return null
  const [, tag] = /^"([\x21\x23-\x7e]*)"$/.exec(header.trim()) ?? []
  if (tag === undefined) {
    const message = 'must be one quoted version, such as "3", or *'
    throw new AppError('bad_request', {
      detail: `If-Match ${message}`,
      errors: [{ path: '/headers/if-match', message }],
    })
  }
  const version = /^[1-9]\d{0,9}$/.test(tag) ? Number(tag) : -1
  return version <= MAX_VERSION ? version : -1
}

/** Throws `version_mismatch` where an expected version is given and is not the current one. */
export function requireVersion(expected: number | null, current: number): void {
  if (expected !== null && expected !== current) throw versionMismatch(current)
}

export function versionMismatch(current?: number): AppError {
  const now = current === undefined ? 'it has changed since' : `its version is ${current} by now`
  return new AppError('version_mismatch', {
    detail: `If-Match does not match: ${now}`,
    ...(current === undefined ? {} : { headers: { etag: etag(current) } }),
  })
}

/** The strong entity tag of a version. */
export function etag(version: number): string {
  return `"${version}"`
}
