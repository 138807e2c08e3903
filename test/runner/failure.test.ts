import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import t from 'tap'
import { insertApp, insertQueued } from './rows.ts'
import { openDatabase } from '../../src/db/index.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { overdueError } from '../../src/runner/attempt.ts'
import { errorOfStep, toOperationError } from '../../src/runner/failure.ts'
import { claim, finish, writeSteps } from '../../src/runner/queue.ts'
import { labDatabase } from '../lab/database.ts'

t.test('whatever a container or an engine says, the operation ends and its error is kept', async (t) => {
  const { url } = await labDatabase(t)
  const db = await openDatabase({ url, log: pino({ level: 'silent' }) })
  t.teardown(async () => await db.close())
  const said = ['a\u0000b', 'half \ud83e', '\udda6 half', 'x'.repeat(16_382) + '🦭'.repeat(500_000)]
  for (const [at, detail] of said.entries()) {
    const id = await insertQueued(db, await insertApp(db, 'acme', `app-${at}`))
    const owner = randomUUID()
    const attempt = (await claim(db.prisma, owner, []))?.attempt ?? 0
    const fence = { operationId: id, owner, attempt }
    const step = { seq: 1, key: 'k', host: 'h1', service: null, action: 'pull_image', target: 'x', cause: 'test' }
    await writeSteps(db.prisma, fence, { begun: [step], ended: [] })
    const ended = { seq: 1, status: 'failed', message: detail } as const
    t.equal(await writeSteps(db.prisma, fence, { begun: [], ended: [ended] }), true)
    const error = toOperationError(new AppError('crash_loop', { detail }))
    t.equal(await db.transaction(async (tx) => await finish(tx, fence, 'failed', error)), true)
    const row = await db.prisma.operation.findUniqueOrThrow({ where: { id } })
    t.match(row, { status: 'failed', error: { code: 'crash_loop' } })
    t.ok(error.message.isWellFormed() && error.message.length <= 16_384)
  }
})

t.test(
  'an operation that waited too long tells what it last waited for, and without that deadline_exceeded',
  async (t) => {
    const away = new AppError('host_unreachable', { detail: 'h1 does not answer' })
    t.match(overdueError(away), { code: 'host_unreachable', message: 'h1 does not answer' })
    t.match(overdueError(new Error('a secret of the inside')), {
      code: 'deadline_exceeded',
      message: 'the operation made no progress for too long',
    })
  },
)

t.test('an error names the container of its step, and an image is none', async (t) => {
  const error = new AppError('image_not_found', { detail: 'x is not there' })
  const at = { host: 'h1', service: 'web' }
  t.same(toOperationError(errorOfStep(error, { ...at, instance: null })), {
    code: 'image_not_found',
    message: 'x is not there',
    host: 'h1',
    service: 'web',
  })
  t.match(toOperationError(errorOfStep(error, { ...at, instance: 'web-1' })), { instance: 'web-1' })
})
