import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import pg from 'pg'
import t from 'tap'
import { migrate } from '../../src/db/migrate.ts'
import { prune } from '../../src/db/retention.ts'
import type { Feed, FeedItem } from '../../src/events/index.ts'
import { ownPostgres, quiet } from '../lab/database.ts'
import { eventually } from '../lab/run.ts'
import { collect, eventsLab } from './lab.ts'

const retention = { operationsDays: 90, releases: 3, eventsDays: 30, idempotencyHours: 24 }
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `n${from + index}`)
const idOf = (item: FeedItem | undefined) => BigInt(item?.kind === 'event' ? item.event.id : 0)

t.test(
  'a feed from an old id brings all since then, then what comes meanwhile, none lost and none twice',
  async (t) => {
    const { db, acme, globex, write, feeds } = await eventsLab(t)
    // More than a tail keeps, and than a reader that is behind takes at once.
    await db.prisma.$executeRaw`
    SELECT append_events(jsonb_agg(jsonb_build_object('tenantId', ${acme}::uuid, 'type', 'app.created', 'app', 'n' || n)))
    FROM generate_series(0, 2999) AS n`
    const mine = feeds()
    const leave = new AbortController()
    const whole = collect(await mine.follow({ tenantId: acme }, { after: 0n, signal: leave.signal }))
    const live = collect(await mine.follow({ tenantId: acme }, { signal: leave.signal }))
    const others = collect(await mine.follow({ tenantId: globex }, { after: 0n, signal: leave.signal }))
    for (const name of numbers(3000, 3100)) await write(acme, name)
    await write(globex, 'x')
    await eventually('all have come', () => whole.items.length === 3100 && live.items.length === 100)
    t.same(whole.texts, numbers(0, 3100))
    t.same(live.texts, numbers(3000, 3100))
    const middle = collect(
      await mine.follow({ tenantId: acme }, { after: idOf(whole.items[1499]), signal: leave.signal }),
    )
    await eventually('all have come', () => middle.items.length === 1600)
    t.same(middle.texts, numbers(1500, 3100))
    await eventually('the other tenant has its own', () => others.items.length === 1)
    t.same(others.texts, ['x'])
    leave.abort()
    await Promise.all([whole.over, live.over, middle.over, others.over])
  },
)

t.test('a filter passes an app, an operation, a type, or all types that begin so', async (t) => {
  const { acme, write, feeds } = await eventsLab(t)
  const operationId = '01890000-0000-7000-8000-000000000001'
  const mine = feeds()
  const leave = new AbortController()
  const follow = async (filter: object) =>
    collect(await mine.follow({ tenantId: acme }, { after: 0n, filter, signal: leave.signal }))
  await write(acme, 'a', { type: 'operation.queued', operationId })
  await write(acme, 'b', { type: 'operation.step' })
  await write(acme, 'a', { type: 'operation.step', data: { seq: 2 } })
  await write(acme, 'last', { type: 'app.removed', operationId })
  const all = await follow({})
  const filtered = [
    { reader: await follow({ app: 'a' }), gets: ['a', 'a'] },
    { reader: await follow({ operation: operationId }), gets: ['a', 'last'] },
    { reader: await follow({ types: ['operation.step', 'app.removed'] }), gets: ['b', 'a', 'last'] },
    { reader: await follow({ types: ['operation.*'] }), gets: ['a', 'b', 'a'] },
    { reader: await follow({ types: ['operation.*'], app: 'b' }), gets: ['b'] },
    { reader: await follow({ app: 'none' }), gets: [] },
  ]
  for (const { reader, gets } of filtered) {
    await eventually('they have come', () => reader.items.length >= gets.length && all.items.length === 4)
    t.same(reader.texts, gets)
  }
  leave.abort()
})

t.test('what is kept no more is a gap first, and all that is kept comes after it', async (t) => {
  const { db, acme, globex, write, feeds } = await eventsLab(t)
  for (const name of ['a', 'b', 'c']) await write(acme, name)
  await write(globex, 'x')
  const [, second] = await db.prisma.event.findMany({ where: { tenantId: acme }, orderBy: { id: 'asc' } })
  await db.prisma.$executeRaw`UPDATE events SET created_at = now() - interval '31 days' WHERE id <= ${second?.id ?? 0n}`
  await prune(db, retention)
  const mine = feeds()
  const leave = new AbortController()
  const follow = async (after: bigint, tenantId = acme) =>
    collect(await mine.follow({ tenantId }, { after, signal: leave.signal }))
  const behind = await follow(0n)
  const exact = await follow(second?.id ?? 0n)
  const other = await follow(0n, globex)
  const all = collect(await mine.follow('all', { after: 0n, signal: leave.signal }))
  const never = await follow(9_223_372_036_854_775_807n)
  await write(acme, 'd')
  await eventually('they have come', () => behind.items.length === 3 && all.items.length === 4)
  t.same(behind.texts, ['gap', 'c', 'd'])
  t.match(behind.items[0], { kind: 'gap', after: '0', resumed: String(second?.id) })
  await eventually('they have come', () => exact.items.length === 2 && other.items.length === 1)
  t.same(exact.texts, ['c', 'd'], 'whoever has the last one that is gone has missed nothing')
  t.same(other.texts, ['x'], 'another tenant has no gap')
  t.same(all.texts, ['gap', 'c', 'x', 'd'])
  await eventually('they have come', () => never.items.length === 2)
  t.same(never.texts, ['gap', 'd'], 'an id that was never given: from now on')
  leave.abort()
})

t.test(
  'a reader that was before events of a deleted tenant goes on after them, and asks for nothing meanwhile',
  async (t) => {
    const { db, acme, globex, write, feeds } = await eventsLab(t)
    const mine = feeds()
    const leave = new AbortController()
    const early: Feed = await mine.follow('all', { signal: leave.signal })
    const reader = collect(await mine.follow('all', { signal: leave.signal }))
    for (const name of ['a', 'b', 'c']) await write(globex, name)
    await eventually('they have come', () => reader.items.length === 3)
    await db.prisma.tenant.delete({ where: { id: globex } })
    const late = collect(early)
    const statements = async () => {
      const [row] = await db.prisma.$queryRaw<{ count: string }[]>`
      SELECT xact_commit::text AS count FROM pg_stat_database WHERE datname = current_database()`
      return Number(row?.count)
    }
    const before = await statements()
    const until = performance.now() + 1500
    await eventually('there was time to ask', () => performance.now() > until)
    // A reader that asks without end makes thousands.
    t.ok((await statements()) - before < 300, 'few statements')
    await write(acme, 'd')
    await eventually('it has come', () => reader.items.length === 4 && late.items.length >= 1)
    t.equal(late.texts.at(-1), 'd')
    leave.abort()
  },
)

t.test('a feed ends with its signal, also in the middle of a page and before its first event', async (t) => {
  const { acme, write, feeds } = await eventsLab(t)
  for (const name of numbers(0, 20)) await write(acme, name)
  const mine = feeds()
  const aborted = await mine.follow({ tenantId: acme }, { after: 0n, signal: AbortSignal.abort() })
  const none = collect(aborted)
  await none.over
  t.same(none.items, [])
  const leave = new AbortController()
  const taken: string[] = []
  for await (const item of await mine.follow({ tenantId: acme }, { after: 0n, signal: leave.signal })) {
    taken.push(item.kind === 'event' ? (item.event.app ?? '') : 'gap')
    if (taken.length === 5) leave.abort()
  }
  t.same(taken, numbers(0, 5))
  const idle = collect(await mine.follow({ tenantId: acme }, { signal: new AbortController().signal }))
  await mine.close()
  await idle.over
  t.same(idle.texts, [], 'closing the feeds ends those that wait')
})

t.test('the connection that listens is cut, and readers lose nothing', async (t) => {
  const { db, acme, write, feeds } = await eventsLab(t)
  const mine = feeds()
  const leave = new AbortController()
  const reader = collect(await mine.follow({ tenantId: acme }, { signal: leave.signal }))
  for (const name of numbers(0, 30)) {
    if (name.endsWith('5')) {
      await db.prisma.$queryRaw`
        SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'moorage-listen'`
    }
    await write(acme, name)
  }
  await eventually('all have come', () => reader.items.length >= 30)
  t.same(reader.texts, numbers(0, 30))
  leave.abort()
})

t.test('the database dies and comes back, and readers lose nothing', async (t) => {
  const postgres = await ownPostgres(t)
  await migrate(postgres.url, { log: quiet })
  const { acme, write, feeds } = await eventsLab(t, postgres.url)
  const mine = feeds()
  const leave = new AbortController()
  const reader = collect(await mine.follow({ tenantId: acme }, { signal: leave.signal }))
  const ofAll = collect(await mine.follow('all', { signal: leave.signal }))
  for (const name of numbers(0, 5)) await write(acme, name)
  await eventually('they have come', () => reader.items.length === 5)
  await postgres.kill()
  await t.rejects(mine.follow({ tenantId: acme }, { signal: leave.signal }), 'no feed begins meanwhile')
  await postgres.start()
  // From a client of its own: the first statements over the old connections fail.
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  for (const name of numbers(5, 10))
    await client.query('SELECT append_events($1)', [
      JSON.stringify([{ tenantId: acme, type: 'app.created', app: name }]),
    ])
  await client.end()
  await eventually('all have come', () => reader.items.length >= 10 && ofAll.items.length >= 10)
  t.same(reader.texts, numbers(0, 10))
  t.same(ofAll.texts, numbers(0, 10))
  leave.abort()
  await reader.over
})

t.test('a thousand readers of one tenant come and go, and nothing of them stays', async (t) => {
  const { acme, write, feeds } = await eventsLab(t)
  const mine = feeds()
  await write(acme, 'first')
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const heap = () => {
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const round = async () => {
    const leave = new AbortController()
    const readers = await Promise.all(
      Array.from({ length: 200 }, async () =>
        collect(await mine.follow({ tenantId: acme }, { after: 0n, signal: leave.signal })),
      ),
    )
    await eventually('each has it', () => readers.every(({ items }) => items.length >= 1))
    leave.abort()
    await Promise.all(readers.map(({ over }) => over))
  }
  await round()
  const before = heap()
  for (let count = 0; count < 5; count++) await round()
  const grown = (heap() - before) / 1024 / 1024
  t.comment(`the heap grew by ${grown.toFixed(1)} MB over 1,000 readers`)
  t.ok(grown < 10)
  const last = collect(await mine.follow({ tenantId: acme }, { signal: AbortSignal.timeout(60_000) }))
  await write(acme, 'after all of them')
  await eventually('it has come', () => last.items.length === 1)
})
