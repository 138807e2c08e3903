import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http'
import { Agent as HttpsAgent, type RequestOptions } from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { inspect } from 'node:util'
import Docker from 'dockerode'
import type { Endpoint } from '../driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { SshAgent } from './ssh.ts'
import { explainTls, systemCertificates } from './tls.ts'

const CONNECT_MS = 4000
/** Said although it is the default: NODE_TLS_REJECT_UNAUTHORIZED in the environment would change that one. */
const VERIFIED = { rejectUnauthorized: true }
/** An idle connection is kept so long. */
const IDLE_MS = 15_000

export interface DockerClient {
  readonly client: Docker
  /** Keeps the connections; its `destroy` ends them. */
  readonly agent: HttpAgent
  /** What the transport makes of an error, in words that may leave the process; null: nothing. */
  readonly explain: (error: unknown) => string | null
}

/**
 * The SDK's client of an endpoint, and the agent that keeps its connections. Connects nowhere yet.
 * Throws `unsupported` for a URL that isn't one of Docker's.
 */
export function createClient(endpoint: Endpoint): DockerClient {
  const kept = { keepAlive: true, timeout: IDLE_MS }
  const explain = (): null => null
  if ('socketPath' in endpoint) {
    const agent = new PromptHttpAgent(kept)
    return { agent, explain, client: newDocker({ socketPath: endpoint.socketPath, agent }) }
  }
  if ('ssh' in endpoint) {
    const agent = new SshAgent(endpoint.ssh, { timeout: IDLE_MS })
    // The name goes into the Host header alone: the agent knows where to.
    return { agent, explain, client: newDocker({ host: 'engine', port: '2375', agent }) }
  }
  const [, scheme, host = '', port] = /^(tcp|https):\/\/\[?([^/@]+?)\]?:(\d+)$/.exec(endpoint.url) ?? []
  if (scheme === undefined)
    throw new AppError('unsupported', { detail: 'the URL of a Docker host is tcp://host:port or https://host:port' })
  const { tls } = endpoint
  if (!tls && scheme === 'tcp') {
    const agent = new PromptHttpAgent(kept)
    return { agent, explain, client: newDocker({ host, port, agent }) }
  }
  // Only the agent has the key: the client would write it down with its options.
  const agent = new PromptHttpsAgent({ ...kept, ...VERIFIED, ...(tls ?? { ca: systemCertificates() }) })
  return {
    agent,
    explain: (error) => explainTls(error, { cert: tls?.cert ?? null }),
    client: newDocker({ host, port, protocol: 'https', agent }),
  }
}

/** Everything that the client would otherwise take from DOCKER_HOST and its kin is said here, if only as undefined. */
const PLAIN = {
  host: undefined,
  port: undefined,
  socketPath: undefined,
  protocol: 'http' as const,
  ca: undefined,
  cert: undefined,
  key: undefined,
  timeout: undefined,
}

/** The types of dockerode leave `agent` out, which its modem takes. */
function newDocker(options: Docker.DockerOptions & { agent: HttpAgent }): Docker {
  return new Docker({ ...PLAIN, ...options })
}

/** A host that is cut off swallows packets: a connection that isn't there within 4 s is given up. */
function prompt(socket: Duplex | null | undefined, connected: 'connect' | 'secureConnect'): typeof socket {
  if (!(socket instanceof Socket) || !socket.connecting) return socket
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' })),
    CONNECT_MS,
  )
  socket.once(connected, () => {
    clearTimeout(timer)
    // So that a call that waits for a host that went away ends after 15 s.
    socket.setKeepAlive(true, 5000)
  })
  socket.once('close', () => clearTimeout(timer))
  return socket
}

/**
 * The client writes its options down before each request, for a debug line that is off: the agent with all its sockets and
 * what hangs on them, 200 ms of CPU where 40 calls are under way.
 */
const written = (): string => 'agent'

class PromptHttpAgent extends HttpAgent {
  [inspect.custom] = written

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return prompt(super.createConnection(options, callback), 'connect')
  }
}

class PromptHttpsAgent extends HttpsAgent {
  [inspect.custom] = written

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return prompt(super.createConnection(options, callback), 'secureConnect')
  }
}
