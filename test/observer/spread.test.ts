import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import t from 'tap'
import { type Database, openDatabase } from '../../src/db/index.ts'
import type { Driver } from '../../src/drivers/index.ts'
import { LEASE_MS } from '../../src/observer/leases.ts'
import { Observer } from '../../src/observer/index.ts'
import { ownerOf } from '../../src/observer/rendezvous.ts'
import { labDatabase, quiet } from '../lab/database.ts'
import { FakeEngine } from '../lab/fake-driver.ts'
import { eventually } from '../lab/run.ts'

const log = pino({ level: process.env.LAB_LOG ?? 'silent' })
const HOSTS = 24

interface Spread {
  readonly db: Database
  readonly engines: ReadonlyMap<string, FakeEngine>
  worker(): Promise<{ readonly id: string; stop(): Promise<void> }>
  /** Who holds each host now; null: nobody. */
  holders(): Promise<Map<string, string | null>>
}

/** Hosts with an engine each, and as many workers as a test asks for. */
async function spread(t: Parameters<typeof labDatabase>[0]): Promise<Spread> {
  const { url } = await labDatabase(t)
  const db = await openDatabase({ url, log: quiet })
  t.teardown(async () => await db.close())
  const installation = randomUUID()
  const engines = new Map<string, FakeEngine>()
  const drivers = new Map<string, Driver>()
  const call = { signal: new AbortController().signal }
  for (let nth = 0; nth < HOSTS; nth += 1) {
    const id = randomUUID()
    const engine = new FakeEngine()
    const driver = engine.connect({ installation, hostId: id })
    await driver.mark(call)
    engines.set(id, engine)
    drivers.set(id, driver)
    const transport = { type: 'tcp', url: 'tcp://192.0.2.1:2375' }
    await db.prisma.host.create({
      data: { id, name: `h${nth}`, kind: 'docker', endpoint: Buffer.from('sealed'), transport },
    })
  }
  return {
    db,
    engines,
    async holders() {
      const rows = await db.prisma.$queryRaw<{ id: string; holder: string | null }[]>`
        select id, case when observer_until > now() then observer_id end as holder from hosts`
      return new Map(rows.map(({ id, holder }) => [id, holder]))
    },
    async worker() {
      const id = randomUUID()
      await db.prisma.replica.create({ data: { id, roles: 'api,worker', version: 'lab', keys: '' } })
      const driver = async (hostId: string): Promise<Driver> =>
        drivers.get(hostId) ?? (await Promise.reject(new Error()))
      const observer = new Observer({ db, log, workerId: id, intervalMs: 3_600_000, driver })
      await observer.start()
      let stopped: Promise<void> | null = null
      const end = async () => {
        await db.prisma.replica.deleteMany({ where: { id } })
        await observer.stop()
      }
      const stop = async () => await (stopped ??= end())
      t.teardown(stop)
      return { id, stop }
    },
  }
}

/** Waits until each host is held by whom it falls to, and followed once. */
async function settled({ engines, holders }: Spread, ...workers: readonly { id: string }[]): Promise<void> {
  const ids = workers.map(({ id }) => id)
  await eventually(
    `${ids.length} workers have their shares`,
    async () => {
      const held = [...(await holders())].every(([host, holder]) => holder === ownerOf(host, ids))
      return held && [...engines.values()].every(({ followers }) => followers === 1)
    },
    30_000,
  )
}

t.test('hosts are spread over the workers that are alive; each is watched once, whoever comes and goes', async (t) => {
  const lab = await spread(t)
  const first = await lab.worker()
  await settled(lab, first)
  const second = await lab.worker()
  await settled(lab, first, second)
  const before = await lab.holders()
  const third = await lab.worker()
  await settled(lab, first, second, third)
  const after = await lab.holders()
  const moved = [...after].filter(([host, holder]) => before.get(host) !== holder)
  t.ok(
    moved.length > 0 && moved.every(([, holder]) => holder === third.id),
    'the third took its share, nothing else moved',
  )
  await second.stop()
  await settled(lab, first, third)
  t.equal(await lab.db.prisma.host.count({ where: { status: 'ready' } }), HOSTS)
  await Promise.all([first.stop(), third.stop()])
  t.ok([...(await lab.holders()).values()].every((holder) => holder === null))
  await eventually('nobody follows', () => [...lab.engines.values()].every(({ followers }) => followers === 0))
})

t.test('while a host is handed over it is unwatched for no longer than that', async (t) => {
  const lab = await spread(t)
  const first = await lab.worker()
  await settled(lab, first)
  const second = await lab.worker()
  let since: number | null = null
  let longest = 0
  await eventually('the second has its share', async () => {
    const holders = await lab.holders()
    const free = [...holders.values()].includes(null)
    since = free ? (since ?? performance.now()) : null
    if (since !== null) longest = Math.max(longest, performance.now() - since)
    return [...holders].every(([host, holder]) => holder === ownerOf(host, [first.id, second.id]))
  })
  t.comment(`without a holder for ${longest.toFixed(0)} ms at most`)
  t.ok(longest < LEASE_MS / 2)
})

t.test(
  'a worker that died is followed once its hold ran out, and takes nothing while it counts as alive',
  async (t) => {
    const lab = await spread(t)
    const dead = randomUUID()
    await lab.db.prisma.replica.create({ data: { id: dead, roles: 'worker', version: 'lab', keys: '' } })
    await lab.db.prisma.$executeRaw`
    update hosts set observer_id = ${dead}::uuid, observer_until = now() + ${LEASE_MS} * interval '1 millisecond'`
    const began = performance.now()
    const worker = await lab.worker()
    await settled(lab, worker)
    t.comment(`all taken over after ${((performance.now() - began) / 1000).toFixed(1)} s`)
    t.ok(performance.now() - began > LEASE_MS / 2)
  },
)

t.test('a host whose hold went to another is let go of, and lost for no longer than that hold', async (t) => {
  const lab = await spread(t)
  const worker = await lab.worker()
  await settled(lab, worker)
  const [[host, engine] = ['', new FakeEngine()]] = [...lab.engines]
  await lab.db.prisma.$executeRaw`
    update hosts set observer_id = ${randomUUID()}::uuid, observer_until = now() + ${LEASE_MS} * interval '1 millisecond'
    where id = ${host}::uuid`
  await eventually('nobody follows it', () => engine.followers === 0)
  await settled(lab, worker)
  t.pass()
})

t.test('a row that somebody has locked keeps no other hold from being renewed', async (t) => {
  const lab = await spread(t)
  const worker = await lab.worker()
  await settled(lab, worker)
  const [host = ''] = [...lab.engines.keys()]
  const until = async () =>
    new Map(
      (await lab.db.prisma.host.findMany()).map(
        ({ id, observerUntil }) => [id, observerUntil?.getTime() ?? 0] as const,
      ),
    )
  await lab.db.transaction(async (tx) => {
    await tx.$executeRaw`select from hosts where id = ${host}::uuid for update`
    const before = await until()
    await eventually('all others are renewed, twice', async () =>
      [...(await until())].every(([id, ms]) => id === host || ms > (before.get(id) ?? 0) + 2500),
    )
    t.equal((await until()).get(host), before.get(host))
  })
  await settled(lab, worker)
})
