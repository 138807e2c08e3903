import t from 'tap'
import { eventsJson } from '../../src/events/index.ts'
import { emit } from '../../src/events/index.ts'
import { newId } from '../../src/lib/ids.ts'
import { eventually } from '../lab/run.ts'
import { collect, eventsLab, heldWriter } from './lab.ts'

const lab = await eventsLab(t)
const { db, acme, globex, write } = lab
const event = (tenantId: string | null, app: string) => ({ tenantId, type: 'app.created', app }) as const
const waitingForLocks = async () =>
  Number(
    (
      await db.prisma.$queryRaw<{ count: string }[]>`
        SELECT count(*)::text AS count FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%append_events%'`
    )[0]?.count,
  )
const appsOf = async (tenantId: string | null) =>
  (await db.prisma.event.findMany({ where: { tenantId }, orderBy: { id: 'asc' } })).map(({ app }) => app)

t.afterEach(async () => {
  await db.prisma.event.deleteMany()
})

t.test(
  'a reader that goes on after the last id misses none while one transaction is held open between two others',
  async (t) => {
    const seen: string[] = []
    let last = 0n
    const look = async () => {
      const events = await db.prisma.event.findMany({
        where: { tenantId: acme, id: { gt: last } },
        orderBy: { id: 'asc' },
      })
      last = events.at(-1)?.id ?? last
      seen.push(...events.map(({ app }) => app ?? ''))
    }
    await write(acme, 'a')
    await look()
    const held = await heldWriter(db, event(acme, 'b'))
    const later = write(acme, 'c')
    await eventually('the third waits for the second', async () => (await waitingForLocks()) === 1)
    await look()
    t.same(seen, ['a'], 'nothing that came later is visible before it')
    await held.commit()
    await later
    await look()
    t.same(seen, ['a', 'b', 'c'])
  },
)

t.test('a transaction held open by one tenant holds up no other, and one rolled back is never seen', async (t) => {
  const held = await heldWriter(db, event(acme, 'a'))
  await write(globex, 'b')
  t.same(await appsOf(globex), ['b'])
  await held.rollBack()
  await write(acme, 'c')
  t.same(await appsOf(acme), ['c'])
})

t.test('transactions with two tenants in both orders meet without a deadlock', async (t) => {
  const [before] = await db.prisma.$queryRaw<{ deadlocks: string }[]>`
    SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()`
  await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const [first, second] = index % 2 ? [acme, globex] : [globex, acme]
      await db.transaction(async (tx) => {
        emit(tx, event(first, `${index}-1`))
        emit(tx, event(second, `${index}-2`), event(null, `${index}-3`))
      })
    }),
  )
  t.equal((await appsOf(acme)).length, 60)
  t.equal((await appsOf(globex)).length, 60)
  t.equal((await appsOf(null)).length, 60)
  const [after] = await db.prisma.$queryRaw<{ deadlocks: string }[]>`
    SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()`
  t.same(after, before)
})

t.test('writers at random, some of whom roll back: a reader sees each that committed once and in order', async (t) => {
  const feeds = lab.feeds()
  const leave = new AbortController()
  const readers = [
    collect(await feeds.follow({ tenantId: acme }, { signal: leave.signal })),
    collect(await feeds.follow('all', { signal: leave.signal })),
  ]
  const outcomes = await Promise.allSettled(
    Array.from({ length: 200 }, async (_, index) => {
      await db.transaction(async (tx) => {
        emit(tx, event(index % 3 ? acme : globex, `n${index}`))
        await tx.$queryRaw`SELECT 1`
        if (index % 7 === 0) throw new Error('no')
      })
    }),
  )
  const expected = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [`n${index}`] : []))
  const ofAcme = expected.filter((name) => Number(name.slice(1)) % 3)
  await eventually('the tenant has all', () => (readers[0]?.items.length ?? 0) >= ofAcme.length)
  await eventually('the platform has all', () => (readers[1]?.items.length ?? 0) >= expected.length)
  t.same(readers[0]?.texts.toSorted(), ofAcme.toSorted())
  t.same(readers[1]?.texts.toSorted(), expected.toSorted())
  for (const { items } of readers) {
    const ids = items.map((item) => (item.kind === 'event' ? BigInt(item.event.id) : 0n))
    t.ok(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? 0n)))
  }
  leave.abort()
  await Promise.all(readers.map(({ over }) => over))
})

t.test('over all tenants nothing newer comes before what a held transaction has yet to show', async (t) => {
  const feeds = lab.feeds()
  const leave = new AbortController()
  const reader = collect(await feeds.follow('all', { signal: leave.signal }))
  const held = await heldWriter(db, event(acme, 'a'))
  await write(globex, 'b')
  await write(null, 'c')
  const ofGlobex = collect(await feeds.follow({ tenantId: globex }, { after: 0n, signal: leave.signal }))
  await eventually('the other tenant has its own at once', () => ofGlobex.items.length === 1)
  t.same(reader.texts, [])
  await held.commit()
  await eventually('all have come', () => reader.items.length === 3)
  t.same(reader.texts, ['a', 'b', 'c'])
  leave.abort()
  await Promise.all([reader.over, ofGlobex.over])
})

t.test('a webhook that is deleted while events are written fails nobody and holds nobody up', async (t) => {
  const webhook = await db.prisma.webhook.create({
    data: { id: newId(), tenantId: acme, url: 'https://x.example', secret: new Uint8Array(), createdBy: 'a' },
  })
  const [before] = await db.prisma.$queryRaw<{ deadlocks: string }[]>`
    SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()`
  const deleted = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const deletion = db.transaction(async (tx) => {
    await tx.webhook.delete({ where: { id: webhook.id } })
    emit(tx, { tenantId: acme, type: 'webhook.deleted', app: 'deletion' })
    deleted.resolve()
    await goOn.promise
  })
  await deleted.promise
  const meanwhile = write(acme, 'meanwhile')
  await eventually('it waits for the webhook', async () => (await waitingForLocks()) === 1)
  goOn.resolve()
  await Promise.all([deletion, meanwhile])
  t.same(new Set(await appsOf(acme)), new Set(['deletion', 'meanwhile']))
  const [after] = await db.prisma.$queryRaw<{ deadlocks: string }[]>`
    SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()`
  t.same(after, before, 'without a deadlock')
})

t.test('a tenant that is deleted while its events are written fails nobody: they go with it', async (t) => {
  const doomed = (await db.prisma.tenant.create({ data: { id: newId(), name: 'doomed' } })).id
  const deleted = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const deletion = db.transaction(async (tx) => {
    await tx.tenant.delete({ where: { id: doomed } })
    emit(tx, { tenantId: null, type: 'tenant.deleted', app: 'gone', data: { tenant: 'doomed' } })
    deleted.resolve()
    await goOn.promise
  })
  await deleted.promise
  const late = write(doomed, 'late')
  await eventually('it waits for the tenant', async () => (await waitingForLocks()) === 1)
  goOn.resolve()
  await Promise.all([deletion, late])
  t.same(await appsOf(null), ['gone'])
  t.same(await appsOf(doomed), [])
})

t.test('outside a transaction an event is refused: it would be of no change', async (t) => {
  t.throws(() => emit(db.prisma, event(acme, 'a')), TypeError)
  let kept: Parameters<Parameters<typeof db.transaction>[0]>[0] | undefined
  await db.transaction(async (tx) => {
    kept = tx
  })
  t.throws(() => kept && emit(kept, event(acme, 'a')), TypeError)
})

t.test('texts that Postgres can not hold, and ones without end, are stored as far as they can be', async (t) => {
  await write(acme, 'a', { data: { message: 'nul \u0000, half a pair \ud800, ' + 'x'.repeat(10_000) } })
  const [stored] = await db.prisma.event.findMany({ where: { tenantId: acme } })
  const { message } = JSON.parse(JSON.stringify(stored?.data)) as { message: string }
  t.ok(message.length <= 4096)
  t.match(message, /^nul .*, half a pair .*, xxx/)
  t.match(JSON.parse(eventsJson([event(null, 'y'.repeat(5000))])), [{ app: /^y{4000}/ }])
})
