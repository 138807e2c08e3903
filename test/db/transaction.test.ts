import t from 'tap'
import { openDatabase } from '../../src/db/index.ts'
import { labDatabase, quiet } from '../lab/database.ts'
import { insertApp } from './rows.ts'

const db = await openDatabase({ url: (await labDatabase(t)).url, log: quiet })
t.teardown(() => db.close())
const acme = await insertApp(db.prisma, 'acme')
const globex = await insertApp(db.prisma, 'globex')

t.test('a transaction that throws leaves nothing, and its error is passed on', async (t) => {
  const failure = new Error('no')
  const work = db.transaction(async (tx) => {
    await insertApp(tx, 'initech')
    throw failure
  })
  await t.rejects(work, failure)
  t.equal(await db.prisma.tenant.count({ where: { name: 'initech' } }), 0)
})

t.test('it is READ COMMITTED', async (t) => {
  const level = await db.transaction(
    (tx) => tx.$queryRaw<unknown[]>`SELECT current_setting('transaction_isolation') AS level`,
  )
  t.same(level, [{ level: 'read committed' }])
})

t.test('of two that meet in a deadlock both come through', async (t) => {
  const ready = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  let runs = 0
  const add = (mine: string, other: string, me: 0 | 1) =>
    db.transaction(async (tx) => {
      runs += 1
      await tx.tenant.update({ where: { id: mine }, data: { version: { increment: 1 } } })
      ready[me].resolve()
      await ready[me === 0 ? 1 : 0].promise
      await tx.tenant.update({ where: { id: other }, data: { version: { increment: 1 } } })
    })
  await Promise.all([add(acme.tenantId, globex.tenantId, 0), add(globex.tenantId, acme.tenantId, 1)])
  t.equal(runs, 3, 'one of them ran twice')
  t.same(await db.prisma.tenant.findMany({ select: { version: true } }), [{ version: 3 }, { version: 3 }])
})

t.test('one that never gets through gives up after five attempts', async (t) => {
  let runs = 0
  const work = db.transaction(async (tx) => {
    runs += 1
    await tx.$executeRaw`DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''40001''; END'`
  })
  await t.rejects(work)
  t.equal(runs, 5)
})
