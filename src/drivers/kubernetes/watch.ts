import type { CallOptions } from '../driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { linked, sleep } from '../../lib/abort.ts'
import { monotonicMs } from '../../lib/clock.ts'
import type { ClusterClient } from './client.ts'
import type { Live, LiveList } from './live.ts'
import { mapTimeout } from './map-error.ts'
import { Refusal, refused } from './refusal.ts'

/** How long the API server is asked to go on; the next watch begins where this one ended. With a spread, so that not all begin anew at once. */
const WATCH_S = { least: 240, most: 300 }
/** One that goes on for so much longer is dead: a connection that only seems to be there. */
const GRACE_MS = 30_000
/** One that ends sooner is not begun anew before this. */
const BRIEF_MS = 1000
/** Of one event: no object is that large in the store of an API server (1.5 MiB), not even with what JSON makes of it. */
const LINE_BYTES = 8 * 1024 * 1024
const LINE_FEED = 10

export interface Watched {
  /** Of a collection. */
  readonly path: string
  readonly labelSelector: string
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Live
}

interface Wire {
  readonly type?: string
  readonly object?: Live & { readonly code?: number; readonly reason?: string; readonly message?: string }
}

/** Where a collection is now: all that happens later is told by a watch that begins there. Asks for one object, whichever comes first. */
export async function currentVersion(
  client: ClusterClient,
  call: CallOptions,
  { path }: Pick<Watched, 'path'>,
): Promise<string> {
  const { metadata } = await client.request<LiveList<unknown>>(call, { method: 'GET', path, query: { limit: 1 } })
  if (!metadata?.resourceVersion) throw notAWatch()
  return metadata.resourceVersion
}

/**
 * Resolves once the API server tells of changes: each one since `version` of what carries the labels is brought, in its order, across as many
 * answers as that takes. Ends by its return where the API server has forgotten where it was (who follows lists anew), with
 * `host_unreachable` where it does not answer any more, and with the signal's reason when that aborts.
 */
export async function watch(
  client: ClusterClient,
  call: CallOptions,
  watched: Watched,
  version: string,
): Promise<AsyncGenerator<WatchEvent>> {
  const first = await begin(client, call, watched, version)
  return goOn(client, call, watched, version, first)
}

/** One answer that is under way. */
interface Answer {
  readonly beganAt: number
  readonly body: AsyncIterable<Buffer>
  /** Over or not: its deadline is let go of. */
  end(): void
}

async function begin(client: ClusterClient, call: CallOptions, watched: Watched, version: string): Promise<Answer> {
  const seconds = Math.round(WATCH_S.least + Math.random() * (WATCH_S.most - WATCH_S.least))
  const late = new AbortController()
  const { signal, letGo } = linked(call.signal, late.signal)
  const ms = seconds * 1000 + GRACE_MS
  const timer = setTimeout(() => late.abort(mapTimeout('following changes', ms)), ms)
  // Also of one that nobody came to read.
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  const end = (): void => {
    late.abort(new Error('nobody watches any more'))
    letGo()
  }
  try {
    const { path, labelSelector } = watched
    const query = {
      ...{ watch: true, labelSelector, resourceVersion: version },
      ...{ allowWatchBookmarks: true, timeoutSeconds: seconds },
    }
    return { beganAt: monotonicMs(), body: await client.stream({ ...call, signal }, { path, query }), end }
  } catch (error) {
    end()
    throw error
  }
}

async function* goOn(
  client: ClusterClient,
  call: CallOptions,
  watched: Watched,
  version: string,
  first: Answer,
): AsyncGenerator<WatchEvent> {
  let seen = version
  let answer = first
  try {
    for (;;) {
      for await (const { type, object } of eventsOf(answer.body)) {
        if (type === 'ERROR') {
          const refusal = new Refusal(object?.code ?? 500, object?.reason ?? '', object?.message ?? '')
          if (refusal.status === 410) return
          throw refusal
        }
        const at = resourceVersionOf(object)
        if (at !== null) seen = at
        if (object?.metadata && (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED')) yield { type, object }
      }
      answer.end()
      await sleep(Math.max(0, answer.beganAt + BRIEF_MS - monotonicMs()), call.signal)
      answer = await begin(client, call, watched, seen)
    }
  } catch (error) {
    if (refused(error, 410)) return
    throw error
  } finally {
    answer.end()
  }
}

async function* eventsOf(body: AsyncIterable<Buffer>): AsyncGenerator<Wire> {
  for await (const line of lines(body)) {
    const event = parse(line)
    if (event === null) throw notAWatch()
    yield event
  }
}

/** What has no line break at the end was broken off: it is told again by the next answer. */
async function* lines(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let pieces: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    let at = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, at)) {
      pieces.push(chunk.subarray(at, end))
      const line = Buffer.concat(pieces).toString()
      pieces = []
      size = 0
      at = end + 1
      if (line.trim() !== '') yield line
    }
    if (at < chunk.length) pieces.push(Buffer.from(chunk.subarray(at)))
    size += chunk.length - at
    if (size > LINE_BYTES) throw notAWatch()
  }
}

function parse(line: string): Wire | null {
  try {
    const event: unknown = JSON.parse(line)
    return typeof event === 'object' && event !== null ? event : null
  } catch {
    return null
  }
}

function resourceVersionOf(object: Wire['object']): string | null {
  const version: unknown = object?.metadata && Reflect.get(object.metadata, 'resourceVersion')
  return typeof version === 'string' && version !== '' ? version : null
}

function notAWatch(): AppError {
  return new AppError('unsupported', { detail: 'following changes: the answer is not one of an API server' })
}
