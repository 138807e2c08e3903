import { WebSocket } from 'ws'
import { type Exchange, readRefusal } from './exchange.ts'

/** An open WebSocket. Its messages come from the next turn of the event loop on: who waits for it can listen before. */
export async function openSocket(
  { url, headers, agent, path }: Exchange,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<WebSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>()
  const socket = new WebSocket(url.replace(/^https:/, 'wss:'), [...protocols], {
    // A kubelet, to which the API server hands it on, refuses one that takes JSON alone.
    headers: { ...headers, accept: '*/*' },
    agent,
    perMessageDeflate: false,
  })
  signal.addEventListener('abort', () => socket.terminate(), { once: true })
  // Stays: an error of a socket that nobody listens to would end the process.
  socket.on('error', reject)
  socket.once('unexpected-response', (request, answer) => {
    readRefusal(answer, path)
      .then(reject, reject)
      .finally(() => request.destroy())
  })
  socket.once('open', () => {
    socket.pause()
    setImmediate(() => socket.resume())
    resolve(socket)
  })
  return await promise
}

/** Nothing of a socket is left once the signal aborts. */
export function terminatedBy(signal: AbortSignal, socket: WebSocket): WebSocket {
  const end = (): void => socket.terminate()
  if (signal.aborted) {
    end()
    throw signal.reason
  }
  signal.addEventListener('abort', end, { once: true })
  socket.once('close', () => signal.removeEventListener('abort', end))
  return socket
}
