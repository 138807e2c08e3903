import t from 'tap'
import { isForeignKeyViolation, isUniqueViolation, mapDbError, openDatabase, type Tx } from '../../src/db/index.ts'
import { ensureInstallation } from '../../src/db/installation.ts'
import { isAppError } from '../../src/errors/app-error.ts'
import { newId } from '../../src/lib/ids.ts'
import { labDatabase, quiet } from '../lab/database.ts'
import { insertApp, insertOperation, insertRelease } from './rows.ts'

const { url } = await labDatabase(t)
const db = await openDatabase({ url, log: quiet })
t.teardown(() => db.close())
const { prisma } = db
const acme = await insertApp(prisma, 'acme')
const globex = await insertApp(prisma, 'globex')

/** What the database said against it; fails the test when it said nothing. */
async function refusal(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => Promise.reject(new Error('the database took it')),
    (error: unknown) => error,
  )
}

const isConflict = (error: unknown) => isAppError(mapDbError(error), 'conflict')

t.test('one installation a database, however many ask at once', async (t) => {
  const ids = await Promise.all(Array.from({ length: 10 }, () => ensureInstallation(prisma)))
  t.equal(new Set(ids).size, 1)
  t.equal(await prisma.installation.count(), 1)
  t.ok(isConflict(await refusal(prisma.installation.create({ data: { id: newId(), singleton: false } }))))
})

t.test('one running operation a lane', async (t) => {
  await insertOperation(prisma, acme, { status: 'running' })
  const second = await refusal(insertOperation(prisma, acme, { status: 'running' }))
  t.ok(isUniqueViolation(second))
  await insertOperation(prisma, acme)
  await insertOperation(prisma, globex, { status: 'running' })
})

t.test('statuses only move forward', async (t) => {
  const move = (id: string, status: string, finishedAt: Date | null) =>
    prisma.operation.update({ where: { id }, data: { status, finishedAt } })
  const id = await insertOperation(prisma, await insertApp(prisma, 'initech'))
  await move(id, 'running', null)
  t.ok(isConflict(await refusal(move(id, 'queued', null))), 'not back into the queue')
  await move(id, 'succeeded', new Date())
  for (const status of ['failed', 'running', 'queued']) {
    t.ok(
      isConflict(await refusal(move(id, status, status === 'failed' ? new Date() : null))),
      `not from succeeded to ${status}`,
    )
  }
})

t.test('an operation has ended exactly when it has an end', async (t) => {
  const app = await insertApp(prisma, 'umbrella')
  t.ok(isConflict(await refusal(insertOperation(prisma, app, { status: 'succeeded' }))))
  t.ok(isConflict(await refusal(insertOperation(prisma, app, { status: 'queued', finishedDaysAgo: 1 }))))
  t.ok(isConflict(await refusal(insertOperation(prisma, app, { status: 'done', finishedDaysAgo: 1 }))))
})

t.test('a lease is whole, and of a running operation', async (t) => {
  const id = await insertOperation(prisma, await insertApp(prisma, 'hooli'))
  const lease = (data: object) => prisma.operation.update({ where: { id }, data })
  t.ok(isConflict(await refusal(lease({ leaseOwner: newId(), leaseUntil: new Date() }))), 'not of a queued one')
  await lease({ status: 'running' })
  t.ok(isConflict(await refusal(lease({ leaseOwner: newId() }))), 'not without its end')
  await lease({ leaseOwner: newId(), leaseUntil: new Date() })
})

t.test("a token's role fits its tenant", async (t) => {
  const token = (role: string, tenantId: string | null) =>
    prisma.token.create({
      data: {
        id: newId(),
        name: 'x',
        role,
        tenantId,
        hash: newId().replaceAll('-', '').padEnd(64, '0'),
        createdBy: 'test',
      },
    })
  await token('admin', null)
  await token('owner', acme.tenantId)
  t.ok(isConflict(await refusal(token('admin', acme.tenantId))), 'no admin of a tenant')
  for (const role of ['owner', 'developer', 'viewer', 'root']) {
    t.ok(isConflict(await refusal(token(role, null))), `no ${role} of the platform`)
  }
})

t.test('a tenant with apps stays, and names are unique within it', async (t) => {
  const deletion = await refusal(prisma.tenant.delete({ where: { id: acme.tenantId } }))
  t.ok(isForeignKeyViolation(deletion))
  t.ok(isConflict(deletion))
  const twice = await refusal(prisma.app.create({ data: { id: newId(), tenantId: acme.tenantId, name: 'shop' } }))
  t.ok(isUniqueViolation(twice, 'apps_tenant_id_name_key'))
  t.notOk(isUniqueViolation(twice, 'tenants_name_key'))
})

t.test("a lane is of its app's own tenant", async (t) => {
  const app = await prisma.app.create({ data: { id: newId(), tenantId: acme.tenantId, name: 'blog' } })
  const lane = { id: newId(), appId: app.id, tenantId: globex.tenantId }
  t.ok(isForeignKeyViolation(await refusal(prisma.lane.create({ data: lane }))))
})

t.test('names that a container could not bear are refused', async (t) => {
  for (const name of ['', 'A', '1a', 'a_b', 'a-', 'a\nb', 'a'.repeat(41)]) {
    t.ok(isConflict(await refusal(prisma.tenant.create({ data: { id: newId(), name } }))), JSON.stringify(name))
  }
})

t.test('an app wants a release that there is, at the end of the transaction', async (t) => {
  const want = (tx: Tx, number: number) => tx.app.update({ where: { id: acme.appId }, data: { wantedRelease: number } })
  t.ok(isForeignKeyViolation(await refusal(db.transaction((tx) => want(tx, 1)))))
  await db.transaction(async (tx) => {
    await want(tx, 1)
    await insertRelease(tx, acme, 1)
  })
  t.ok(
    isForeignKeyViolation(
      await refusal(prisma.release.delete({ where: { appId_number: { appId: acme.appId, number: 1 } } })),
    ),
  )
})

t.test('an app goes with its releases, also the wanted one, and leaves its operations', async (t) => {
  const app = await insertApp(prisma, 'wonka')
  await insertRelease(prisma, app, 1)
  await prisma.app.update({ where: { id: app.appId }, data: { wantedRelease: 1 } })
  const id = await insertOperation(prisma, app, { status: 'succeeded', finishedDaysAgo: 0 })
  await prisma.app.delete({ where: { id: app.appId } })
  t.equal(await prisma.release.count({ where: { appId: app.appId } }), 0)
  t.equal(await prisma.lane.count({ where: { id: app.laneId } }), 0)
  t.match(await prisma.operation.findUnique({ where: { id } }), { appId: null, laneId: null, tenantId: app.tenantId })
})
