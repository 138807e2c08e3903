import t from 'tap'
import { openDatabase } from '../../src/db/index.ts'
import { prune } from '../../src/db/retention.ts'
import { newId } from '../../src/lib/ids.ts'
import { labDatabase, quiet } from '../lab/database.ts'
import { insertApp, insertOperation, insertRelease } from './rows.ts'

const { url } = await labDatabase(t)
const db = await openDatabase({ url, log: quiet })
t.teardown(() => db.close())
const { prisma } = db
const retention = { operationsDays: 90, releases: 3, eventsDays: 30, idempotencyHours: 24 }
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
  t.same(await prune(db, retention), { operations: 0, idempotencyRecords: 0, releases: 0, events: 0 })
})

t.test('it stops when it is told to', async (t) => {
  await t.rejects(prune(db, retention, { signal: AbortSignal.abort(new Error('stop')) }), { message: 'stop' })
})

t.test(
  'events go after their days with what was to be delivered of them, and the floors say up to which',
  async (t) => {
    const PLATFORM = '00000000-0000-0000-0000-000000000000'
    const event = async (tenantId: string | null, daysAgo: number) => {
      const createdAt = new Date(Date.now() - daysAgo * 86_400_000)
      return (await prisma.event.create({ data: { tenantId, type: 'app.created', createdAt } })).id
    }
    const webhook = await prisma.webhook.create({
      data: {
        id: newId(),
        tenantId: acme.tenantId,
        url: 'https://x.example',
        secret: new Uint8Array(),
        createdBy: 'a',
      },
    })
    const first = await event(acme.tenantId, 40)
    await prisma.webhookDelivery.create({ data: { webhookId: webhook.id, eventId: first } })
    await event(globex.tenantId, 33)
    const ofPlatform = await event(null, 32)
    const ofAcme = await event(acme.tenantId, 31)
    const kept = [await event(acme.tenantId, 29), await event(null, 0)]
    t.match(await prune(db, retention, { batchSize: 2 }), { events: 4 })
    const left = await prisma.event.findMany({ orderBy: { id: 'asc' } })
    t.same(
      left.map(({ id }) => id),
      kept,
    )
    t.equal(await prisma.webhookDelivery.count(), 0)
    const floors = new Map((await prisma.eventFloor.findMany()).map(({ tenantId, eventId }) => [tenantId, eventId]))
    t.equal(floors.size, 3)
    t.equal(floors.get(acme.tenantId), ofAcme)
    t.equal(floors.get(PLATFORM), ofPlatform)
  },
)

t.test('servers that prune at once neither fail nor leave any', async (t) => {
  const createdAt = new Date(Date.now() - 40 * 86_400_000)
  const tenants = [acme.tenantId, globex.tenantId, null]
  await prisma.event.createMany({
    data: Array.from({ length: 300 }, (_, index) => ({
      tenantId: tenants[index % 3] ?? null,
      type: 'app.created',
      createdAt,
    })),
  })
  await prisma.$executeRaw`UPDATE events SET created_at = ${createdAt} WHERE created_at > ${createdAt}`
  await Promise.all(Array.from({ length: 4 }, () => prune(db, retention, { batchSize: 10 })))
  await prune(db, retention)
  t.equal(await prisma.event.count(), 0)
})
