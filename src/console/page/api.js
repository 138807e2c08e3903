import { onHidden, shown, withConnection } from './connections.js'
import { eventParser } from './sse.js'
/** @import { Page, Problem, StreamEvent } from './types.d.ts' */

/** A connection that is silent for so long is a dead one: the server says something every 15 s. */
const SILENCE_MS = 45_000
const LONGEST_PAUSE_MS = 15_000
const CROWDED_MS = 5000
const PAGE = 200
/** How often a request is sent again that got no answer. */
const AGAIN = 2

/** What the API says against a request. */
export class ApiError extends Error {
  /** @param {Problem} problem */
  constructor({ status, code, detail }) {
    super(detail)
    this.status = status
    this.code = code
  }
}

/** @typedef {ReturnType<typeof createApi>} Api */
/** `crowded`: other windows have all connections; it tries again every 5 s. @typedef {'live' | 'waiting' | 'crowded'} StreamState */

/**
 * The public API with one token. `onRefused` is told, once, that the token is good no more.
 * @param {{ token: string, onRefused: (detail: string) => void }} options
 */
export function createApi({ token, onRefused }) {
  /** @param {string} path @param {{ signal: AbortSignal, headers: Record<string, string> }} options */
  const ask = async (path, { headers, signal }) => {
    const response = await fetch(path, {
      signal,
      headers: { ...headers, authorization: `Bearer ${token}` },
      credentials: 'omit',
      redirect: 'error',
      cache: 'no-store',
    })
    if (response.ok) return response
    throw refuse(new ApiError(await problemOf(response)))
  }
  /** @param {ApiError} error */
  const refuse = (error) => {
    if (error.status === 401) onRefused(error.message)
    return error
  }

  return {
    /** @template T @param {string} path @param {AbortSignal} signal @returns {Promise<T>} */
    async get(path, signal) {
      for (let failures = 0; ; failures++) {
        try {
          const response = await ask(path, { signal, headers: { accept: 'application/json' } })
          return await response.json()
        } catch (error) {
          // The network changed, a laptop woke up: what is only read is asked for again.
          if (signal.aborted || error instanceof ApiError || failures === AGAIN) throw error
          await pause(300 * 3 ** failures, signal)
        }
      }
    },

    /** The first `most` of a list. @template T @param {string} path @param {AbortSignal} signal @param {number} [most] @returns {Promise<T[]>} */
    async list(path, signal, most = 1000) {
      /** @type {T[]} */
      const items = []
      let cursor = ''
      do {
        const query = `limit=${Math.min(PAGE, most - items.length)}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
        /** @type {Page<T>} */
        const page = await this.get(`${path}${path.includes('?') ? '&' : '?'}${query}`, signal)
        items.push(...page.items)
        cursor = page.nextCursor ?? ''
      } while (cursor !== '' && items.length < most)
      return items
    },

    /**
     * The events of a stream, across broken connections: each new one goes on after the last event. Resolves when the signal aborts;
     * throws an ApiError where the server refuses the stream.
     * @param {string} path
     * @param {AbortSignal} signal
     * @param {{ onEvent: (event: StreamEvent) => void, onState?: (state: StreamState, resumed: boolean) => void }} handlers
     */
    async follow(path, signal, { onEvent, onState }) {
      /** @type {string | null} */
      let last = null
      let everOpen = false
      for (let failures = 0; !signal.aborted; failures++) {
        await shown(signal)
        try {
          const had = await withConnection(
            async () =>
              await connection(last, (event) => {
                if (event === 'open') {
                  onState?.('live', everOpen && last !== null)
                  everOpen = true
                  return
                }
                failures = 0
                last = event.id ?? last
                if (event.event === 'error') throw refuse(new ApiError(JSON.parse(event.data)))
                onEvent(event)
              }),
          )
          if (!had) {
            onState?.('crowded', false)
            await pause(CROWDED_MS, signal)
            failures = -1
            continue
          }
        } catch (error) {
          if (signal.aborted) return
          if (error instanceof ApiError && error.status < 500) throw error
        }
        if (signal.aborted) return
        onState?.('waiting', false)
        await pause(Math.min(500 * 2 ** failures, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2), signal)
      }

      /** @param {string | null} after @param {(event: StreamEvent | 'open') => void} on */
      async function connection(after, on) {
        const own = new AbortController()
        const over = AbortSignal.any([signal, own.signal])
        let silence = setTimeout(() => own.abort(), SILENCE_MS)
        const unwatch = onHidden(() => own.abort())
        try {
          const headers = { accept: 'text/event-stream', ...(after !== null && { 'last-event-id': after }) }
          const response = await ask(path, { signal: over, headers })
          const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
          const parse = eventParser()
          on('open')
          for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
            clearTimeout(silence)
            silence = setTimeout(() => own.abort(), SILENCE_MS)
            for (const event of parse(piece.value)) on(event)
          }
        } finally {
          clearTimeout(silence)
          unwatch()
          own.abort()
        }
      }
    },
  }
}

/** @param {Response} response @returns {Promise<Problem>} */
async function problemOf(response) {
  const { status } = response
  try {
    const body = await response.json()
    if (typeof body.detail === 'string') return { status, code: String(body.code), detail: body.detail }
  } catch {
    // Not the API's own answer: a proxy's.
  }
  return { status, code: 'unavailable', detail: `the server answered ${status}` }
}

/** @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
export async function pause(ms, signal) {
  await new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve(undefined)), { once: true })
  })
}
