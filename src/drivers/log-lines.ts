import type { LogLine } from './streams.ts'

/** A longer line is cut there, on a character's border. */
const MOST_BYTES = 64 * 1024
/** The engine breaks what has no line break into pieces of so many bytes, each with the time of the first. */
const PIECE_BYTES = 16 * 1024
/** No runtime breaks lines into pieces that are shorter than this. */
const LEAST_PIECE_BYTES = 4 * 1024
/** `2006-01-02T15:04:05.000000000Z`, and a space: before each piece. */
const TIME_CHARS = 30
const PREFIX_BYTES = TIME_CHARS + 1
/** By what a character that a piece ends in may have made it longer: the engine writes each of its broken halves as U+FFFD. */
const SPILL_BYTES = 16
/** What is kept of a frame or of a terminal's line that has not ended: enough for 64 KiB in pieces. */
const MOST_KEPT = MOST_BYTES + 8 * (PREFIX_BYTES + SPILL_BYTES)
const HEADER_BYTES = 8
/** What is later than that is no long line, but a clock that was put back. */
const LATE_MS = 3000
const BREAK = 10
const RETURN = 13

interface Pending {
  readonly time: string
  readonly pieces: Buffer[]
  bytes: number
  cut: boolean
  /** Of the last piece. */
  size: number
}

/**
 * How a log comes: in frames of 8 bytes of header and payload, bare as a terminal had it (a line ends with CR LF), or as bare lines, each with
 * a time: what has none was put in by whoever sends it.
 */
export type LogForm = 'frames' | 'terminal' | 'lines'

/**
 * Makes lines of an engine's log stream with times before each line (`timestamps=true`), wherever its chunks end. Memory is bounded: a line is cut at 64 KiB. In the order of
 * their ends; a time never goes back but with the engine's clock: a long line that ended after a later one has that one's time.
 */
export class LogLines {
  readonly #form: LogForm
  readonly #pending: { stdout: Pending | null; stderr: Pending | null } = { stdout: null, stderr: null }
  /** What has come of a frame, or of a bare line, that has not ended. */
  #rest: Buffer = Buffer.alloc(0)
  /** Of the bytes to come, those that belong to a frame whose beginning was enough. */
  #skip = 0
  /** The rest of a bare line is passed over. */
  #passing = false
  #lastTime = ''
  /** Its first 19 characters, and when that second ends. */
  #second = ' '
  #secondEndsMs = 0
  /** What the engine counts as lines: pieces; of bare lines, as many as they can have been at most. */
  entries = 0

  constructor(form: LogForm) {
    this.#form = form
  }

  push(chunk: Buffer): LogLine[] {
    const lines: LogLine[] = []
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const at =
      this.#form === 'frames' ? this.#readFrames(bytes, lines) : this.#readBare(bytes, this.#rest.length, lines)
    // A copy, so that a few bytes don't keep the whole chunk.
    this.#rest = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at))
    return lines
  }

  /** The stream has ended: what has no line break is a line too. */
  end(): LogLine[] {
    const lines: LogLine[] = []
    if (this.#form !== 'frames' && this.#rest.length > 0 && !this.#passing)
      this.#bareLine(this.#rest, 0, this.#rest.length, lines)
    this.#rest = Buffer.alloc(0)
    this.#flush('stdout', lines)
    this.#flush('stderr', lines)
    return lines
  }

  /** Every whole frame; gives where the first that has not ended begins. */
  #readFrames(bytes: Buffer, lines: LogLine[]): number {
    let at = Math.min(this.#skip, bytes.length)
    this.#skip -= at
    while (at + HEADER_BYTES <= bytes.length) {
      const begins = at + HEADER_BYTES
      const size = bytes.readUInt32BE(at + 4)
      const stream = (bytes[at] ?? 0) >= 2 ? 'stderr' : 'stdout'
      if (begins + size <= bytes.length) {
        this.#message(stream, bytes, begins, begins + size, lines)
        at = begins + size
      } else if (bytes.length - begins >= MOST_KEPT) {
        this.#message(stream, bytes, begins, begins + MOST_KEPT, lines)
        this.#skip = size - (bytes.length - begins)
        return bytes.length
      } else break
    }
    return at
  }

  /** One message of the engine: a time, and most often one line, or a piece of one. */
  #message(stream: LogLine['stream'], bytes: Buffer, begins: number, ends: number, lines: LogLine[]): void {
    this.entries += 1
    let at = timeEnd(bytes, begins, ends)
    const time = at === begins ? this.#lastTime : toTime(bytes, begins, at)
    while (at < ends) {
      const found = bytes.indexOf(BREAK, at)
      const whole = found !== -1 && found < ends
      const till = whole ? found : ends
      this.#piece(stream, time, bytes, at, till, whole, lines)
      at = till + 1
    }
  }

  #piece(
    stream: LogLine['stream'],
    time: string,
    bytes: Buffer,
    at: number,
    till: number,
    whole: boolean,
    lines: LogLine[],
  ): void {
    const pending = this.#pending[stream]
    if (pending && (pending.time === time || pending.size >= PIECE_BYTES)) keep(pending, bytes, at, till)
    else {
      if (pending) this.#flush(stream, lines)
      // A shorter piece without a line break is the last that its program wrote.
      if (whole || till - at < PIECE_BYTES) return void lines.push(this.#line(stream, time, bytes, at, till))
      const begun: Pending = { time, pieces: [], bytes: 0, cut: false, size: 0 }
      keep(begun, bytes, at, till)
      this.#pending[stream] = begun
    }
    if (whole || till - at < PIECE_BYTES) this.#flush(stream, lines)
  }

  #flush(stream: LogLine['stream'], lines: LogLine[]): void {
    const pending = this.#pending[stream]
    if (!pending) return
    this.#pending[stream] = null
    const bytes = pending.pieces.length === 1 ? (pending.pieces[0] as Buffer) : Buffer.concat(pending.pieces)
    const line = this.#line(stream, pending.time, bytes, 0, bytes.length)
    lines.push(pending.cut && !line.cut ? { ...line, cut: true } : line)
  }

  #line(stream: LogLine['stream'], time: string, bytes: Buffer, at: number, till: number): LogLine {
    const cut = till - at > MOST_BYTES
    const text = bytes.toString('utf8', at, cut ? borderBefore(bytes, at, at + MOST_BYTES) : till)
    return { stream, time: this.#forward(time), text, cut }
  }

  /** Where a long line of one stream ended after a line of the other; a clock that was put back is believed. */
  #forward(time: string): string {
    if (time < this.#lastTime && this.#secondEndsMs - Date.parse(time) < LATE_MS) return this.#lastTime
    this.#lastTime = time
    if (time.startsWith(this.#second)) return time
    this.#second = time.slice(0, 19)
    this.#secondEndsMs = Date.parse(`${this.#second}Z`) + 1000
    return time
  }

  /** A stream without frames: every line that has ended. `seen` bytes are known to have no break. */
  #readBare(bytes: Buffer, seen: number, lines: LogLine[]): number {
    let at = 0
    let from = seen
    for (;;) {
      const found = bytes.indexOf(BREAK, from)
      if (found === -1) break
      if (this.#passing) this.#passing = false
      else this.#bareLine(bytes, at, found, lines)
      at = found + 1
      from = at
    }
    if (this.#passing) return bytes.length
    if (bytes.length - at < MOST_KEPT) return at
    this.#bareLine(bytes, at, bytes.length, lines)
    this.#passing = true
    return bytes.length
  }

  #bareLine(bytes: Buffer, begins: number, ends: number, lines: LogLine[]): void {
    const at = timeEnd(bytes, begins, ends)
    if (at === begins && this.#form === 'lines') return
    const time = at === begins ? this.#lastTime : toTime(bytes, begins, at)
    const till = this.#form === 'terminal' && ends > at && bytes[ends - 1] === RETURN ? ends - 1 : ends
    this.entries += 1 + (this.#form === 'lines' ? Math.floor((till - at) / LEAST_PIECE_BYTES) : 0)
    if (till - at <= PIECE_BYTES) return void lines.push(this.#line('stdout', time, bytes, at, till))
    const prefix = bytes.subarray(begins, at)
    const pieces: Buffer[] = []
    let from = at
    while (prefix.length > 0 && till - from > PIECE_BYTES) {
      const next = bytes.indexOf(prefix, from + PIECE_BYTES)
      if (next === -1 || next >= till || next > from + PIECE_BYTES + SPILL_BYTES) break
      pieces.push(bytes.subarray(from, next))
      this.entries += 1
      from = next + prefix.length
    }
    pieces.push(bytes.subarray(Math.min(from, till), till))
    const joined = Buffer.concat(pieces)
    lines.push(this.#line('stdout', time, joined, 0, joined.length))
  }
}

function keep(pending: Pending, bytes: Buffer, at: number, till: number): void {
  pending.size = till - at
  const room = MOST_BYTES + 1 - pending.bytes
  if (pending.size > room) pending.cut = true
  if (room <= 0) return
  const piece = Buffer.from(bytes.subarray(at, Math.min(till, at + room)))
  pending.pieces.push(piece)
  pending.bytes += piece.length
}

/** The last place up to `till` where no character is broken. */
function borderBefore(bytes: Buffer, from: number, till: number): number {
  let at = till
  while (at > from && at > till - 4 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at -= 1
  return at
}

/** Where the text begins, after a time and a space; `begins` where there is none. */
function timeEnd(bytes: Buffer, begins: number, ends: number): number {
  if (ends - begins >= PREFIX_BYTES && bytes[begins + TIME_CHARS] === 32 && isFixed(bytes, begins))
    return begins + PREFIX_BYTES
  const space = bytes.indexOf(32, begins)
  if (space === -1 || space >= ends || space - begins > 40) return begins
  return OTHER_TIME.test(bytes.toString('latin1', begins, space)) ? space + 1 : begins
}

function isFixed(bytes: Buffer, begins: number): boolean {
  return bytes[begins + 10] === 84 && bytes[begins + 19] === 46 && bytes[begins + 29] === 90
}

/** As other engines write it: fewer digits, another zone. */
const OTHER_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/

function toTime(bytes: Buffer, begins: number, textBegins: number): string {
  return toFixedTime(bytes.toString('latin1', begins, textBegins - 1))
}

/** A time of RFC 3339 in UTC with nine digits of a second, so that times compare as texts; what is none stays as it is. */
export function toFixedTime(text: string): string {
  if (text.length === TIME_CHARS && text.endsWith('Z')) return text
  const [, seconds, fraction = '', zone = 'Z'] = OTHER_TIME.exec(text) ?? []
  if (seconds === undefined) return text
  const at = new Date(`${seconds}${zone}`)
  return `${Number.isNaN(at.getTime()) ? seconds : at.toISOString().slice(0, 19)}.${fraction.padEnd(9, '0')}Z`
}
