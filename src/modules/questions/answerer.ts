import type { Logger } from 'pino'
import { CHANNELS, type Database } from '../../db/index.ts'
import { sleep } from '../../lib/abort.ts'
import { Limit } from '../../lib/limit.ts'
import { findOpenQuestions, type Question, writeAnswer } from './questions.repository.ts'

/** Should a notification get lost. */
const LOOK_MS = 1000
/** Each takes a connection of the database. */
const AT_ONCE = 4

export interface AnswererOptions {
  readonly db: Database
  readonly log: Logger
  /** This worker's id: it answers for the hosts that it observes. */
  readonly workerId: string
  /** By kind: the answer to a question, as JSON. What throws answers nothing, and the asker waits its time out. */
  readonly kinds: Readonly<Record<string, (question: unknown, hostId: string) => unknown>>
}

/** Answers what other processes ask about a worker's hosts. Each question is answered once: the first answer that is written down counts. */
export class Answerer {
  readonly #options: AnswererOptions
  readonly #stop = new AbortController()
  #wake: () => void = () => {}
  #loop: Promise<void> = Promise.resolve()
  #listener: { close(): Promise<void> } | null = null

  constructor(options: AnswererOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#listener = await this.#options.db.listen(CHANNELS.question, () => this.#wake())
    this.#loop = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    this.#wake()
    await this.#loop
    await this.#listener?.close()
  }

  async #run(): Promise<void> {
    const { db, workerId, log } = this.#options
    const answers = new Limit(AT_ONCE)
    while (!this.#stop.signal.aborted) {
      const tick = new AbortController()
      this.#wake = () => tick.abort()
      try {
        const open = await findOpenQuestions(db.prisma, workerId)
        await Promise.all(
          open.map(async (question) => await answers.run(this.#stop.signal, async () => await this.#answer(question))),
        )
      } catch (error) {
        log.debug({ err: error }, 'questions could not be read; the next look does')
      }
      await sleep(LOOK_MS, AbortSignal.any([tick.signal, this.#stop.signal])).catch(() => {})
    }
  }

  async #answer({ id, kind, question, hostId }: Question): Promise<void> {
    const { db, kinds, log } = this.#options
    try {
      const make = kinds[kind]
      // Of a newer version: another worker may know it.
      if (!make) return
      await writeAnswer(db.prisma, id, await make(question, hostId))
    } catch (error) {
      log.warn({ err: error, kind }, 'a question could not be answered')
    }
  }
}
