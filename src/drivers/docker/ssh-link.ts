import { connect, type Socket } from 'node:net'
import ssh2, { type ClientChannel } from 'ssh2'
import type { SshEndpoint } from '../driver.ts'
import { fingerprint, hostKeyAlgorithms, type HostKey, loginFingerprint, readKnownHost } from '../ssh-keys.ts'
import { AppError } from '../../errors/app-error.ts'
import { connectionWords } from '../connection-errors.ts'
import { ForwardedSocket } from './ssh-socket.ts'

const HANDSHAKE_MS = 8000
/** A server that is cut off is noticed after 12 s: three times this. */
const KEEPALIVE_MS = 4000
const KEEPALIVES = 2
/** How long the look at why a socket could not be opened may take. */
const REASON_MS = 2000
/** What that look exits with. */
const REASONS: Readonly<Record<number, string>> = {
  43: 'there is no socket',
  44: 'the user may not open it: it takes a member of the group docker, or root',
  45: 'no engine listens there, or the server forwards no sockets (AllowStreamLocalForwarding in its sshd_config, the options in authorized_keys)',
}

/** One connection to an SSH server, from its login to its end. It is never used again after that. */
export class SshLink {
  /** Resolves after the login, or rejects with what kept it from one: `host_unreachable` or `host_identity_mismatch`. */
  readonly ready: Promise<void>
  /** Resolves with the reason once the connection is over, a failed login included. */
  readonly ended: Promise<AppError>
  readonly #endpoint: SshEndpoint
  readonly #pinned: readonly HostKey[]
  readonly #client = new ssh2.Client()
  readonly #tcp: Socket
  readonly #ready = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<AppError>()
  readonly #sockets = new Set<ForwardedSocket>()
  readonly #waiting = new Set<(reason: AppError) => void>()
  #shown: Buffer | null = null
  #over: AppError | null = null

  constructor(endpoint: SshEndpoint) {
    this.#endpoint = endpoint
    this.#pinned = readKnownHost(endpoint.knownHost).keys
    this.ready = this.#ready.promise
    this.ended = this.#ended.promise
    this.ready.catch(() => {})
    this.#tcp = connect({ host: endpoint.host, port: endpoint.port, noDelay: true })
    this.#tcp.on('error', () => {})
    this.#client.on('ready', () => this.#ready.resolve())
    this.#client.on('error', (error) => this.#end(this.#explain(error)))
    this.#client.on('close', () => this.#end(unreachable('the connection broke')))
    try {
      this.#client.connect({
        sock: this.#tcp,
        username: endpoint.user,
        privateKey: endpoint.privateKey,
        authHandler: ['publickey'],
        algorithms: { serverHostKey: hostKeyAlgorithms(this.#pinned) },
        hostVerifier: (blob: Buffer) => {
          this.#shown = blob
          return this.#pinned.some((key) => key.blob.equals(blob))
        },
        readyTimeout: HANDSHAKE_MS,
        keepaliveInterval: KEEPALIVE_MS,
        keepaliveCountMax: KEEPALIVES,
        // Others than OpenSSH forward sockets too, or say themselves that they don't.
        strictVendor: false,
      })
    } catch (error) {
      this.#end(unreachable('the private key can not be read', error))
    }
  }

  /** A connection to the engine's socket. Rejects with `host_unreachable`, at once where the link ends meanwhile. */
  async forward(): Promise<ForwardedSocket> {
    await this.ready
    const channel = await this.#whileUp(this.#open())
    if (!channel) throw await this.#whileUp(this.#whyRefused())
    const socket = new ForwardedSocket(channel)
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    if (this.#over) socket.destroy(this.#over)
    return socket
  }

  /** Ends the connection and all that goes over it. */
  close(): void {
    this.#end(unreachable('the connection was closed'))
  }

  /** The work's result, or the connection's end where that comes first. Nothing of it hangs on the connection afterwards. */
  async #whileUp<T>(work: Promise<T>): Promise<T> {
    if (this.#over) throw this.#over
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#waiting.add(reject)
    work.then(resolve, reject)
    return await promise.finally(() => this.#waiting.delete(reject))
  }

  async #open(): Promise<ClientChannel | null> {
    return await new Promise((resolve) => {
      try {
        this.#client.openssh_forwardOutStreamLocal(this.#endpoint.socketPath, (error, channel) =>
          resolve(error ? null : channel),
        )
      } catch {
        // It is not connected any more; its end tells why.
      }
    })
  }

  #end(reason: AppError): void {
    if (this.#over) return
    this.#over = reason
    this.#ready.reject(reason)
    this.#ended.resolve(reason)
    for (const reject of this.#waiting) reject(reason)
    for (const socket of this.#sockets) socket.destroy(reason)
    this.#client.end()
    this.#tcp.destroy()
  }

  /** OpenSSH refuses all in the same words: so this asks the machine itself, as the user whose login it is. */
  async #whyRefused(): Promise<AppError> {
    const { socketPath } = this.#endpoint
    const quoted = `'${socketPath.replaceAll("'", `'\\''`)}'`
    const look = `sh -c 'test -S "$0" || exit 43; test -r "$0" -a -w "$0" || exit 44; exit 45' ${quoted}`
    const code = await new Promise<number | null>((resolve) => {
      const late = AbortSignal.timeout(REASON_MS)
      late.addEventListener('abort', () => resolve(null))
      try {
        this.#client.exec(look, (error, channel) => {
          if (error) return resolve(null)
          channel.on('exit', resolve).resume()
          channel.stderr.resume()
          // What runs there in the place of our look (a forced command) may never end, nor what it writes.
          const close = (): void => channel.close()
          late.addEventListener('abort', close)
          if (late.aborted) close()
        })
      } catch {
        resolve(null)
      }
    })
    const why = REASONS[code ?? 0] ?? 'there is none, the user may not open it, or the server forwards no sockets'
    return unreachable(`it does not open the engine's socket for its user: ${why}`)
  }

  #explain(error: Error & { level?: string; code?: unknown }): AppError {
    const known = this.#shown && this.#pinned.some((key) => key.blob.equals(this.#shown ?? key.blob))
    if (error.level === 'handshake' && this.#shown && !known) {
      return this.#mismatch(`it shows the host key ${fingerprint(this.#shown)}`)
    }
    if (error.level === 'handshake' && /no matching host key/i.test(error.message)) {
      const types = [...new Set(this.#pinned.map(({ type }) => type))]
      return this.#mismatch(`it has no host key of the pinned type (${types.join(', ')})`)
    }
    if (error.level === 'client-authentication') {
      const key = loginFingerprint(this.#endpoint.privateKey)
      return unreachable(`it refuses its user's login with the key ${key}: that belongs into authorized_keys`, error)
    }
    if (error.level === 'client-timeout') {
      const silent = `it did not answer within ${HANDSHAKE_MS / 1000} s`
      return unreachable(/handshake/i.test(error.message) ? silent : 'it stopped answering', error)
    }
    if (error.level === 'client-socket') return unreachable(connectionWords(error), error)
    if (error.level === 'handshake') return unreachable(`no common ground: ${error.message}`, error)
    return unreachable('the connection broke', error)
  }

  #mismatch(found: string): AppError {
    const pinned = this.#pinned.map(({ blob }) => fingerprint(blob)).join(', ')
    return new AppError('host_identity_mismatch', {
      detail: `the SSH server: ${found}, and ${pinned} is pinned. If the server's administrator confirms the new key, change the host's endpoint; if not, someone else answers there`,
    })
  }
}

/** Tenants read it too, as why their operation waits: where the server is, and as whom we log in there, is the admins' to know, who see the host's endpoint. */
function unreachable(why: string, cause?: unknown): AppError {
  const internal = cause instanceof Error ? cause.message : undefined
  return new AppError('host_unreachable', { detail: `the SSH server: ${why}`, internal, cause })
}
