import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** What could not be sealed or opened, without a word of the secret. */
export class SealError extends Error {
  override readonly name = 'SealError'
}

export interface Sealer {
  /** The ids of the keys, the one that seals first. */
  readonly keyIds: readonly [string, ...string[]]
  /** Seals a text with the first key. The same text gives other bytes each time. */
  seal(plaintext: string, context: string): Uint8Array<ArrayBuffer>
  /**
   * Opens what `seal` made with the same context. Throws a SealError when its key is not among ours, or when the bytes
   * or the context are not those that were sealed.
   */
  open(sealed: Uint8Array, context: string): string
}

const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * AES-256-GCM with the keys of `MOORAGE_SECRET_KEYS` (`id:base64 of 32 bytes[,…]`): the first seals, all open.
 *
 * `context` says what the secret belongs to (`host:<id>`): it is authenticated, not stored, so that a sealed value
 * copied to another row doesn't open there.
 *
 * Form: version (1 byte, 1), length of the key id (1), key id, nonce (12, random), ciphertext, tag (16); all before
 * the nonce is authenticated too.
 */
export function createSealer(keys: string): Sealer {
  const ring = new Map<string, Buffer>()
  for (const part of keys.split(',')) {
    const [, id, text] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/.exec(part) ?? []
    if (id === undefined || text === undefined)
      throw new SealError('a sealing key must be `id:` and the base64 of 32 bytes')
    if (ring.has(id)) throw new SealError(`the sealing key id ${id} is there twice`)
    ring.set(id, Buffer.from(text, 'base64'))
  }
  const [first = '', ...others] = ring.keys()

  return {
    keyIds: [first, ...others],
    seal(plaintext, context) {
      const header = headerOf(first)
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', keyOf(ring, first), nonce).setAAD(aadOf(header, context))
      const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
      return Uint8Array.from(Buffer.concat([header, nonce, body, cipher.getAuthTag()]))
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed)
      const idLength = bytes[1] ?? 0
      const nonceAt = 2 + idLength
      if (bytes[0] !== VERSION || bytes.length < nonceAt + NONCE_BYTES + TAG_BYTES)
        throw new SealError('these are not sealed bytes')
      const header = bytes.subarray(0, nonceAt)
      const key = keyOf(ring, header.subarray(2).toString('latin1'))
      const bodyAt = nonceAt + NONCE_BYTES
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(nonceAt, bodyAt), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(aadOf(header, context))
        .setAuthTag(bytes.subarray(-TAG_BYTES))
      try {
        return Buffer.concat([decipher.update(bytes.subarray(bodyAt, -TAG_BYTES)), decipher.final()]).toString('utf8')
      } catch {
        throw new SealError('the sealed bytes were changed, or belong to something else')
      }
    },
  }
}

function headerOf(id: string): Buffer {
  return Buffer.concat([Buffer.from([VERSION, id.length]), Buffer.from(id, 'latin1')])
}

function aadOf(header: Buffer, context: string): Buffer {
  return Buffer.concat([header, Buffer.from(context, 'utf8')])
}

function keyOf(ring: ReadonlyMap<string, Buffer>, id: string): Buffer {
  const key = ring.get(id)
  // The id of damaged bytes may be anything: only what could be one is told.
  if (!key)
    throw new SealError(`no sealing key has the id ${/^[A-Za-z0-9_-]{1,32}$/.test(id) ? id : 'that these bytes name'}`)
  return key
}
