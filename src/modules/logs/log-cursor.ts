import type { LogRecord } from './log-records.ts'
import type { LogPosition } from '../../drivers/index.ts'
import { AppError } from '../../errors/app-error.ts'

/** Where a reader of an app's logs is. */
export interface LogCursor {
  /** Of an instance that is not among the positions, everything from this time on is still to come. */
  readonly floor: string
  /** By the last twelve digits of the instance's id. */
  readonly positions: ReadonlyMap<string, LogPosition>
}

/** Instances that one cursor knows: those that wrote last. */
const MOST = 200
const TIME = /^[0-9a-z]{1,8}-[0-9a-z]{1,6}$/
const POSITION = /^([0-9a-f]{12})-([0-9a-z]{1,8}-[0-9a-z]{1,6})(?:-([1-9][0-9]{0,8}))?$/

export function keyOf(instanceId: string): string {
  return instanceId.slice(-12)
}

/** Writes the cursor after each record: opaque to clients, and no longer than the instances make it. */
export class CursorWriter {
  readonly #times = new Times()
  readonly #positions = new Map<string, LogPosition>()
  readonly #texts = new Map<string, string>()
  #floor: string | null = null

  constructor(begun?: LogCursor) {
    if (!begun) return
    this.#floor = this.#times.text(begun.floor)
    for (const [key, position] of begun.positions) this.#set(key, position)
  }

  /** The cursor of who has this record, and all before it. */
  after({ instance, line }: Extract<LogRecord, { kind: 'line' }>): string {
    const key = keyOf(instance.id)
    this.#floor ??= this.#times.text(line.time)
    const before = this.#positions.get(key)
    this.#set(key, { time: line.time, lines: before?.time === line.time ? before.lines + 1 : 1 })
    let text = this.#floor
    for (const one of this.#texts.values()) text += one
    return text
  }

  #set(key: string, position: LogPosition): void {
    if (!this.#positions.has(key) && this.#positions.size >= MOST) {
      const oldest = [...this.#positions].toSorted(([, a], [, b]) => (a.time < b.time ? -1 : 1))[0]?.[0] ?? ''
      this.#positions.delete(oldest)
      this.#texts.delete(oldest)
    }
    this.#positions.set(key, position)
    const count = position.lines > 1 ? `-${position.lines}` : ''
    this.#texts.set(key, `.${key}-${this.#times.text(position.time)}${count}`)
  }
}

/** A cursor out of its text. Throws `bad_request` for one that this API did not make. */
export function readCursor(text: string, path: string): LogCursor {
  const [floor = '', ...rest] = text.split('.')
  const positions = new Map<string, LogPosition>()
  let good = TIME.test(floor) && rest.length <= MOST
  for (const one of rest) {
    const [, key, time, lines = '1'] = POSITION.exec(one) ?? []
    if (key === undefined || time === undefined) good = false
    else positions.set(key, { time: readTime(time), lines: Number(lines) })
  }
  if (good) return { floor: readTime(floor), positions }
  const message = 'is not the id of a line: send one as it was answered'
  throw new AppError('bad_request', { detail: `${path} ${message}`, errors: [{ path, message }] })
}

/** Seconds and nanoseconds, each to the base 36. */
class Times {
  #second = ''
  #text = ''

  text(time: string): string {
    if (this.#second === '' || !time.startsWith(this.#second)) {
      this.#second = time.slice(0, 19)
      this.#text = (Date.parse(`${this.#second}Z`) / 1000).toString(36)
    }
    return `${this.#text}-${Number(time.slice(20, 29)).toString(36)}`
  }
}

function readTime(text: string): string {
  const [seconds = '', nanoseconds = ''] = text.split('-')
  const ms = Math.min(Number.parseInt(seconds, 36) * 1000, 253_402_300_799_000)
  const fraction = String(Math.min(Number.parseInt(nanoseconds, 36), 999_999_999)).padStart(9, '0')
  return `${new Date(ms).toISOString().slice(0, 19)}.${fraction}Z`
}
