import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import t from 'tap'
import { CHANNELS, type Database, openDatabase } from '../../../src/db/index.ts'
import { newId } from '../../../src/lib/ids.ts'
import { Answerer, createQuestions, pruneQuestions } from '../../../src/modules/questions/index.ts'
import { labDatabase, quiet } from '../../lab/database.ts'
import { eventually } from '../../lab/run.ts'

const log = pino({ level: 'silent' })
const { url } = await labDatabase(t)
const db = await openDatabase({ url, log: quiet })
t.teardown(async () => await db.close())
const [hostId, workerId] = [newId(), randomUUID()]
await db.prisma.host.create({
  data: {
    id: hostId,
    name: 'h1',
    kind: 'docker',
    endpoint: new Uint8Array(),
    transport: { type: 'tcp' },
    observerId: workerId,
    observerUntil: new Date(Date.now() + 3_600_000),
  },
})
const questions = createQuestions({ db, log: quiet })
t.teardown(async () => await questions.close())
const freely = new AbortController().signal
const ask = async (question: unknown, more = {}) =>
  await questions.ask({ hostId, kind: 'echo', question, signal: freely, ...more })
const left = async () => await db.prisma.workerQuestion.count()

type Kinds = Record<string, (question: unknown, hostId: string) => unknown>
async function answerer(t: { teardown(work: () => Promise<void>): void }, kinds: Kinds, of: Database = db) {
  const made = new Answerer({ db: of, log, workerId, kinds })
  await made.start()
  t.teardown(async () => await made.stop())
  return made
}

t.test('a question is answered by the worker of its host, as JSON, and nothing is left', async (t) => {
  await answerer(t, { echo: (question, host) => ({ question, host }) })
  for (const question of [{ a: [1, 'x'] }, null, 'text', []]) t.same(await ask(question), { question, host: hostId })
  const at = performance.now()
  const many = await Promise.all(Array.from({ length: 50 }, async (_, index) => await ask(index)))
  t.same(
    many,
    Array.from({ length: 50 }, (_, index) => ({ question: index, host: hostId })),
  )
  t.comment(`50 at once: ${(performance.now() - at).toFixed(0)} ms`)
  t.equal(await left(), 0)
})

t.test('an answer of null is one', async (t) => {
  await answerer(t, { echo: () => null })
  t.equal(await ask('x'), null)
})

t.test('two that answer for one worker: each question has one answer', async (t) => {
  const made = { one: 0, two: 0 }
  await answerer(t, { echo: () => (made.one += 1) })
  await answerer(t, { echo: () => (made.two += 1) })
  const written: string[] = []
  const heard = await db.listen(CHANNELS.answer, (id) => void written.push(id ?? ''))
  await Promise.all(Array.from({ length: 20 }, async (_, index) => await ask(index)))
  await eventually('all were told', () => written.length >= 20)
  t.equal(new Set(written).size, written.length, 'and is told once')
  await heard.close()
})

t.test('what fails, or nobody knows, is not answered: unavailable after the time that was given', async (t) => {
  const answers = await answerer(t, {
    echo: () => {
      throw new Error('a secret')
    },
  })
  await t.rejects(ask('x', { deadlineMs: 300 }), { code: 'unavailable', message: /did not answer within 0.3 s/ })
  await t.rejects(ask('x', { deadlineMs: 300, kind: 'none' }), { code: 'unavailable' })
  await answers.stop()
  await t.rejects(ask('x', { deadlineMs: 300 }), { code: 'unavailable' })
  t.equal(await left(), 0)
})

t.test('a host that nobody observes, or that is not there, is unavailable at once', async (t) => {
  const at = performance.now()
  await t.rejects(ask('x', { hostId: newId() }), { code: 'unavailable', message: /no worker/ })
  await db.prisma.host.update({ where: { id: hostId }, data: { observerUntil: new Date(0) } })
  await t.rejects(ask('x'), { code: 'unavailable', message: /no worker/ })
  t.ok(performance.now() - at < 1500)
  await db.prisma.host.update({ where: { id: hostId }, data: { observerUntil: new Date(Date.now() + 3_600_000) } })
})

t.test('who goes away asks no more; a process that stops lets go of its questions', async (t) => {
  const gone = new AbortController()
  const asked = ask('x', { signal: gone.signal, deadlineMs: 60_000 })
  await eventually('it is asked', async () => (await left()) === 1)
  const reason = new Error('gone')
  gone.abort(reason)
  await t.rejects(asked, reason)
  t.equal(await left(), 0)
  await t.rejects(ask('x', { signal: gone.signal }), reason)
  const other = createQuestions({ db, log: quiet })
  const waiting = other.ask({ hostId, kind: 'echo', question: 1, deadlineMs: 60_000, signal: freely })
  const refused = t.rejects(waiting, { code: 'unavailable' })
  await eventually('it is asked', async () => (await left()) === 1)
  await other.close()
  await refused
  t.equal(await left(), 0)
})

t.test('a lost notification costs a second; what a dead asker left is pruned, and answered by nobody', async (t) => {
  const answered: unknown[] = []
  await answerer(
    t,
    {
      echo(question) {
        answered.push(question)
        return 'ok'
      },
    },
    {
      ...db,
      listen: async () => ({ close: async () => {} }),
    },
  )
  t.equal(await ask('quiet'), 'ok')
  await db.prisma.workerQuestion.create({
    data: { id: newId(), hostId, kind: 'echo', question: 'old', createdAt: new Date(Date.now() - 120_000) },
  })
  t.equal(await ask('quiet again'), 'ok')
  t.same(answered, ['quiet', 'quiet again'])
  t.equal(await pruneQuestions(db.prisma), 1)
  t.equal(await left(), 0)
})
