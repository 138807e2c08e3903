import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Teardown } from './database.ts'

/** One request as a receiver got it. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type Answering = (response: ServerResponse, received: Received, nth: number) => void

export interface Receiver {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  readonly port: number
  /** Everything that it got, oldest first. */
  readonly received: Received[]
  /** How it answers from now on. Default: 204. */
  answer: Answering
}

/** A real HTTP server on loopback, which ends with the test. */
export async function startReceiver(
  t: Teardown,
  answer: Answering = (response) => void response.writeHead(204).end(),
): Promise<Receiver> {
  const received: Received[] = []
  const receiver = { url: '', port: 0, received, answer }
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
      received.push(one)
      receiver.answer(response, one, received.length)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  receiver.port = (server.address() as AddressInfo).port
  receiver.url = `http://127.0.0.1:${receiver.port}`
  t.teardown(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return receiver
}

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
  return text
}
