import type { CallOptions } from '../driver.ts'
import { abortable } from '../../lib/abort.ts'
import { monotonicMs } from '../../lib/clock.ts'

/** Answers that are asked for once for all who want them meanwhile, and given again for a while; failures too. */
export class SharedAnswers<T> {
  readonly #keptMs: number
  readonly #answers = new Map<string, { readonly answer: Promise<T>; settledAt: number | null }>()

  constructor(keptMs: number) {
    this.#keptMs = keptMs
  }

  /** `ask` is called where there is none: it goes on for the others when the signal of who asked first aborts. */
  async get(key: string, { signal, guard }: CallOptions, ask: () => Promise<T>): Promise<T> {
    const now = monotonicMs()
    for (const [old, { settledAt }] of this.#answers)
      if (settledAt !== null && now - settledAt >= this.#keptMs) this.#answers.delete(old)
    const before = this.#answers.get(key)
    if (before) return await abortable(before.answer, signal)
    guard?.()
    const entry = { answer: ask(), settledAt: null as number | null }
    const settle = (): void => {
      entry.settledAt = monotonicMs()
    }
    entry.answer.then(settle, settle)
    this.#answers.set(key, entry)
    return await abortable(entry.answer, signal)
  }
}
