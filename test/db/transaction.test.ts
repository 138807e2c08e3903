import t from 'tap'
import { callAtCommit, openDatabase, type Tx } from '../../src/db/index.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { newId } from '../../src/lib/ids.ts'
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

t.test('SQL and models are in the same transaction, whichever comes first', async (t) => {
  const names = async (tx: Tx) => (await tx.tenant.findMany({ where: { name: { in: ['sql', 'model'] } } })).length
  const work = db.transaction(async (tx) => {
    await tx.$executeRaw`INSERT INTO tenants (id, name) VALUES (${newId()}::uuid, 'sql')`
    t.equal(await names(tx), 1, 'the model sees what SQL wrote')
    await tx.tenant.create({ data: { id: newId(), name: 'model' } })
    t.match(await tx.$queryRaw`SELECT name FROM tenants WHERE name = 'model'`, [{ name: 'model' }])
    t.equal(await names(db.prisma), 0, 'nobody else sees either')
    throw new Error('no')
  })
  await t.rejects(work, { message: 'no' })
  t.equal(await names(db.prisma), 0, 'both are gone')
})

t.test('transactions that call models at the same time do not mix', async (t) => {
  const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  const seen = async (mine: string, me: 0 | 1) =>
    await db
      .transaction(async (tx) => {
        await tx.tenant.create({ data: { id: newId(), name: mine } })
        both[me].resolve()
        await both[me === 0 ? 1 : 0].promise
        const rows = await tx.tenant.findMany({ where: { name: { startsWith: 'mix-' } }, select: { name: true } })
        throw new AppError('conflict', { detail: rows.map(({ name }) => name).join() })
      })
      .catch((error: unknown) => (error instanceof AppError ? error.options.detail : error))
  t.same(await Promise.all([seen('mix-a', 0), seen('mix-b', 1)]), ['mix-a', 'mix-b'])
})

t.test('one whose failure in the database was caught on the way is no success', async (t) => {
  const work = db.transaction(async (tx) => {
    await tx.$executeRaw`INSERT INTO tenants (id, name) VALUES (${newId()}::uuid, 'swallowed')`
    await tx.$executeRaw`SELECT 1 / 0`.catch(() => {})
    return 'done'
  })
  await t.rejects(work, { message: /rolled back/ })
  t.equal(await db.prisma.tenant.count({ where: { name: 'swallowed' } }), 0)
})

t.test('a transaction gives its connection back, however it ends', async (t) => {
  const fails = [
    async (tx: Tx) => void (await tx.$executeRaw`SELECT 1 / 0`),
    async (tx: Tx) => void (await tx.tenant.create({ data: { id: acme.tenantId, name: 'twice' } })),
    async () => await Promise.reject(new Error('no')),
  ]
  for (const fail of [...fails, ...fails]) {
    await Promise.all(Array.from({ length: 25 }, async () => await t.rejects(db.transaction(fail))))
    await db.transaction(async (tx) => await tx.tenant.count())
  }
  t.match(db.connections(), { busy: 0, waiting: 0 })
})

t.test('what a transaction is asked for after its end is refused, and never runs on its connection', async (t) => {
  const late = [
    async (tx: Tx) => await tx.$executeRaw`INSERT INTO tenants (id, name) VALUES (${newId()}::uuid, 'late-sql')`,
    async (tx: Tx) => await tx.tenant.create({ data: { id: newId(), name: 'late-model' } }),
  ]
  for (const outcome of ['fails', 'succeeds'])
    for (const joins of [false, true]) {
      const ended = Promise.withResolvers<void>()
      const branches: Promise<unknown>[] = []
      const work = db.transaction(async (tx) => {
        if (joins) await tx.tenant.count()
        for (const ask of late) branches.push(ended.promise.then(async () => await ask(tx)))
        if (outcome === 'fails') throw new Error('no')
      })
      await (outcome === 'fails' ? t.rejects(work, { message: 'no' }) : work)
      const results = Promise.allSettled(branches)
      ended.resolve()
      t.match(
        await results,
        [{ status: 'rejected' }, { status: 'rejected' }],
        `${outcome}, ${joins ? 'joined' : 'SQL'}`,
      )
    }
  t.equal(await db.prisma.tenant.count({ where: { name: { startsWith: 'late-' } } }), 0)
  t.match(db.connections(), { busy: 0, waiting: 0 })
})

t.test('a statement is prepared once a connection, with its values as parameters', async (t) => {
  await db.transaction(async (tx) => {
    for (const value of ['a', "'; DROP TABLE tenants; --", null])
      t.same(await tx.$queryRaw`SELECT ${value}::text AS once`, [{ once: value }])
    const rows = await tx.$queryRaw<unknown[]>`
      SELECT statement FROM pg_prepared_statements WHERE statement LIKE ${'SELECT $1::text AS once'}`
    t.same(rows, [{ statement: 'SELECT $1::text AS once' }])
  })
})

t.test(
  'what is to be called last is called with the commit, after models too, and undoes all where it fails',
  async (t) => {
    await db.prisma.$executeRaw`
    CREATE FUNCTION note(given jsonb) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      IF given ->> 'refuse' IS NOT NULL THEN RAISE EXCEPTION 'refused'; END IF;
      UPDATE tenants SET display_name = given ->> 'text' WHERE name = given ->> 'tenant';
    END $$`
    const text = "it's 'quoted' \\ and; --"
    const make = async (name: string, more: object): Promise<void> =>
      await db.transaction(async (tx) => {
        callAtCommit(tx, 'note', () => JSON.stringify({ tenant: name, text, ...more }))
        await tx.tenant.create({ data: { id: newId(), name } })
      })
    await make('noted', {})
    t.match(await db.prisma.tenant.findUnique({ where: { name: 'noted' } }), { displayName: text })
    await t.rejects(make('unnoted', { refuse: true }))
    t.equal(await db.prisma.tenant.findUnique({ where: { name: 'unnoted' } }), null)
    await make('after', {})
    t.ok(await db.prisma.tenant.findUnique({ where: { name: 'after' } }), 'its connection serves the next one')
  },
)

t.test('there is nothing to call last outside of a transaction, or after one', async (t) => {
  t.throws(() => callAtCommit(db.prisma, 'note', () => '{}'), TypeError)
  const left: { tx: Tx | null } = { tx: null }
  await db.transaction(async (tx) => void (left.tx = tx))
  const { tx } = left
  if (tx) t.throws(() => callAtCommit(tx, 'note', () => '{}'), TypeError)
})
