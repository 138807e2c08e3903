import { createParser } from 'eventsource-parser'
import type { MoorageClient } from './client.ts'
import { errorOf, MoorageError } from './error.ts'
import { backOffMs, pause } from './pause.ts'

/** One event of a stream. */
export interface StreamEvent {
  /** Of this event, or of the last one that had any: what to go on from. */
  readonly id: string | null
  readonly event: string
  /** Its text, mostly JSON. */
  readonly data: string
}

export interface FollowOptions {
  /** The events after this one. */
  readonly lastEventId?: string
  /** Ends the stream. */
  readonly signal?: AbortSignal
  /** A connection that is silent for so long is a dead one: servers send a comment more often. Default 45 s. */
  readonly silenceMs?: number
}

/**
 * The events of a `text/event-stream`, across broken connections and restarts of the server: each new connection goes on
 * after the last event (`Last-Event-ID`), after a pause that grows while nothing comes. Ends when the signal aborts, when
 * the loop is left, or with 204. Throws a MoorageError where the server refuses the stream, or sends a last `error` event with
 * a problem document; those with a status of 500 and more are tried again.
 */
export async function* followStream(
  client: Pick<MoorageClient, 'fetch'>,
  path: string,
  { lastEventId, signal, silenceMs = 45_000 }: FollowOptions = {},
): AsyncGenerator<StreamEvent, void, undefined> {
  const left = new AbortController()
  const end = AbortSignal.any([left.signal, ...(signal ? [signal] : [])])
  const place: Place = { id: lastEventId ?? null, leastMs: 0 }
  try {
    for (let failures = 0; !end.aborted; failures++) {
      try {
        for await (const event of connection(client, path, place, end, silenceMs)) {
          failures = 0
          yield event
        }
        if (place.over) return
      } catch (error) {
        if (end.aborted) return
        if (error instanceof MoorageError && error.status < 500) throw error
      }
      await pause(Math.max(backOffMs(failures), place.leastMs), end)
    }
  } finally {
    left.abort()
  }
}

/** How far we are, and what the server wants of the next connection. */
interface Place {
  id: string | null
  /** What `retry:` said. */
  leastMs: number
  over?: boolean
}

/** The events of one connection; ends with it. */
async function* connection(
  client: Pick<MoorageClient, 'fetch'>,
  path: string,
  place: Place,
  end: AbortSignal,
  silenceMs: number,
): AsyncGenerator<StreamEvent, void, undefined> {
  const silent = new AbortController()
  const hush = (): void => silent.abort(new DOMException('nothing came for too long', 'TimeoutError'))
  let timer = setTimeout(hush, silenceMs)
  const signal = AbortSignal.any([end, silent.signal])
  try {
    const response = await client.fetch(path, {
      headers: { accept: 'text/event-stream', ...(place.id === null ? {} : { 'last-event-id': place.id }) },
      signal,
    })
    if (!response.ok) throw await errorOf(response)
    if (response.status === 204 || !response.body) {
      place.over = true
      return
    }
    const events: StreamEvent[] = []
    const parser = createParser({
      onEvent({ id = place.id, event = 'message', data }) {
        place.id = id
        events.push({ id, event, data })
      },
      // The server's way to say where a stream begins: an id without data is passed over by this parser.
      onComment: (comment) => (place.id = /^at (\S+)$/.exec(comment)?.[1] ?? place.id),
      onRetry: (ms) => (place.leastMs = ms),
    })
    for await (const chunk of chunksOf(response.body, signal)) {
      clearTimeout(timer)
      parser.feed(chunk)
      for (const event of events.splice(0)) {
        if (event.event === 'error') throw problemIn(event.data)
        yield event
      }
      timer = setTimeout(hush, silenceMs)
    }
  } finally {
    clearTimeout(timer)
  }
}

async function* chunksOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  // Node's fetch forgets its signal when the request is collected as garbage, though its body is still read.
  const leave = (): void => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', leave)
  try {
    if (signal.aborted) leave()
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } finally {
    signal.removeEventListener('abort', leave)
    await reader.cancel().catch(() => undefined)
  }
}

function problemIn(data: string): MoorageError {
  const body: unknown = JSON.parse(data)
  const status = typeof body === 'object' && body !== null && 'status' in body ? Number(body.status) : 500
  return new MoorageError(status, body)
}
