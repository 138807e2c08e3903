import { setTimeout as sleep } from 'node:timers/promises'
import { CHANNELS, type Database } from '../../db/types.ts'
import { monotonicMs } from '../../lib/clock.ts'
import { Limit } from '../../lib/limit.ts'
import type { Answer } from '../../web/index.ts'
import { stillOpen } from './operations.repository.ts'
import type { OperationAnswer } from './operations.schemas.ts'
import { getOperation } from './operations.service.ts'

/** How often a wait looks by itself, should a notification get lost. */
const POLL_MS = 2000
/** How long a wait, or the end of all, waits for the LISTEN to be there. */
const LISTEN_MS = 500
const READS = 4

export interface OperationWaits {
  /**
   * Resolves once the operation has ended (or is gone), after `timeoutMs`, when `signal` aborts, or when the server
   * closes: the caller reads the row to see which. Holds no database connection meanwhile.
   */
  wait(id: string, timeoutMs: number, signal?: AbortSignal): Promise<void>
  /** Reads what a wait is answered with, four at a time: those whose waits end together leave the connections to others too. */
  read<T>(work: () => Promise<T>): Promise<T>
  /** Ends every wait. */
  close(): Promise<void>
}

/**
 * The answer once its operation ended (then 200), or the time is up (then as it was, with the operation as it is now). Ends early
 * when `gone` aborts.
 */
export async function waited(
  { db, waits }: { readonly db: Database; readonly waits: OperationWaits },
  answer: Answer<OperationAnswer>,
  seconds: number | undefined,
  gone: AbortSignal,
): Promise<Answer<OperationAnswer>> {
  const { operation } = answer.body
  if (!seconds || operation === null) return answer
  await waits.wait(operation.id, seconds * 1000, gone)
  const now = await waits.read(async () => await getOperation(db.prisma, operation.id))
  return { ...answer, status: now.finishedAt === null ? answer.status : 200, body: { operation: now } }
}

/** Waits of one process: they share one LISTEN, made with the first of them. */
export function createOperationWaits(db: Database): OperationWaits {
  const wakers = new Map<string, Set<() => void>>()
  const isOpen = createLook(db)
  const reads = new Limit(READS)
  let closed = false
  let listening: ReturnType<Database['listen']> | null = null

  const wake = (id: string | null): void => {
    for (const set of id === null ? wakers.values() : [wakers.get(id) ?? []]) for (const waker of [...set]) waker()
  }
  const listen = async (): Promise<void> => {
    listening ??= db.listen(CHANNELS.operation, wake)
    try {
      await listening
    } catch {
      // The poll carries the wait; the next one tries to listen again.
      listening = null
    }
  }

  return {
    async wait(id, timeoutMs, signal) {
      const deadline = monotonicMs() + timeoutMs
      // Without a database nobody is heard, and the look below says so at once.
      await Promise.race([listen(), sleep(LISTEN_MS, undefined, { ref: false })])
      const set = wakers.get(id) ?? new Set()
      wakers.set(id, set)
      let woken = false
      let resume = (): void => {}
      const waker = (): void => {
        woken = true
        resume()
      }
      set.add(waker)
      signal?.addEventListener('abort', waker)
      try {
        while (!closed && !signal?.aborted) {
          // Before the look: a notification that comes while it is under way counts.
          woken = false
          if (!(await isOpen(id))) return
          const leftMs = deadline - monotonicMs()
          if (leftMs <= 0) return
          if (woken) continue
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, Math.min(leftMs, POLL_MS))
            resume = () => {
              clearTimeout(timer)
              resolve()
            }
          })
        }
      } finally {
        signal?.removeEventListener('abort', waker)
        set.delete(waker)
        if (set.size === 0 && wakers.get(id) === set) wakers.delete(id)
      }
    },
    read: async (work) => await reads.run(new AbortController().signal, work),
    async close() {
      closed = true
      wake(null)
      // One that is still to be made ends with the database's own close.
      const none = sleep(LISTEN_MS, null, { ref: false })
      const subscription = await Promise.race([listening?.catch(() => null), none])
      await subscription?.close()
    },
  }
}

/**
 * Whether an operation is open, as the database has it at or after the call. One statement at a time answers for all who asked while
 * the one before was under way: a thousand who wait take one connection.
 */
function createLook(db: Database): (id: string) => Promise<boolean> {
  let next: { readonly ids: Set<string>; readonly open: Promise<Set<string>> } | null = null
  let before: Promise<unknown> = Promise.resolve()
  const begin = () => {
    const ids = new Set<string>()
    const open = before.then(async () => {
      next = null
      return await stillOpen(db.prisma, [...ids])
    })
    before = open.catch(() => {})
    return { ids, open }
  }
  return async (id) => {
    next ??= begin()
    next.ids.add(id)
    return (await next.open).has(id.toLowerCase())
  }
}
