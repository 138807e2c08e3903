import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import type { Driver, LogLine, LogOptions } from '../../../src/drivers/index.ts'
import { AppError } from '../../../src/errors/app-error.ts'
import { CursorWriter, readCursor } from '../../../src/modules/logs/log-cursor.ts'
import { merged, WINDOW_MS } from '../../../src/modules/logs/log-merge.ts'
import { Bell, type LogRecord } from '../../../src/modules/logs/log-records.ts'
import { type LogOrigin, LogSource } from '../../../src/modules/logs/log-source.ts'
import { eventually } from '../../lab/run.ts'

const timeOf = (nth: number): string => `2026-11-23T08:16:22.${String(nth).padStart(9, '0')}Z`
const lineOf = (nth: number, text = String(nth)): LogLine => ({ stream: 'stdout', time: timeOf(nth), text, cut: false })

type Logs = (wanted: LogOptions, signal: AbortSignal) => AsyncIterable<readonly LogLine[]>

function originOf(nth: number): LogOrigin {
  const id = `01a2078e-e01a-73a9-ad66-${String(nth).padStart(12, '0')}`
  const state = { state: 'running', startedAt: null, createdAt: null }
  return { id, name: `web-${nth}`, service: 'web', nativeId: id, hostId: 'h', ...state }
}

/** Sources over hand-made logs, and what is merged of them. */
function merging(logs: readonly Logs[], { follow = false, tail = Infinity } = {}) {
  const over = new AbortController()
  const { signal } = over
  const bell = new Bell(signal)
  const sources = new Set(
    logs.map(
      (one, nth) =>
        new LogSource({
          ...{ origin: originOf(nth), start: { tail }, follow, signal, bell },
          connect: async () =>
            ({
              logs: (_: string, wanted: LogOptions, call: { signal: AbortSignal }) => one(wanted, call.signal),
            }) as unknown as Driver,
        }),
    ),
  )
  const batches = merged({ sources, tail, follow, bell, signal, isOver: () => !follow })
  return { sources, batches, end: () => over.abort() }
}

async function* inBatches(lines: readonly LogLine[], size: number): AsyncGenerator<readonly LogLine[]> {
  for (let at = 0; at < lines.length; at += size) yield lines.slice(at, at + size)
}

const untilAborted = async (signal: AbortSignal): Promise<void> =>
  await new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

async function textsOf(batches: AsyncIterable<readonly LogRecord[]>): Promise<string[]> {
  const texts: string[] = []
  for await (const batch of batches) texts.push(...batch.map(textOf))
  return texts
}

function textOf(record: LogRecord): string {
  return record.kind === 'line' ? record.line.text : `${record.notice.code}: ${record.notice.message}`
}

void t.test(
  'whatever the logs and their batches, what was there is merged in order, and the tail is its end',
  async (t) => {
    const anyLogs = fc.array(fc.array(fc.integer({ min: 0, max: 999 }), { maxLength: 30 }), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(
        anyLogs,
        fc.integer({ min: 1, max: 7 }),
        fc.option(fc.integer({ min: 1, max: 20 })),
        async (all, size, wanted) => {
          const logs = all.map((times) => times.toSorted((a, b) => a - b).map((nth) => lineOf(nth)))
          const tail = wanted ?? Infinity
          const { batches } = merging(
            logs.map(
              (lines) =>
                ({ tail: most }) =>
                  inBatches(most === Infinity ? lines : lines.slice(-most), size),
            ),
            { tail },
          )
          const got = (await textsOf(batches)).map(Number)
          const sorted = logs
            .flat()
            .map(({ text }) => Number(text))
            .toSorted((a, b) => a - b)
          t.strictSame(got, tail === Infinity ? sorted : sorted.slice(-tail))
        },
      ),
      { numRuns: 60 },
    )
  },
)

void t.test(
  'while logs are followed, a line waits for an earlier one of another instance, but not for a silent one',
  async (t) => {
    const speak = Promise.withResolvers<void>()
    const late: Logs = async function* (_, signal) {
      yield []
      await speak.promise
      await delay(WINDOW_MS / 4)
      yield [lineOf(1)]
      await untilAborted(signal)
    }
    const early: Logs = async function* (_, signal) {
      yield []
      await speak.promise
      yield [lineOf(2)]
      await untilAborted(signal)
    }
    const silent: Logs = async function* (_, signal) {
      yield []
      await untilAborted(signal)
    }
    const { batches, end } = merging([early, late, silent], { follow: true })
    const texts: string[] = []
    const reading = (async () => {
      for await (const batch of batches) texts.push(...batch.map(textOf))
    })()
    speak.resolve()
    await eventually('both came', () => texts.length === 2, 5000)
    t.strictSame(texts, ['1', '2'])
    end()
    await reading
  },
)

void t.test(
  'an instance is read no further than the reader takes, and others do not wait for one that writes a lot',
  async (t) => {
    let pulled = 0
    const flood: Logs = async function* () {
      yield []
      for (;;) {
        pulled += 1
        yield Array.from({ length: 500 }, (_, nth) => lineOf(pulled * 500 + nth, 'x'.repeat(100)))
      }
    }
    const silent: Logs = async function* (_, signal) {
      yield []
      await untilAborted(signal)
    }
    const { batches, end } = merging([flood, silent], { follow: true })
    const iterator = batches[Symbol.asyncIterator]()
    await iterator.next()
    await delay(100)
    t.ok(pulled <= 6, `${pulled} batches for a reader that took one`)
    const began = performance.now()
    for (let lines = 0; lines < 100_000;) lines += ((await iterator.next()).value as readonly LogRecord[]).length
    t.ok(performance.now() - began < 10_000, 'not one window for each batch')
    end()
    await iterator.return(undefined)
  },
)

void t.test('a host that is away is told of once, and its log goes on where it was', async (t) => {
  const wishes: LogOptions[] = []
  const breaking: Logs = async function* (wanted, signal) {
    wishes.push(wanted)
    if (wishes.length === 1) {
      yield [lineOf(1), lineOf(2), lineOf(2, 'the same time')]
      yield []
    }
    if (wishes.length <= 3) throw new AppError('host_unreachable', { detail: 'it is away' })
    yield [lineOf(3)]
    yield []
    await untilAborted(signal)
  }
  const { batches, end } = merging([breaking], { follow: true, tail: 10 })
  const texts: string[] = []
  const reading = (async () => {
    for await (const batch of batches) texts.push(...batch.map(textOf))
  })()
  await eventually('it goes on', () => texts.includes('3'))
  t.strictSame(texts, ['1', '2', 'the same time', 'host_unreachable: it is away', '3'])
  t.match(wishes[0], { tail: 10, follow: true })
  t.match(wishes.at(-1), { after: { time: timeOf(2), lines: 2 } })
  end()
  await reading
})

void t.test('a mistake of ours ends the stream as one', async (t) => {
  const broken: Logs = () => {
    throw new TypeError('no such thing')
  }
  await t.rejects(textsOf(merging([broken]).batches), /could not be read/)
})

void t.test('a cursor says where each instance is, with lines of one time counted', async (t) => {
  const writer = new CursorWriter()
  const record = (nth: number, line: LogLine) => ({ kind: 'line' as const, instance: originOf(nth), line })
  writer.after(record(1, lineOf(1)))
  writer.after(record(1, lineOf(5)))
  writer.after(record(2, lineOf(5)))
  const text = writer.after(record(1, lineOf(5)))
  t.match(text, /^[0-9a-z.-]+$/)
  const { floor, positions } = readCursor(text, '/x')
  t.equal(floor, timeOf(1))
  t.strictSame(
    [...positions.values()],
    [
      { time: timeOf(5), lines: 2 },
      { time: timeOf(5), lines: 1 },
    ],
  )
  const again = new CursorWriter(readCursor(text, '/x'))
  t.match(readCursor(again.after(record(1, lineOf(5))), '/x').positions.get('000000000001'), { lines: 3 })
  let longest = ''
  for (let nth = 0; nth < 1000; nth++) longest = writer.after(record(nth, lineOf(nth)))
  t.ok(longest.length < 8192, 'it fits into a header, however many instances there were')
  t.equal(readCursor(longest, '/x').positions.size, 200)
})
