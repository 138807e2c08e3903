import t from 'tap'
import { openDatabase } from '../../src/db/index.ts'
import { prune } from '../../src/db/retention.ts'
import { labDatabase, quiet } from '../lab/database.ts'
import { insertApp, insertOperation, insertRelease } from './rows.ts'

const { url } = await labDatabase(t)
const db = await openDatabase({ url, log: quiet })
t.teardown(() => db.close())
const { prisma } = db
const retention = { operationsDays: 90, releases: 3, idempotencyHours: 24 }
const acme = await insertApp(prisma, 'acme')
const globex = await insertApp(prisma, 'globex')

t.test('ended operations go with their steps after their days, others stay', async (t) => {
  const old = { status: 'succeeded', finishedDaysAgo: 91 }
  const gone: string[] = []
  for (let count = 0; count < 5; count += 1) gone.push(await insertOperation(prisma, count % 2 ? acme : globex, old))
  const parent = await insertOperation(prisma, acme, old)
  const kept = [
    parent,
    await insertOperation(prisma, globex, { parentId: parent }),
    await insertOperation(prisma, acme, { status: 'failed', finishedDaysAgo: 89 }),
    await insertOperation(prisma, acme, { status: 'running' }),
  ]
  for (const operationId of [...gone, ...kept]) {
    const step = {
      operationId,
      seq: 1,
      attempt: 1,
      key: 'k',
      host: 'h',
      action: 'a',
      target: 't',
      cause: 'c',
      status: 'succeeded',
    }
    await prisma.step.create({ data: step })
  }
  t.match(await prune(db, retention, { batchSize: 2 }), { operations: gone.length })
  const left = await prisma.operation.findMany({ select: { id: true } })
  t.same(left.map(({ id }) => id).toSorted(), kept.toSorted())
  t.equal(await prisma.step.count(), kept.length)
  await prisma.operation.deleteMany()
})

t.test('idempotency records go after their hours', async (t) => {
  const record = (key: string, hoursAgo: number) =>
    prisma.idempotencyRecord.create({
      data: {
        principal: 'p',
        method: 'PUT',
        path: '/',
        key,
        requestHash: 'h',
        status: 200,
        body: new Uint8Array([1]),
        createdAt: new Date(Date.now() - hoursAgo * 3_600_000),
      },
    })
  await Promise.all([record('a', 25), record('b', 26), record('c', 27), record('d', 23)])
  t.match(await prune(db, retention, { batchSize: 2 }), { idempotencyRecords: 3 })
  t.same(await prisma.idempotencyRecord.findMany({ select: { key: true } }), [{ key: 'd' }])
})

t.test('the newest releases of each app stay, and those that something speaks of', async (t) => {
  for (let number = 1; number <= 12; number += 1) await insertRelease(prisma, acme, number)
  for (const number of [1, 2, 3]) await insertRelease(prisma, globex, number)
  await prisma.app.update({ where: { id: acme.appId }, data: { wantedRelease: 2, good: { release: 4 } } })
  await insertOperation(prisma, acme, { patch: { release: 5 } })
  await insertOperation(prisma, acme, { release: 6, status: 'running' })
  await insertOperation(prisma, acme, { release: 7, status: 'succeeded', finishedDaysAgo: 1 })
  t.match(await prune(db, retention, { batchSize: 2 }), { releases: 5 })
  const numbers = async (appId: string) =>
    (await prisma.release.findMany({ where: { appId }, orderBy: { number: 'asc' } })).map(({ number }) => number)
  t.same(await numbers(acme.appId), [2, 4, 5, 6, 10, 11, 12])
  t.same(await numbers(globex.appId), [1, 2, 3])
  t.same(await prune(db, retention), { operations: 0, idempotencyRecords: 0, releases: 0 })
})

t.test('it stops when it is told to', async (t) => {
  await t.rejects(prune(db, retention, { signal: AbortSignal.abort(new Error('stop')) }), { message: 'stop' })
})
