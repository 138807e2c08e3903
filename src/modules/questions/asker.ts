import { CHANNELS, type Database, type DbLogger } from '../../db/index.ts'
import { AppError } from '../../errors/app-error.ts'
import { newId } from '../../lib/ids.ts'
import { abortable, sleep, withDeadline } from '../../lib/abort.ts'
import { deleteQuestion, findAnswer, insertQuestion } from './questions.repository.ts'

/** Default time for an answer. */
const DEADLINE_MS = 2000
/** Should a notification get lost. */
const LOOK_MS = 250

export interface Ask {
  readonly hostId: string
  /** What answers it is chosen by this. */
  readonly kind: string
  /** As JSON, like its answer. */
  readonly question: unknown
  /** Default 2000. */
  readonly deadlineMs?: number
  readonly signal: AbortSignal
}

export interface Questions {
  /**
   * Asks the worker that observes a host, which listens nowhere: by a row and a notification, also where it is this process. Rejects with
   * `unavailable` where no worker observes the host, or none answers in time (it died, or is stopped), and leaves nothing behind.
   */
  ask(wanted: Ask): Promise<unknown>
  close(): Promise<void>
}

/** The questions of one process; they share one LISTEN. */
export function createQuestions({ db, log }: { db: Database; log: DbLogger }): Questions {
  const waiting = new Map<string, () => void>()
  const closing = new AbortController()
  let listening: Promise<void> | null = null
  let subscription: { close(): Promise<void> } | null = null

  const answered = (id: string | null): void => {
    if (id !== null) return waiting.get(id)?.()
    for (const resume of waiting.values()) resume()
  }

  /** Without it, the looks carry the answers; the next question tries to listen again. */
  const listen = async (): Promise<void> => {
    try {
      subscription = await db.listen(CHANNELS.answer, answered)
      if (closing.signal.aborted) await subscription.close()
    } catch (error) {
      log.debug({ err: error }, 'answers are not listened to')
      listening = null
    }
  }

  const answerTo = async (id: string, signal: AbortSignal): Promise<unknown> => {
    for (;;) {
      const turn = new AbortController()
      waiting.set(id, () => turn.abort())
      const found = await findAnswer(db.prisma, id)
      if (found) return found.answer
      await sleep(LOOK_MS, AbortSignal.any([signal, turn.signal])).catch(() => {})
      signal.throwIfAborted()
    }
  }

  return {
    async ask({ hostId, kind, question, deadlineMs = DEADLINE_MS, signal }) {
      signal.throwIfAborted()
      const id = newId()
      const deadline = withDeadline(deadlineMs, signal, closing.signal)
      let isAsked = false
      try {
        await abortable((listening ??= listen()), deadline)
        isAsked = await insertQuestion(db.prisma, { id, hostId, kind, question })
        if (!isAsked) throw new AppError('unavailable', { detail: 'no worker observes the host now' })
        return await answerTo(id, deadline)
      } catch (error) {
        signal.throwIfAborted()
        if (!deadline.aborted) throw error
        throw new AppError('unavailable', {
          detail: `the worker that observes the host did not answer within ${deadlineMs / 1000} s`,
          cause: error,
        })
      } finally {
        waiting.delete(id)
        if (isAsked)
          await deleteQuestion(db.prisma, id).catch((error: unknown) =>
            log.debug({ err: error }, 'a question could not be taken away; it is pruned later'),
          )
      }
    },
    async close() {
      closing.abort()
      await subscription?.close()
    },
  }
}
