import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import t from 'tap'
import { insertApp, insertQueued } from './rows.ts'
import { type Database, openDatabase } from '../../src/db/index.ts'
import {
  claim,
  type Claim,
  closeOpenSteps,
  type Fence,
  finish,
  heartbeat,
  MAX_LOST_LEASES,
  park,
  turnRound,
  writeSteps,
} from '../../src/runner/queue.ts'
import { sweepLost } from '../../src/runner/sweep.ts'
import { labDatabase } from '../lab/database.ts'

const log = pino({ level: 'silent' })

async function open(t: { teardown(work: () => unknown): void }): Promise<Database> {
  const { url } = await labDatabase(t)
  const db = await openDatabase({ url, log })
  t.teardown(async () => await db.close())
  return db
}

const fenceOf = (claimed: Claim | null, owner: string): Fence => ({
  operationId: claimed?.id ?? '',
  owner,
  attempt: claimed?.attempt ?? 0,
})
const expire = async (db: Database, id: string) =>
  await db.prisma.$executeRaw`update operations set lease_until = now() - interval '1 second' where id = ${id}::uuid`
const status = async (db: Database, id: string) =>
  (await db.prisma.operation.findUniqueOrThrow({ where: { id } })).status

t.test('a lane gives one operation at a time, in the order of their acceptance', async (t) => {
  const db = await open(t)
  const app = await insertApp(db, 'acme')
  const first = await insertQueued(db, app)
  const second = await insertQueued(db, app)
  const owner = randomUUID()
  const claimed = await claim(db.prisma, owner, [])
  t.equal(claimed?.id, first)
  t.equal(await claim(db.prisma, owner, []), null, 'the lane is taken')
  await db.transaction(async (tx) => await finish(tx, fenceOf(claimed, owner), 'succeeded', null))
  t.equal((await claim(db.prisma, owner, []))?.id, second)
})

t.test('a lane keeps this order while many claim at once, and operations end as fast as they begin', async (t) => {
  const db = await open(t)
  const lanes = new Map<string, { queued: string[]; claimed: string[] }>()
  const laneOf = new Map<string, string>()
  for (const tenant of ['acme', 'globex', 'initech', 'umbrella']) {
    const app = await insertApp(db, tenant)
    const queued = []
    for (let nth = 0; nth < 100; nth += 1) queued.push(await insertQueued(db, app))
    lanes.set(app.appId, { queued, claimed: [] })
    for (const id of queued) laneOf.set(id, app.appId)
  }
  let left = laneOf.size
  const work = async (owner: string): Promise<void> => {
    while (left > 0) {
      const claimed = await claim(db.prisma, owner, [])
      if (!claimed) continue
      lanes.get(laneOf.get(claimed.id) ?? '')?.claimed.push(claimed.id)
      await db.transaction(async (tx) => await finish(tx, fenceOf(claimed, owner), 'succeeded', null))
      left -= 1
    }
  }
  await Promise.all(Array.from({ length: 12 }, async () => await work(randomUUID())))
  for (const { queued, claimed } of lanes.values()) t.same(claimed, queued)
})

t.test('twenty claims at once take twenty different operations', async (t) => {
  const db = await open(t)
  const ids = []
  for (let index = 0; index < 20; index += 1)
    ids.push(await insertQueued(db, await insertApp(db, 'acme', `app-${index}`)))
  const claims = await Promise.all(ids.map(async () => await claim(db.prisma, randomUUID(), [])))
  const left = []
  for (let next = await claim(db.prisma, randomUUID(), []); next; next = await claim(db.prisma, randomUUID(), []))
    left.push(next)
  t.same([...claims, ...left].flatMap((each) => (each ? [each.id] : [])).toSorted(), ids.toSorted())
})

t.test('the tenant of whom fewest run comes first, then age; excluded tenants are passed over', async (t) => {
  const db = await open(t)
  const hog = [await insertApp(db, 'hog', 'a'), await insertApp(db, 'hog', 'b'), await insertApp(db, 'hog', 'c')]
  const hogs = []
  for (const app of hog) hogs.push(await insertQueued(db, app))
  const other = await insertQueued(db, await insertApp(db, 'other'))
  const owner = randomUUID()
  t.equal((await claim(db.prisma, owner, []))?.id, hogs[0], 'nobody runs: the oldest')
  t.equal((await claim(db.prisma, owner, []))?.id, other, 'the other tenant has none running')
  t.equal(await claim(db.prisma, owner, [hog[0]?.tenantId ?? '']), null)
  t.equal((await claim(db.prisma, owner, []))?.id, hogs[1])
})

t.test('a parked operation keeps its lane, and comes back when it is due or somebody asks for its end', async (t) => {
  const db = await open(t)
  const app = await insertApp(db, 'acme')
  const id = await insertQueued(db, app)
  await insertQueued(db, app)
  const owner = randomUUID()
  const claimed = await claim(db.prisma, owner, [])
  t.equal(
    await park(db.prisma, fenceOf(claimed, owner), {
      delayMs: 60_000,
      reason: 'backoff',
      error: { code: 'host_unreachable', message: 'x' },
    }),
    true,
  )
  t.equal(await claim(db.prisma, owner, []), null, 'not due')
  await db.prisma.operation.update({ where: { id }, data: { cancelRequested: true } })
  const again = await claim(db.prisma, owner, [])
  t.match(again, { id, attempt: 2 })
  t.equal(
    await park(db.prisma, fenceOf(claimed, owner), { delayMs: 0, reason: null, error: null }),
    false,
    'the first attempt has no say any more',
  )
  await park(db.prisma, fenceOf(again, owner), { delayMs: 0, reason: null, error: null })
  t.match(await claim(db.prisma, owner, []), { id, attempt: 3 })
})

t.test(
  'parked operations of an excluded tenant wait too: they would take the slots that are kept for others',
  async (t) => {
    const db = await open(t)
    const hog = await insertApp(db, 'hog')
    const id = await insertQueued(db, hog)
    const owner = randomUUID()
    const claimed = await claim(db.prisma, owner, [])
    await park(db.prisma, fenceOf(claimed, owner), { delayMs: 0, reason: 'backoff', error: null })
    t.equal(await claim(db.prisma, owner, [hog.tenantId]), null)
    const other = await insertQueued(db, await insertApp(db, 'other'))
    t.equal((await claim(db.prisma, owner, [hog.tenantId]))?.id, other)
    t.equal((await claim(db.prisma, owner, []))?.id, id)
  },
)

t.test('whoever lost the lease can write nothing', async (t) => {
  const db = await open(t)
  const id = await insertQueued(db, await insertApp(db, 'acme'))
  const [before, after] = [randomUUID(), randomUUID()]
  const old = fenceOf(await claim(db.prisma, before, []), before)
  await expire(db, id)
  const taken = await claim(db.prisma, after, [])
  t.match(taken, { id, attempt: 2 })
  const step = { seq: 1, key: 'k', host: 'h1', service: null, action: 'pull_image', target: 'x', cause: 'test' }
  t.equal(await writeSteps(db.prisma, old, { begun: [step], ended: [] }), false)
  t.equal(await writeSteps(db.prisma, fenceOf(taken, after), { begun: [step], ended: [] }), true)
  t.equal(
    await writeSteps(db.prisma, old, { begun: [], ended: [{ seq: 1, status: 'succeeded', message: null }] }),
    false,
  )
  t.equal(await turnRound(db.prisma, old, 'rolled_back', {}), false)
  t.equal(await db.transaction(async (tx) => await finish(tx, old, 'succeeded', null)), false)
  t.same(await heartbeat(db.prisma, before, [id]), [])
  t.match(await heartbeat(db.prisma, after, [id]), [{ id, attempt: 2, cancelRequested: false, supersededBy: null }])
  t.equal(await closeOpenSteps(db.prisma, fenceOf(taken, after)), 2)
  t.equal((await db.prisma.step.findFirstOrThrow({ where: { operationId: id } })).status, 'cancelled')
})

t.test('five lost leases end the operation with internal, and free its lane', async (t) => {
  const db = await open(t)
  const app = await insertApp(db, 'acme')
  const id = await insertQueued(db, app)
  const next = await insertQueued(db, app)
  for (let lost = 0; lost < MAX_LOST_LEASES; lost += 1) {
    await sweepLost(db, log)
    t.equal(await status(db, id), lost === 0 ? 'queued' : 'running')
    t.equal((await claim(db.prisma, randomUUID(), []))?.id, id)
    await expire(db, id)
  }
  t.equal(await claim(db.prisma, randomUUID(), []), null, 'nobody takes it a sixth time')
  await sweepLost(db, log)
  t.match(await db.prisma.operation.findUniqueOrThrow({ where: { id } }), {
    status: 'failed',
    error: { code: 'internal' },
    lostLeases: MAX_LOST_LEASES,
  })
  t.equal((await claim(db.prisma, randomUUID(), []))?.id, next)
})
