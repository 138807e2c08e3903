import type { LogLine } from '../../drivers/index.ts'
import type { ErrorCode } from '../../errors/codes.ts'

/** Whose line it is. */
export interface LogInstance {
  readonly id: string
  readonly name: string
  readonly service: string
}

/** What an app's logs bring: a line, or why an instance's lines are missing for now or for good. */
export type LogRecord =
  | { readonly kind: 'line'; readonly instance: LogInstance; readonly line: LogLine }
  | { readonly kind: 'notice'; readonly instance: LogInstance; readonly notice: LogNotice }

export interface LogNotice {
  /** RFC 3339, this server's clock. */
  readonly time: string
  readonly code: ErrorCode
  readonly message: string
}

/** What wakes the one who waits for any of many. */
export class Bell {
  #rung = false
  #wake: (() => void) | null = null

  /** An abort rings it as well. */
  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.ring(), { once: true })
  }

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves when it was rung since the last wait, or after `ms` (null: never). */
  async wait(ms: number | null): Promise<void> {
    if (!this.#rung) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = ms === null ? undefined : setTimeout(resolve, ms)
      await promise
      clearTimeout(timer)
      this.#wake = null
    }
    this.#rung = false
  }
}
