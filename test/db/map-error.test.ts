import pg from 'pg'
import t from 'tap'
import {
  isForeignKeyViolation,
  isUnavailable,
  isUniqueViolation,
  mapDbError,
  openDatabase,
} from '../../src/db/index.ts'
import { isRetryConflict } from '../../src/db/map-error.ts'
import { AppError, isAppError } from '../../src/errors/app-error.ts'
import { newId } from '../../src/lib/ids.ts'
import { labDatabase, quiet } from '../lab/database.ts'
import { insertApp } from './rows.ts'

const { url } = await labDatabase(t)
const db = await openDatabase({ url, log: quiet })
t.teardown(() => db.close())
const { prisma } = db
const acme = await insertApp(prisma, 'acme')

const caught = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (error: unknown) => error,
  )

const codeOf = (error: unknown) => {
  const mapped = mapDbError(error)
  return mapped instanceof AppError ? mapped.code : mapped
}

t.test('a unique violation is already_exists, by Prisma, by raw SQL and by pg alike', async (t) => {
  const pool = new pg.Pool({ connectionString: url })
  t.teardown(() => pool.end())
  const insert = `INSERT INTO tenants (id, name) VALUES ($1::uuid, 'acme')`
  for (const error of [
    await caught(prisma.tenant.create({ data: { id: newId(), name: 'acme' } })),
    await caught(prisma.$executeRawUnsafe(insert, newId())),
    await caught(prisma.$queryRawUnsafe(`${insert} RETURNING id`, newId())),
    await caught(db.transaction((tx) => tx.tenant.create({ data: { id: newId(), name: 'acme' } }))),
    await caught(pool.query(insert, [newId()])),
  ]) {
    t.equal(codeOf(error), 'already_exists')
    t.ok(isUniqueViolation(error, 'tenants_name_key'))
    t.notOk(isUniqueViolation(error, 'tenants_pkey'))
    t.ok(isUniqueViolation(mapDbError(error), 'tenants_name_key'), 'also once it is mapped')
  }
})

t.test('the caller says what exists', async (t) => {
  const error = await caught(prisma.tenant.create({ data: { id: newId(), name: 'acme' } }))
  t.match(mapDbError(error, { exists: 'the tenant acme exists' }), { message: 'the tenant acme exists' })
})

t.test('foreign keys and checks are a conflict', async (t) => {
  const orphan = await caught(prisma.app.create({ data: { id: newId(), tenantId: newId(), name: 'x' } }))
  t.equal(codeOf(orphan), 'conflict')
  t.ok(isForeignKeyViolation(orphan, 'apps_tenant_id_fkey'))
  t.equal(codeOf(await caught(prisma.$executeRaw`DELETE FROM tenants WHERE id = ${acme.tenantId}::uuid`)), 'conflict')
  t.equal(codeOf(await caught(prisma.$executeRaw`UPDATE tenants SET name = 'A B'`)), 'conflict')
  t.equal(codeOf(await caught(prisma.tenant.update({ where: { name: 'acme' }, data: { name: 'A B' } }))), 'conflict')
})

t.test('values that can not be stored are a bad request', async (t) => {
  const update = (data: object) => caught(prisma.tenant.update({ where: { name: 'acme' }, data }))
  t.equal(codeOf(await update({ displayName: 'a\0b' })), 'bad_request', 'NUL in a text')
  t.equal(codeOf(await caught(prisma.tenant.findUnique({ where: { id: 'not-a-uuid' } }))), 'bad_request')
  t.equal(codeOf(await caught(prisma.$queryRaw`SELECT * FROM tenants WHERE id = ${'x'}::uuid`)), 'bad_request')
  t.equal(
    codeOf(await caught(prisma.app.update({ where: { id: acme.appId }, data: { labels: { a: 'x\0y' } } }))),
    'bad_request',
  )
  t.equal(codeOf(await caught(prisma.$queryRaw`SELECT ${2 ** 40}::int4`)), 'bad_request', 'a number out of range')
})

t.test('a database that is not there is unavailable, and may be tried again', async (t) => {
  const gone = await openDatabase({ url: 'postgres://nobody:x@127.0.0.1:1/none', log: quiet })
  t.teardown(() => gone.close())
  for (const error of [
    await caught(gone.prisma.tenant.count()),
    await caught(gone.prisma.$queryRaw`SELECT 1`),
    await caught(gone.transaction((tx) => tx.tenant.count())),
    await caught(gone.ping()),
  ]) {
    t.ok(isUnavailable(error))
    const mapped = mapDbError(error)
    t.ok(isAppError(mapped, 'unavailable') && mapped.retryable)
  }
})

t.test('a connection that is cut in mid-query is unavailable', async (t) => {
  for (const run of [
    () => prisma.$queryRaw`SELECT pg_sleep(60)`,
    () => db.transaction((tx) => tx.$queryRaw`SELECT pg_sleep(60)`),
  ]) {
    const cut = caught(run())
    for (;;) {
      const rows = await prisma.$queryRaw<unknown[]>`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid() AND state = 'active'`
      if (rows.length > 0) break
    }
    t.equal(codeOf(await cut), 'unavailable')
  }
  t.equal(await prisma.tenant.count(), 1, 'and the next query works')
})

t.test('a deadlock is known as one', async (t) => {
  const globex = await insertApp(prisma, 'globex')
  const ready = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  const lock = (mine: string, other: string, me: 0 | 1) =>
    prisma.$transaction(async (tx) => {
      await tx.$executeRaw`UPDATE tenants SET version = 2 WHERE id = ${mine}::uuid`
      ready[me].resolve()
      await ready[me === 0 ? 1 : 0].promise
      await tx.$executeRaw`UPDATE tenants SET version = 2 WHERE id = ${other}::uuid`
    })
  const results = await Promise.allSettled([
    lock(acme.tenantId, globex.tenantId, 0),
    lock(globex.tenantId, acme.tenantId, 1),
  ])
  const failed = results.filter((result) => result.status === 'rejected')
  t.equal(failed.length, 1)
  t.ok(isRetryConflict(failed[0]?.reason))
})

t.test('what is not of the database comes back as it is', async (t) => {
  const own = new AppError('not_found', { detail: 'x' })
  t.equal(mapDbError(own), own)
  const bug = new TypeError('x is not a function')
  t.equal(mapDbError(bug), bug)
  t.notOk(isUniqueViolation(bug) || isUnavailable(bug) || isForeignKeyViolation(bug))
  t.equal(mapDbError(null), null)
})
