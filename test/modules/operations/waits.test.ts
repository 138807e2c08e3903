import { pino } from 'pino'
import t from 'tap'
import { CHANNELS, type Database, notify, openDatabase } from '../../../src/db/index.ts'
import { createOperationWaits } from '../../../src/modules/operations/index.ts'
import { labDatabase } from '../../lab/database.ts'
import { insertApp, insertQueued } from '../../runner/rows.ts'

/** The database with a count of the statements that are under way. */
function counted(db: Database) {
  const seen = { now: 0, most: 0, all: 0 }
  const prisma = new Proxy(db.prisma, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target)
      if (name !== '$queryRaw' || typeof member !== 'function') return member
      return async (...query: unknown[]): Promise<unknown> => {
        seen.all += 1
        seen.most = Math.max(seen.most, ++seen.now)
        try {
          return await Reflect.apply(member, target, query)
        } finally {
          seen.now -= 1
        }
      }
    },
  })
  return { seen, counting: { ...db, prisma } }
}

t.test(
  'a thousand waits ask the database with one statement at a time, and each ends with its operation',
  async (t) => {
    const { url } = await labDatabase(t)
    const db = await openDatabase({ url, log: pino({ level: 'silent' }) })
    t.teardown(async () => await db.close())
    const ids: string[] = []
    for (const app of ['a', 'b', 'c']) ids.push(await insertQueued(db, await insertApp(db, 'acme', app)))
    const { seen, counting } = counted(db)
    const waits = createOperationWaits(counting)
    t.teardown(async () => await waits.close())
    const ended = new Set<number>()
    const all = Array.from({ length: 1000 }, async (_, nth) => {
      await waits.wait(ids[nth % 2] ?? '', 60_000)
      ended.add(nth)
    })
    await waits.wait(ids[2] ?? '', 1)
    t.equal(ended.size, 0)
    const end = async (id: string | undefined) =>
      await db.transaction(async (tx) => {
        await tx.$executeRaw`update operations set status = 'cancelled', finished_at = now() where id = ${id}::uuid`
        await notify(tx, CHANNELS.operation, id)
      })
    await end(ids[0])
    await Promise.all(all.filter((_, nth) => nth % 2 === 0))
    t.same(new Set([...ended].map((nth) => nth % 2)), new Set([0]), 'the others go on')
    await end(ids[1])
    await Promise.all(all)
    t.equal(seen.most, 1)
    t.ok(seen.all < 100, `${seen.all} statements`)
  },
)
