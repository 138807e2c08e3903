import type { IncomingMessage } from 'node:http'
import { isAppError } from '../../errors/app-error.ts'
import { sleep } from '../../lib/abort.ts'
import { monotonicMs } from '../../lib/clock.ts'
import { bounded } from '../bounded.ts'
import type { CallOptions, ClusterEndpoint } from '../driver.ts'
import { PromptHttpsAgent } from '../prompt-agents.ts'
import { explainTls } from '../tls-errors.ts'
import type { ClusterClient, ClusterRequest } from './client.ts'
import { type Access, openAccess } from './credentials.ts'
import { type Exchange, isGood, open, queryText, read, readRefusal, StaleConnection, wordsOf } from './exchange.ts'
import { mapConnectionError, mapTimeout } from './map-error.ts'
import { Refusal, refused } from './refusal.ts'
import type { ClusterSettings } from './settings.ts'
import { openSocket, terminatedBy } from './socket.ts'
import { WriteBudget } from './write-budget.ts'

const ANSWER_MS = 30_000
/** Of calls under way at one API server; logs, watches and sockets are beside them. */
const CALLS = 16
/** An idle connection is kept so long: less than any API server or balancer before it does. */
const IDLE_MS = 15_000
/** How often a server that asks for patience (429) is asked again, and how long at most before each. */
const PATIENCE = 5
const PATIENCE_MS = 10_000
/** What asks whether something would be allowed, and changes nothing. */
const REVIEWS = '/apis/authorization.k8s.io/'

interface Connected {
  readonly access: Access
  readonly calls: PromptHttpsAgent
  readonly streams: PromptHttpsAgent
}

/** A cluster at an endpoint: the one way by which requests leave this driver. Connects, and imports the SDK, at the first call. */
export function connectCluster(
  endpoint: ClusterEndpoint,
  settings: Pick<ClusterSettings, 'writesPerSecond' | 'writeBurst'>,
): ClusterClient {
  const budget = new WriteBudget({ perSecond: settings.writesPerSecond, burst: settings.writeBurst })
  let opening: Promise<Connected> | null = null

  const connected = async (): Promise<Connected> => {
    opening ??= openAccess(endpoint).then((access) => {
      const kept = { ...access.tls, keepAlive: true, timeout: IDLE_MS }
      const calls = new PromptHttpsAgent({ ...kept, maxSockets: CALLS })
      return { access, calls, streams: new PromptHttpsAgent(kept) }
    })
    try {
      return await opening
    } catch (error) {
      opening = null
      throw error
    }
  }

  const toExchange = async (request: ClusterRequest, kind: 'calls' | 'streams'): Promise<Exchange> => {
    const { access, [kind]: agent } = await connected()
    const { method, path } = request
    const body = request.body === undefined ? null : JSON.stringify(request.body)
    const type: Record<string, string> =
      body === null ? {} : { 'content-type': request.contentType ?? 'application/json' }
    const headers = { accept: 'application/json', 'user-agent': 'moorage', ...type, ...(await access.headers()) }
    const url = `${access.server}${path}${queryText(request.query)}`
    return { method, url, headers, body, agent, path, words: wordsOf(method, path) }
  }

  /** Runs one exchange: within its time, after the guard's word, and with what broke as an AppError. */
  const exchange = async <T>(
    call: CallOptions,
    request: ClusterRequest,
    kind: 'calls' | 'streams',
    work: (exchange: Exchange, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const ms = request.timeoutMs ?? ANSWER_MS
    const late = () => mapTimeout(wordsOf(request.method, request.path), ms)
    return await bounded(call.signal, ms, late, async (signal) => {
      for (let again = request.method === 'GET'; ; again = false) {
        const prepared = await toExchange(request, kind)
        signal.throwIfAborted()
        call.guard?.()
        try {
          return await work(prepared, signal)
        } catch (error) {
          if (!again || !(error instanceof StaleConnection)) throw await explained(error, prepared)
        }
      }
    })
  }

  const explained = async (error: unknown, { words }: Exchange): Promise<unknown> => {
    if (isAppError(error) || error instanceof Refusal) return error
    const { access } = await connected()
    return mapConnectionError(error, words, explainTls(error, access))
  }

  const request = async <T>(call: CallOptions, wanted: ClusterRequest): Promise<T> => {
    if (wanted.method !== 'GET' && !wanted.path.startsWith(REVIEWS)) await budget.take(call.signal)
    const until = monotonicMs() + (wanted.timeoutMs ?? ANSWER_MS)
    for (let asked = 1; ; asked++) {
      try {
        // What a resource is, its caller knows.
        return (await exchange(
          call,
          wanted,
          'calls',
          async (one, signal) => await read(await open(one, signal), one),
        )) as T
      } catch (error) {
        if (!refused(error, 429) || asked > PATIENCE) throw error
        const ms = Math.min(PATIENCE_MS, 1000 * (error.details.retryAfterSeconds ?? 1))
        if (monotonicMs() + ms >= until) throw error
        await sleep(ms, call.signal)
      }
    }
  }

  return {
    prepare: async () => void (await connected()),
    request,
    find: async <T>(call: CallOptions, wanted: ClusterRequest) => {
      try {
        return await request<T>(call, wanted)
      } catch (error) {
        if (refused(error, 404)) return null
        throw error
      }
    },
    stream: async (call, { path, query = {} }) =>
      endedBy(
        call.signal,
        await exchange(call, { method: 'GET', path, query }, 'streams', async (one, signal) => {
          const answer = await open(one, signal)
          if (!isGood(answer)) throw await readRefusal(answer, path)
          return answer
        }),
      ),
    socket: async (call, path, query, protocols) => {
      const wanted: ClusterRequest = { method: 'GET', path, query }
      const opened = async (one: Exchange, signal: AbortSignal) => await openSocket(one, protocols, signal)
      return terminatedBy(call.signal, await exchange(call, wanted, 'streams', opened))
    },
    close: () => {
      void opening?.then(
        ({ calls, streams }) => {
          calls.destroy()
          streams.destroy()
        },
        () => null,
      )
    },
  }
}

/** Nothing of an answer is left once the signal aborts; who reads it gets the signal's reason. */
function endedBy(signal: AbortSignal, answer: IncomingMessage): IncomingMessage {
  const end = (): void => {
    answer.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }))
  }
  if (signal.aborted) {
    end()
    throw signal.reason
  }
  signal.addEventListener('abort', end, { once: true })
  answer.once('close', () => signal.removeEventListener('abort', end))
  return answer
}
