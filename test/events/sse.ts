import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { ApiHarness } from '../lab/api.ts'

export interface OpenStream {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly events: EventSourceMessage[]
  readonly comments: string[]
  /** Everything that came, as it came. */
  readonly text: string
  /** The data of the last event, if it is `error`. */
  readonly problem: { readonly code: string } | null
  /** Whether the server ended it, rather than the connection being cut. */
  readonly ended: Promise<boolean>
  pause(): void
  resume(): void
  leave(): void
}

/** Where the harness listens from now on. */
export async function listen({ app }: ApiHarness): Promise<string> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}

/** A stream as a plain client has it. Resolves with the answer's head. */
export async function openStream(
  url: string,
  token: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<OpenStream> {
  const request = http.request(url, {
    method,
    agent: false,
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', ...headers },
  })
  request.end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const events: EventSourceMessage[] = []
  const comments: string[] = []
  let text = ''
  const parser = createParser({ onEvent: (event) => events.push(event), onComment: (line) => comments.push(line) })
  const end = Promise.withResolvers<boolean>()
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    parser.feed(chunk)
  })
  response.on('error', () => end.resolve(false))
  response.on('close', () => end.resolve(response.complete))
  request.on('error', () => end.resolve(false))
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    comments,
    get text() {
      return text
    },
    get problem() {
      const last = events.at(-1)
      return last?.event === 'error' ? (JSON.parse(last.data) as { code: string }) : null
    },
    ended: end.promise,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    leave: () => void request.destroy(),
  }
}
