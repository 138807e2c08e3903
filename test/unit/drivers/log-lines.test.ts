import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { LogLines, toFixedTime } from '../../../src/drivers/log-lines.ts'
import type { LogLine } from '../../../src/drivers/index.ts'

const PIECE = 16 * 1024
const MOST = 64 * 1024

interface Message {
  readonly stream: 'stdout' | 'stderr'
  readonly time: string
  readonly payload: Buffer
}

const timeOf = (nth: number): string => `2026-11-23T08:16:22.${String(nth).padStart(9, '0')}Z`

/** As an engine writes it: a frame a message, or bare with a terminal. */
function toBytes(messages: readonly Message[], terminal: boolean): Buffer {
  return Buffer.concat(
    messages.flatMap(({ stream, time, payload }) => {
      const text = Buffer.concat([Buffer.from(`${time} `), payload])
      if (terminal) return [text]
      const header = Buffer.alloc(8)
      header.writeUInt8(stream === 'stderr' ? 2 : 1, 0)
      header.writeUInt32BE(text.length, 4)
      return [header, text]
    }),
  )
}

/** A line as an engine breaks it: pieces of 16 KiB with one time. */
function toMessages(stream: Message['stream'], time: string, line: Buffer): Message[] {
  const messages: Message[] = []
  for (let at = 0; at + PIECE <= line.length; at += PIECE)
    messages.push({ stream, time, payload: line.subarray(at, at + PIECE) })
  const last = line.subarray(messages.length * PIECE)
  return [...messages, { stream, time, payload: Buffer.concat([last, Buffer.from('\n')]) }]
}

function read(bytes: Buffer, terminal: boolean, sizes: readonly number[] = [bytes.length]): LogLine[] {
  const decoder = new LogLines(terminal ? 'terminal' : 'frames')
  const lines: LogLine[] = []
  for (let at = 0, nth = 0; at < bytes.length; nth++) {
    const size = Math.max(1, sizes[nth % sizes.length] ?? 1)
    lines.push(...decoder.push(bytes.subarray(at, at + size)))
    at += size
  }
  return [...lines, ...decoder.end()]
}

const anyText = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 * PIECE }).map((size) => 'x'.repeat(size)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\u001b[31mred\u001b[0m', '', ' ', '2026-11-23T08:16:22.000000001Z', '🦭'.repeat(9000)),
  },
)
const anyLine = fc.record({ stream: fc.constantFrom('stdout' as const, 'stderr' as const), text: anyText })
const anySizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 70_000 })), {
  minLength: 1,
})

for (const terminal of [false, true]) {
  void t.test(
    `however a stream ${terminal ? 'of a terminal' : 'of frames'} is cut, its lines are the same`,
    async (t) => {
      fc.assert(
        fc.property(fc.array(anyLine, { maxLength: 12 }), anySizes, (lines, sizes) => {
          const clean = lines.map(({ stream, text }) => ({ stream, text: text.replaceAll(/[\r\n]/g, '') }))
          const bytes = toBytes(
            clean.flatMap(({ stream, text }, nth) => toMessages(stream, timeOf(nth), Buffer.from(text))),
            terminal,
          )
          const got = read(bytes, terminal, sizes)
          const wanted = clean.map(({ stream, text }, nth) => ({
            stream: terminal ? 'stdout' : stream,
            time: timeOf(nth),
            text: cutText(text),
            cut: Buffer.byteLength(text) > MOST,
          }))
          return isDeepStrictEqual(got, wanted)
        }),
        { numRuns: 150 },
      )
      t.pass()
    },
  )
}

/** As many whole characters as there is room for. */
function cutText(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= MOST) return text
  const whole = bytes
    .subarray(0, MOST)
    .toString()
    .replace(/\ufffd+$/u, '')
  return whole
}

void t.test('rubbish is taken without an error, and the memory that it costs is bounded', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), anySizes, (bytes, terminal, sizes) => {
      for (const { text, time } of read(Buffer.from(bytes), terminal, sizes)) {
        if (typeof text !== 'string' || typeof time !== 'string') return false
      }
      return true
    }),
  )
  const endless = Buffer.alloc(1_000_000, 'x')
  for (const terminal of [false, true]) {
    const decoder = new LogLines(terminal ? 'terminal' : 'frames')
    const header = Buffer.from([1, 0, 0, 0, 255, 255, 255, 255])
    const lines = decoder.push(terminal ? endless : Buffer.concat([header, endless]))
    for (let nth = 0; nth < 200; nth++) lines.push(...decoder.push(endless))
    lines.push(...decoder.end())
    t.match(lines, [{ cut: true, text: 'x'.repeat(MOST) }], 'one line, cut')
  }
  t.end()
})

void t.test(
  'a long line of one stream keeps what the other writes meanwhile apart, and no time goes back',
  async (t) => {
    const line = (stream: Message['stream'], nth: number, text: string) =>
      toMessages(stream, timeOf(nth), Buffer.from(text))
    const long = line('stdout', 1, 'a'.repeat(40_000))
    const [first, ...others] = long
    const bytes = toBytes(
      [...(first ? [first] : []), ...line('stderr', 2, 'between'), ...others, ...line('stdout', 3, 'z')],
      false,
    )
    t.strictSame(
      read(bytes, false, [1000]).map(({ stream, time, text }) => [stream, time, text.length]),
      [
        ['stderr', timeOf(2), 7],
        ['stdout', timeOf(2), 40_000],
        ['stdout', timeOf(3), 1],
      ],
    )
    t.end()
  },
)

void t.test(
  "bytes that are no UTF-8 become U+FFFD, a last line needs no break, a carriage return is only a terminal's",
  async (t) => {
    const message = (payload: Buffer | string): Message => ({
      stream: 'stdout',
      time: timeOf(1),
      payload: Buffer.from(payload),
    })
    t.match(read(toBytes([message(Buffer.from([0xff, 0x41, 0xc3, 10]))], false), false), [{ text: '\ufffdA\ufffd' }])
    t.match(read(toBytes([message('abc')], false), false), [{ text: 'abc' }])
    t.match(read(toBytes([message('abc')], true), true), [{ text: 'abc' }])
    t.match(read(toBytes([message('abc\r\n')], false), false), [{ text: 'abc\r' }])
    t.match(read(toBytes([message('abc\r\n')], true), true), [{ text: 'abc' }])
    t.end()
  },
)

void t.test('times of other engines become those of this one, and nothing else is taken for a time', async (t) => {
  t.equal(toFixedTime('2026-11-23T10:16:22.5+02:00'), '2026-11-23T08:16:22.500000000Z')
  t.equal(toFixedTime('2026-11-23T08:16:22Z'), '2026-11-23T08:16:22.000000000Z')
  t.equal(toFixedTime('2026-11-23T08:16:22.123456789Z'), '2026-11-23T08:16:22.123456789Z')
  t.equal(toFixedTime('yesterday'), 'yesterday')
  t.end()
})

void t.test('bare lines are kept as they are, and what has no time is none of the program', async (t) => {
  const decoder = new LogLines('lines')
  const zone = '2026-11-23T10:16:22.0000000+02:00'
  const lines = [
    ...decoder.push(
      Buffer.from(`unable to retrieve container logs\n${timeOf(1)} ends with a return\r\n${timeOf(2)} \n`),
    ),
    ...decoder.push(Buffer.from(`${zone} ${'x'.repeat(9000)}\nrpc error: it went away\n${timeOf(3)} not ended`)),
    ...decoder.end(),
  ]
  t.strictSame(
    lines.map(({ time, text, stream }) => [stream, time, text.length > 100 ? text.length : text]),
    [
      ['stdout', timeOf(1), 'ends with a return\r'],
      ['stdout', timeOf(2), ''],
      ['stdout', timeOf(2), 9000],
      ['stdout', timeOf(3), 'not ended'],
    ],
  )
  t.equal(decoder.entries, 6, 'the long one may have been three pieces')
})
