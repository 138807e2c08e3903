import { once } from 'node:events'
import t from 'tap'
import { CHANNELS, notify, openDatabase } from '../../src/db/index.ts'
import { labDatabase, ownPostgres, quiet } from '../lab/database.ts'

/** Collects payloads and lets a test wait for the next one that it hasn't seen. */
function inbox() {
  const target = new EventTarget()
  const received: (string | null)[] = []
  return {
    received,
    handler(payload: string | null) {
      received.push(payload)
      target.dispatchEvent(new Event('received'))
    },
    async until(done: () => boolean): Promise<void> {
      const signal = AbortSignal.timeout(20_000)
      while (!done()) await once(target, 'received', { signal })
    },
  }
}

async function openLab(t: Parameters<typeof labDatabase>[0]) {
  const db = await openDatabase({ url: (await labDatabase(t)).url, log: quiet })
  t.teardown(() => db.close())
  return db
}

t.test('listeners hear of a commit, each on its own channel, and never of a rollback', async (t) => {
  const db = await openLab(t)
  const [work, host] = [inbox(), inbox()]
  await Promise.all([db.listen(CHANNELS.work, work.handler), db.listen(CHANNELS.host, host.handler)])
  const failure = new Error('no')
  await t.rejects(
    db.transaction(async (tx) => {
      await notify(tx, CHANNELS.work, 'rolled back')
      throw failure
    }),
    failure,
  )
  await db.transaction((tx) => notify(tx, CHANNELS.host, 'h1'))
  await db.transaction((tx) => notify(tx, CHANNELS.work))
  await work.until(() => work.received.length > 0)
  await host.until(() => host.received.length > 0)
  t.same(work.received, [''])
  t.same(host.received, ['h1'])
})

t.test('two handlers of a channel both hear, one that throws harms nobody, a closed one hears no more', async (t) => {
  const db = await openLab(t)
  const [one, two] = [inbox(), inbox()]
  await db.listen(CHANNELS.work, () => {
    throw new Error('a bad handler')
  })
  const first = await db.listen(CHANNELS.work, one.handler)
  await db.listen(CHANNELS.work, two.handler)
  await notify(db.prisma, CHANNELS.work, 'a')
  await two.until(() => two.received.includes('a'))
  await first.close()
  await notify(db.prisma, CHANNELS.work, 'b')
  await two.until(() => two.received.includes('b'))
  t.same(one.received, ['a'])
  t.same(two.received, ['a', 'b'])
})

t.test('a connection that the server ends is made again, and its handlers are told with null', async (t) => {
  const db = await openLab(t)
  const [work, host] = [inbox(), inbox()]
  await db.listen(CHANNELS.work, work.handler)
  await db.listen(CHANNELS.host, host.handler)
  const cut = await db.prisma.$queryRaw<unknown[]>`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'moorage-listen' AND datname = current_database()`
  t.equal(cut.length, 1, 'one connection for all channels')
  await work.until(() => work.received.includes(null))
  await host.until(() => host.received.includes(null))
  await notify(db.prisma, CHANNELS.work, 'after')
  await work.until(() => work.received.includes('after'))
  t.same(work.received, [null, 'after'])
})

t.test('a database that is killed and comes back is listened to again, and answers again', async (t) => {
  const postgres = await ownPostgres(t)
  const db = await openDatabase({ url: postgres.url, log: quiet })
  t.teardown(() => db.close())
  const work = inbox()
  await db.listen(CHANNELS.work, work.handler)
  await db.ping()
  await postgres.kill()
  await t.rejects(db.ping(), { code: 'unavailable' })
  await t.rejects(
    db.transaction((tx) => tx.$queryRaw`SELECT 1`),
    { code: 'unavailable' },
  )
  await postgres.start()
  await work.until(() => work.received.includes(null))
  await db.ping()
  await notify(db.prisma, CHANNELS.work, 'after')
  await work.until(() => work.received.includes('after'))
  t.same(work.received, [null, 'after'])
})

t.test('a listener that comes before its database listens as soon as that is there', async (t) => {
  const postgres = await ownPostgres(t)
  await postgres.stop()
  const db = await openDatabase({ url: postgres.url, log: quiet })
  t.teardown(() => db.close())
  const work = inbox()
  const listening = db.listen(CHANNELS.work, work.handler)
  await postgres.start()
  await listening
  await notify(db.prisma, CHANNELS.work, 'x')
  await work.until(() => work.received.includes('x'))
  t.end()
})

t.test('closing ends what waits', async (t) => {
  const db = await openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', log: quiet })
  const listening = db.listen(CHANNELS.work, () => {})
  await Promise.all([t.rejects(listening, { message: 'the database is closed' }), db.close()])
})
