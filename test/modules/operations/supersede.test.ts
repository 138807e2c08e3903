import { randomUUID } from 'node:crypto'
import t from 'tap'
import { openDatabase } from '../../../src/db/index.ts'
import { newId } from '../../../src/lib/ids.ts'
import { insertOperation } from '../../../src/modules/operations/index.ts'
import { labDatabase, quiet } from '../../lab/database.ts'
import { eventually } from '../../lab/server.ts'
import { insertApp, insertQueued } from '../../runner/rows.ts'

const { url } = await labDatabase(t)
const db = await openDatabase({ url, log: quiet })
t.teardown(async () => await db.close())

const accept = async (app: { tenantId: string; appId: string }, old: string): Promise<string> => {
  const id = newId()
  await db.transaction(async (tx) => {
    const operation = await insertOperation(tx, {
      id,
      tenant: { id: app.tenantId, name: 'acme' },
      app: { id: app.appId, name: 'shop' },
      ...{ kind: 'deploy', release: null, patch: {}, params: {}, wantedVersion: 2, requestedBy: 'test' },
      supersedes: [old],
    })
    t.match(operation, { id, status: 'queued', tenant: 'acme', app: 'shop', plan: null, steps: [] })
  })
  return id
}
const row = async (id: string) => await db.prisma.operation.findUniqueOrThrow({ where: { id } })

t.test('an operation that still waits ends for the one that takes its place', async (t) => {
  const app = await insertApp(db, 'acme')
  const old = await insertQueued(db, app)
  const id = await accept(app, old)
  t.match(await row(old), { status: 'cancelled', supersededBy: id, finishedAt: Date, error: { code: 'superseded' } })
})

t.test('one that a worker took between the look and the write is marked, not ended', async (t) => {
  const app = await insertApp(db, 'globex')
  const old = await insertQueued(db, app)
  let accepting: Promise<string> = Promise.resolve('')
  await db.transaction(async (tx) => {
    await tx.$executeRaw`
      UPDATE operations SET status = 'running', started_at = now(), lease_owner = ${randomUUID()}::uuid, lease_until = now() + interval '1 minute'
      WHERE id = ${old}::uuid`
    accepting = accept(app, old)
    await eventually('the acceptance waits for the row', async () => {
      const waiting = await db.prisma.$queryRaw<unknown[]>`
        SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
      return waiting.length > 0
    })
  })
  const id = await accepting
  t.match(await row(old), { status: 'running', supersededBy: id, finishedAt: null, error: null })
  t.match(await row(id), { status: 'queued' })
})
