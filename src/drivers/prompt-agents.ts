import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http'
import { Agent as HttpsAgent, type RequestOptions } from 'node:https'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { inspect } from 'node:util'

const CONNECT_MS = 4000

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
 * Docker's client writes its options down before each request, for a debug line that is off: the agent with all its sockets and
 * what hangs on them, 200 ms of CPU where 40 calls are under way.
 */
const written = (): string => 'agent'

export class PromptHttpAgent extends HttpAgent {
  [inspect.custom] = written

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return prompt(super.createConnection(options, callback), 'connect')
  }
}

export class PromptHttpsAgent extends HttpsAgent {
  [inspect.custom] = written

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return prompt(super.createConnection(options, callback), 'secureConnect')
  }
}
