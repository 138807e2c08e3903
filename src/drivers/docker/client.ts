import type { Agent as HttpAgent } from 'node:http'
import Docker from 'dockerode'
import type { Endpoint } from '../driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { PromptHttpAgent, PromptHttpsAgent } from '../prompt-agents.ts'
import { explainTls, systemCertificates } from '../tls-errors.ts'
import { SshAgent } from './ssh.ts'

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
 * Throws `unsupported` for an endpoint that isn't one of Docker's.
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
  if ('cluster' in endpoint)
    throw new AppError('unsupported', {
      detail: 'a Docker host is reached by socketPath, url or ssh, not as a cluster',
    })
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
    explain: (error) => explainTls(error, { ownCa: tls !== undefined, cert: tls?.cert ?? null }),
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
