import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http'
import { Agent as HttpsAgent, type RequestOptions } from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { inspect } from 'node:util'
import Docker from 'dockerode'
import type { Endpoint } from '../driver.ts'
import { AppError } from '../../errors/app-error.ts'

const CONNECT_MS = 4000

/**
 * The SDK's client of an endpoint, and the agent that keeps its connections. Connects nowhere yet.
 * Throws `unsupported` for a URL that isn't one of Docker's.
 */
export function createClient(endpoint: Endpoint): { client: Docker; agent: HttpAgent } {
  const kept: AgentOptions = { keepAlive: true, timeout: 15_000 }
  // Everything that the client would otherwise take from DOCKER_HOST and its kin is said here, if only as undefined.
  const plain = {
    host: undefined,
    port: undefined,
    socketPath: undefined,
    protocol: 'http' as const,
    ca: undefined,
    cert: undefined,
    key: undefined,
    timeout: undefined,
  }
  if ('socketPath' in endpoint) {
    const agent = new PromptHttpAgent(kept)
    return { agent, client: newDocker({ ...plain, socketPath: endpoint.socketPath, agent }) }
  }
  const url = URL.canParse(endpoint.url) ? new URL(endpoint.url.replace(/^tcp:/, 'http:')) : null
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new AppError('unsupported', { detail: 'the URL of a Docker host begins with tcp://, http:// or https://' })
  }
  const { tls } = endpoint
  const secure = tls !== undefined || url.protocol === 'https:'
  const agent = secure ? new PromptHttpsAgent({ ...kept, ...tls }) : new PromptHttpAgent(kept)
  const port = url.port || (secure ? '2376' : '2375')
  return {
    agent,
    client: newDocker({ ...plain, ...tls, host: url.hostname, port, protocol: secure ? 'https' : 'http', agent }),
  }
}

/** The types of dockerode leave `agent` out, which its modem takes. */
function newDocker(options: Docker.DockerOptions & { agent: HttpAgent }): Docker {
  return new Docker(options)
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
