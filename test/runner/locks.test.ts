import { randomUUID } from 'node:crypto'
import t from 'tap'
import { runnerLab, specOf, web } from './lab.ts'
import { insertApp, insertQueued } from './rows.ts'
import { openDatabase } from '../../src/db/index.ts'
import { newId } from '../../src/lib/ids.ts'
import { endQueued, insertOperation } from '../../src/modules/operations/index.ts'
import { claim } from '../../src/runner/queue.ts'
import { labDatabase, quiet } from '../lab/database.ts'
import { eventually } from '../lab/server.ts'

t.test('a claim and an acceptance in one lane never wait for each other in a circle', async (t) => {
  const { url } = await labDatabase(t)
  const db = await openDatabase({ url, log: quiet })
  t.teardown(async () => await db.close())
  const app = await insertApp(db, 'acme')
  const old = await insertQueued(db, app)
  const newer = newId()
  let runs = 0
  let claiming: Promise<unknown> = Promise.resolve()
  await db.transaction(async (tx) => {
    runs += 1
    await endQueued(tx, old, { code: 'superseded', message: 'a newer one' })
    let done = false
    claiming = claim(db.prisma, randomUUID(), []).finally(() => (done = true))
    claiming.catch(() => {})
    await eventually('the claim waits for the row, or passed it over', async () => {
      const rows = await db.prisma.$queryRaw<unknown[]>`
        select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      return done || rows.length > 0
    })
    const { tenantId, appId } = app
    await insertOperation(tx, {
      id: newer,
      tenant: { id: tenantId, name: 'acme' },
      app: { id: appId, name: 'shop' },
      kind: 'deploy',
      release: null,
      patch: {},
      params: {},
      wantedVersion: 1,
      requestedBy: 'test',
      supersedes: [],
    })
  })
  t.equal(await claiming, null)
  t.equal(runs, 1, 'the acceptance was not tried again')
  t.match(await claim(db.prisma, randomUUID(), []), { id: newer })
})

t.test('a transaction that is stuck on one operation costs no other one its lease', async (t) => {
  const lab = await runnerLab(t)
  const gate = Promise.withResolvers<void>()
  const hanging = new Set<string>()
  lab.engine.before = async ({ step, desired }) => {
    if (step?.action !== 'create_network') return
    hanging.add(desired?.app.name ?? '')
    await gate.promise
  }
  const worker = await lab.worker()
  const [stuck, free] = [
    await lab.apply('stuck', specOf({ web: web() })),
    await lab.apply('free', specOf({ web: web() })),
  ]
  await eventually('both are under way', async () => hanging.size === 2)
  const lease = async () => (await lab.operation(free.id)).leaseUntil?.getTime() ?? 0
  await lab.db.transaction(async (tx) => {
    await tx.$queryRaw`select 1 from operations where id = ${stuck.id}::uuid for no key update`
    const before = await lease()
    await eventually('the other lease is renewed again and again', async () => (await lease()) > before + 6000, 14_000)
  })
  gate.resolve()
  t.match(await lab.ended(free.id), { status: 'succeeded', attempts: 1 })
  t.match(await lab.ended(stuck.id), { status: 'succeeded' })
  await worker.stop()
})
