import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { sleep } from '../lib/abort.ts'
import { backoffMs } from '../lib/backoff.ts'
import type { DbLogger } from './types.ts'

type Handler = (payload: string | null) => void

export interface Listener {
  listen(channel: string, handler: Handler): Promise<{ close(): Promise<void> }>
  close(): Promise<void>
}

/** How often the connection is asked for a sign of life: a dead one says nothing, and neither do its channels. */
const HEARTBEAT_MS = 10_000

/**
 * LISTEN on one connection for all channels, made at the first `listen`. When it breaks, it is made again for as long as
 * it takes (0.1 to 3 s between attempts), and each handler is called with null.
 */
export function createListener({ url, log }: { url: string; log: DbLogger }): Listener {
  const handlers = new Map<string, Set<Handler>>()
  const stop = new AbortController()
  let client: pg.Client | null = null
  let connecting: Promise<void> | null = null
  let lost = false

  const call = (channel: string, payload: string | null) => {
    for (const handler of handlers.get(channel) ?? []) {
      try {
        handler(payload)
      } catch (error) {
        log.error({ err: error, channel }, 'a handler of a notification failed')
      }
    }
  }

  const open = async (): Promise<pg.Client> => {
    const fresh = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 5000,
      query_timeout: 5000,
      keepAlive: true,
      application_name: 'moorage-listen',
    })
    fresh.on('error', (error) => log.debug({ err: error }, 'the listening connection broke'))
    fresh.on('notification', ({ channel, payload }) => call(channel, payload ?? ''))
    try {
      await fresh.connect()
      for (const channel of handlers.keys()) await fresh.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
      return fresh
    } catch (error) {
      fresh.end().catch(() => {})
      throw error
    }
  }

  const connect = async (): Promise<void> => {
    for (let attempt = 1; !stop.signal.aborted; attempt += 1) {
      try {
        const fresh = await open()
        if (stop.signal.aborted) return void fresh.end().catch(() => {})
        client = fresh
        watch(fresh)
        if (lost) for (const channel of handlers.keys()) call(channel, null)
        lost = false
        return
      } catch (error) {
        log.warn({ err: error }, 'cannot listen to the database; trying again')
        lost = true
        await sleep(backoffMs(attempt, { baseMs: 100, maxMs: 3000 }), stop.signal).catch(() => {})
      }
    }
  }

  const connected = (): Promise<void> => {
    connecting ??= connect().finally(() => {
      connecting = null
    })
    return connecting
  }

  /** Gives up a connection and makes the next one; of no effect for one that was given up before. */
  const drop = (dead: pg.Client): void => {
    if (client !== dead) return
    client = null
    lost = true
    dead.end().catch(() => {})
    if (!stop.signal.aborted) void connected()
  }

  const watch = (watched: pg.Client): void => {
    const heartbeat = setInterval(() => {
      watched.query('SELECT 1').catch(() => drop(watched))
    }, HEARTBEAT_MS)
    heartbeat.unref()
    watched.once('end', () => {
      clearInterval(heartbeat)
      drop(watched)
    })
    watched.once('error', () => drop(watched))
  }

  return {
    async listen(channel, handler) {
      const known = handlers.has(channel)
      const set = handlers.get(channel) ?? new Set()
      handlers.set(channel, set.add(handler))
      for (let listening = false; !listening;) {
        if (stop.signal.aborted) throw new Error('the database is closed')
        const current = client
        if (!current) {
          await connected()
          continue
        }
        // An earlier caller's LISTEN went out on this connection before this query, and is answered before it.
        const query = known ? 'SELECT 1' : `LISTEN ${pg.escapeIdentifier(channel)}`
        try {
          await current.query(query)
          listening = true
        } catch {
          // The next connection listens to all channels.
          drop(current)
        }
      }
      return {
        async close() {
          set.delete(handler)
          if (set.size > 0 || handlers.get(channel) !== set) return
          handlers.delete(channel)
          await client?.query(`UNLISTEN ${pg.escapeIdentifier(channel)}`).catch(() => {})
        },
      }
    },
    async close() {
      stop.abort(new Error('the database is closed'))
      handlers.clear()
      const last = client
      client = null
      // A peer that is gone for good doesn't answer the farewell.
      await Promise.race([last?.end().catch(() => {}), delay(2000, undefined, { ref: false })])
      await connecting
    },
  }
}
