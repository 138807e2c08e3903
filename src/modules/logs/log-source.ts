import { Bell, type LogInstance, type LogNotice, type LogRecord } from './log-records.ts'
import { type Driver, type LogLine, type LogOptions, type LogPosition, positionAfter } from '../../drivers/index.ts'
import { AppError } from '../../errors/app-error.ts'
import { sleep } from '../../lib/abort.ts'
import { monotonicMs } from '../../lib/clock.ts'

/** What one instance may have waiting for the reader; its engine's stream is not read meanwhile. */
const HELD_CHARS = 96 * 1024
/** After a failure, the second time and so on. */
const RETRY_MS = [500, 1000, 2000, 5000]

/** An instance, and where its log is. */
export interface LogOrigin extends LogInstance {
  readonly nativeId: string
  readonly hostId: string
  readonly state: string
  readonly startedAt: Date | null
  readonly createdAt: Date | null
}

/** Where an instance's log begins. */
export type LogStart = Pick<LogOptions, 'tail' | 'since' | 'after'>

export interface SourceOptions {
  readonly origin: LogOrigin
  readonly start: LogStart
  readonly follow: boolean
  readonly connect: (hostId: string, signal: AbortSignal) => Promise<Driver>
  readonly signal: AbortSignal
  /** Rung whenever there is something to take, or it is known that there is not. */
  readonly bell: Bell
}

/** Lines that came together. */
export interface Held {
  readonly records: readonly LogRecord[]
  readonly arrivedAt: number
  /** It was there when the log was opened. */
  readonly history: boolean
  readonly chars: number
  /** How many of its records have been taken. */
  taken: number
}

/**
 * The log of one instance: goes on over restarts, broken connections and a host that is away, without loss and without doubles. Reads no
 * further than the reader takes.
 */
export class LogSource {
  readonly #options: SourceOptions
  #origin: LogOrigin
  readonly #instance: LogInstance
  readonly #held: Held[] = []
  #chars = 0
  #room: (() => void) | null = null
  /** Resolves when nothing is read any more. */
  readonly done: Promise<void>
  /** What no engine and no host says: a mistake of ours. */
  bug: Error | null = null
  readonly #kick: Bell
  #left = false
  #caughtUp = false
  #waiting = false
  #ended = false
  #restedAt: number | null = null
  #position: LogPosition | null
  #openedAt: string | null = null
  /** The code of the failure that the reader was told of. */
  #told: string | null = null
  readonly #begunAt = monotonicMs()

  constructor(options: SourceOptions) {
    this.#options = options
    this.#origin = options.origin
    const { id, name, service } = options.origin
    this.#instance = { id, name, service }
    this.#position = options.start.after ?? null
    this.#kick = new Bell(options.signal)
    this.done = this.#run()
  }

  /** The oldest that waits for the reader. */
  get head(): Held | undefined {
    return this.#held[0]
  }

  /** What was there when it was opened has come; or can't be had now. */
  get caughtUp(): boolean {
    return this.#caughtUp
  }

  /** More has come than is held. */
  get full(): boolean {
    return this.#chars >= HELD_CHARS
  }

  /** Nothing comes now: the instance has ended, or its host is away. */
  get waiting(): boolean {
    return this.#waiting
  }

  /** Nothing will come any more, but for what is held. */
  get ended(): boolean {
    return this.#ended
  }

  /** For so long the container has not run and all that its engine has was read; 0: it runs, or that is not known. */
  get restMs(): number {
    return this.#restedAt === null ? 0 : monotonicMs() - this.#restedAt
  }

  /** How long it has been read. */
  get ageMs(): number {
    return monotonicMs() - this.#begunAt
  }

  /** The oldest was taken as a whole. */
  shift(): void {
    const first = this.#held.shift()
    this.#chars -= first?.chars ?? 0
    if (!this.full) this.#room?.()
  }

  /** The instance as it was last observed: one that ended and runs again is read on. */
  update(origin: LogOrigin): void {
    const again = origin.startedAt?.getTime() !== this.#origin.startedAt?.getTime() || isAlive(origin)
    this.#origin = origin
    if (again) this.#kick.ring()
  }

  /** The instance is gone: what its engine still has comes, and that is the end. */
  leave(): void {
    this.#left = true
    this.#kick.ring()
  }

  async #run(): Promise<void> {
    const { signal, follow, bell } = this.#options
    try {
      for (let failures = 0; !signal.aborted;) {
        const failure = await this.#attempt()
        if (signal.aborted || this.bug) return
        failures = failure ? failures + 1 : 0
        this.#tell(failure)
        this.#caughtUp = true
        if (!follow || this.#left || failure?.code === 'unsupported') return
        this.#waiting = true
        bell.ring()
        if (failure) await sleep(RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? 0, signal).catch(() => {})
        else await this.#rest()
        this.#waiting = false
      }
    } finally {
      this.#ended = true
      this.#caughtUp = true
      bell.ring()
    }
  }

  async #rest(): Promise<void> {
    this.#restedAt = monotonicMs()
    await this.#kick.wait(null)
    this.#restedAt = null
  }

  async #attempt(): Promise<AppError | null> {
    try {
      await this.#read()
      return null
    } catch (error) {
      if (error instanceof AppError) return error
      this.bug = new Error("an instance's log could not be read", { cause: error })
      return null
    }
  }

  async #read(): Promise<void> {
    const { signal, follow, connect } = this.#options
    const driver = await connect(this.#origin.hostId, signal)
    const openedAt = nowText()
    const wanted = { ...this.#from(), follow }
    for await (const lines of driver.logs(this.#origin.nativeId, wanted, { signal })) {
      this.#openedAt ??= openedAt
      this.#told = null
      if (lines.length > 0) await this.#put(lines)
      else {
        this.#caughtUp = true
        this.#options.bell.ring()
      }
      if (signal.aborted) return
    }
  }

  #from(): LogStart {
    if (this.#position) return { tail: 0, after: this.#position }
    // It had nothing, or nothing was wanted of it: what came since it was first opened.
    if (this.#caughtUp && this.#openedAt !== null) return { tail: Infinity, since: this.#openedAt }
    return this.#options.start
  }

  async #put(lines: readonly LogLine[]): Promise<void> {
    this.#position = positionAfter(this.#position, lines)
    const instance = this.#instance
    let chars = 0
    const records = lines.map((line): LogRecord => {
      chars += line.text.length + 64
      return { kind: 'line', instance, line }
    })
    this.#hold(records, chars)
    if (this.full) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          this.#options.signal.removeEventListener('abort', go)
          this.#room = null
          resolve()
        }
        this.#room = go
        this.#options.signal.addEventListener('abort', go, { once: true })
        if (this.#options.signal.aborted) go()
      })
    }
  }

  #hold(records: readonly LogRecord[], chars: number): void {
    this.#held.push({ records, arrivedAt: monotonicMs(), history: !this.#caughtUp, chars, taken: 0 })
    this.#chars += chars
    this.#options.bell.ring()
  }

  /** The reader is told of each failure once, until it is another or over. */
  #tell(failure: AppError | null): void {
    if (!failure || failure.code === this.#told) return
    this.#told = failure.code
    const notice: LogNotice = { time: nowText(), code: failure.code, message: failure.message }
    this.#hold([{ kind: 'notice', instance: this.#instance, notice }], notice.message.length)
  }
}

function isAlive({ state }: LogOrigin): boolean {
  return state === 'running' || state === 'restarting' || state === 'paused'
}

/** With nine digits, as engines tell times. */
function nowText(): string {
  return `${new Date().toISOString().slice(0, -1)}000000Z`
}
