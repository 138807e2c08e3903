import { createHash } from 'node:crypto'
import ssh2 from 'ssh2'

/** A key that a server may show. */
export interface HostKey {
  readonly type: string
  /** As it goes over the wire. */
  readonly blob: Buffer
}

/** Key types of servers, and the signature algorithms to ask for so that a server of several keys shows this one. No SHA-1. */
const HOST_KEY_ALGORITHMS: Readonly<Record<string, readonly ssh2.ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}
const KEY_TYPE = /^(ssh-|sk-|ecdsa-|rsa-)/
/** One of each type, and as many that are to follow them. More is somebody's whole known_hosts: every server in it would be believed. */
const MOST_KEYS = 2 * Object.keys(HOST_KEY_ALGORITHMS).length

/**
 * The keys of a text in the form of OpenSSH's known_hosts, or with `type base64` alone in a line (as in a public key's file). Names
 * and comments, hashed names too, say nothing here: the host is known already. `problem` says what of it is not understood; then there are no keys.
 */
export function readKnownHost(text: string): { readonly keys: readonly HostKey[]; readonly problem: string | null } {
  const keys: HostKey[] = []
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const words = line.trim().split(/\s+/)
    if (words[0] === '' || words[0]?.startsWith('#')) continue
    const key = readLine(words)
    if (typeof key === 'string') return { keys: [], problem: `line ${at + 1} ${key}` }
    keys.push(key)
  }
  if (keys.length > MOST_KEYS)
    return { keys: [], problem: `there are more than ${MOST_KEYS} keys in it: give those of this one server` }
  return keys.length > 0 ? { keys, problem: null } : { keys, problem: 'there is no key in it' }
}

/** One line's key, or what is wrong with the line; nothing of its text, which may be anything. */
function readLine(words: readonly string[]): HostKey | string {
  if (words[0]?.startsWith('@'))
    return 'has a marker (@cert-authority, @revoked), which is not supported: give the key that the server itself shows'
  // The second word first: a server's name may well begin as a type does.
  const at = [1, 0].find((index) => KEY_TYPE.test(words[index] ?? '')) ?? -1
  const type = words[at] ?? ''
  if (at === -1) return 'is neither `names type base64`, as known_hosts has it, nor `type base64`'
  const supported = Object.keys(HOST_KEY_ALGORITHMS)
  if (!supported.includes(type)) return `has a key of a type that is not supported; these are: ${supported.join(', ')}`
  const base64 = words[at + 1] ?? ''
  const parsed = ssh2.utils.parseKey(`${type} ${base64}`)
  const blob = Buffer.from(base64, 'base64')
  if (parsed instanceof Error || parsed.type !== type || blob.toString('base64') !== base64)
    return 'has a key that can not be read: it is not whole'
  return { type, blob }
}

/** The keys in the form in which `readKnownHost` reads them back, with nothing else. */
export function knownHostText(keys: readonly HostKey[]): string {
  return keys.map(({ type, blob }) => `${type} ${blob.toString('base64')}`).join('\n')
}

/** What to offer in a handshake, so that the server shows one of these keys if it has one. */
export function hostKeyAlgorithms(keys: readonly HostKey[]): ssh2.ServerHostKeyAlgorithm[] {
  return [...new Set(keys.flatMap(({ type }) => HOST_KEY_ALGORITHMS[type] ?? []))]
}

/** What OpenSSH prints for a key: its hash, which is no secret. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

/** Why this is no private key that a login can use, or null where it is one. */
export function privateKeyProblem(text: string): string | null {
  const parsed = ssh2.utils.parseKey(text)
  if (parsed instanceof Error)
    return /encrypted/i.test(parsed.message) || text.includes('ENCRYPTED')
      ? "is encrypted, and there is nobody to type its passphrase: give a key without one (`ssh-keygen -p -N ''` takes it off a copy)"
      : "is not a private SSH key in OpenSSH's form (into which `ssh-keygen -p` brings a copy of one in another form)"
  return parsed.isPrivateKey() ? null : 'is a public key: give the private one'
}

/** The fingerprint by which a server's administrator finds the key in authorized_keys; empty where the key can not be read. */
export function loginFingerprint(privateKey: string): string {
  const parsed = ssh2.utils.parseKey(privateKey)
  return parsed instanceof Error ? '' : fingerprint(parsed.getPublicSSH())
}
