import { abortable } from '../../lib/abort.ts'

/** Answers that are dear: each is made once for all who ask for it meanwhile, and is theirs who ask within `keptMs` of its making. */
export class SharedAnswers {
  readonly #answers = new Map<string, Promise<unknown>>()
  readonly #keptMs: number
  readonly #signal: AbortSignal

  /** What is made ends with `signal`, and not with whoever asked first. */
  constructor({ keptMs, signal }: { readonly keptMs: number; readonly signal: AbortSignal }) {
    this.#keptMs = keptMs
    this.#signal = signal
  }

  /** Rejects with `signal`'s reason, or as `make` does, which is tried anew by the next who asks. */
  async get<Answer>(key: string, make: (signal: AbortSignal) => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    const known = this.#answers.get(key) as Promise<Answer> | undefined
    const answer = known ?? make(this.#signal)
    if (!known) {
      this.#answers.set(key, answer)
      const forget = (): void => void this.#answers.delete(key)
      answer.then(() => setTimeout(forget, this.#keptMs).unref(), forget)
    }
    return await abortable(answer, signal)
  }
}
