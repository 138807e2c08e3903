import { randomUUID } from 'node:crypto'
import t from 'tap'
import { insertApp, insertQueued } from './rows.ts'
import { openDatabase } from '../../src/db/index.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { sleep } from '../../src/lib/abort.ts'
import type { Plan, Step } from '../../src/planning/index.ts'
import { execute } from '../../src/runner/execute.ts'
import { StopAsked } from '../../src/runner/lease.ts'
import { claim } from '../../src/runner/queue.ts'
import { desiredApp, service, step } from '../drivers/build.ts'
import { labDatabase, quiet, type Teardown } from '../lab/database.ts'
import { FakeEngine } from '../lab/fake-driver.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/server.ts'

const planOf = (steps: readonly Step[]): Plan => ({ host: 'h1', steps, notes: [], capabilities: [], digest: 'test' })
const pull = (id: string, after: string[] = []): Step => ({ ...step('pull_image', IMAGES.web1), id, after })

async function stage(t: Teardown) {
  const { url } = await labDatabase(t)
  const db = await openDatabase({ url, log: quiet })
  t.teardown(async () => await db.close())
  const operationId = await insertQueued(db, await insertApp(db, 'acme'))
  const owner = randomUUID()
  const claimed = await claim(db.prisma, owner, [])
  const fence = { operationId, owner, attempt: claimed?.attempt ?? 0 }
  const engine = new FakeEngine()
  const installation = randomUUID()
  const driver = engine.connect({ installation, hostId: randomUUID() })
  const [cancel, stop] = [new AbortController(), new AbortController()]
  const desired = desiredApp({
    installation,
    services: {
      web: service({
        image: IMAGES.broken,
        healthcheck: {
          disabled: false,
          test: ['CMD', 'x'],
          intervalNs: 60e9,
          timeoutNs: null,
          startPeriodNs: null,
          retries: 9,
        },
      }),
    },
  })
  let changes = 0
  const run = async (plan: Plan, firstSeq = 1) =>
    await execute({
      db,
      fence,
      driver,
      desired,
      plan,
      firstSeq,
      call: { signal: cancel.signal },
      stopSignal: stop.signal,
      changed: () => (changes += 1),
      listen: () => ({ next: async (ms, signal) => await sleep(ms, signal), [Symbol.dispose]: () => {} }),
      awaitMs: 60_000,
    })
  const statuses = async () =>
    Object.fromEntries(
      (await db.prisma.step.findMany({ where: { operationId }, orderBy: { seq: 'asc' } })).map(({ key, status }) => [
        key,
        status,
      ]),
    )
  return { db, engine, desired, cancel, stop, run, statuses, operationId, changes: () => changes }
}

/** Steps that are under way at once, and a gate that lets them go on. */
function gauge(engine: FakeEngine) {
  const gate = Promise.withResolvers<void>()
  const seen = { now: 0, most: 0 }
  engine.before = async () => {
    seen.now += 1
    seen.most = Math.max(seen.most, seen.now)
    await gate.promise
    seen.now -= 1
  }
  return { seen, release: gate.resolve }
}

t.test('independent steps run side by side, at most eight', async (t) => {
  const { engine, run, changes } = await stage(t)
  const { seen, release } = gauge(engine)
  const running = run(planOf(Array.from({ length: 20 }, (_, index) => pull(`p${index}`))))
  await eventually('eight are under way', async () => seen.now === 8)
  release()
  t.match(await running, { end: 'done', nextSeq: 21 })
  t.equal(seen.most, 8)
  t.equal(changes(), 20)
})

t.test('a step starts once all that it comes after have finished', async (t) => {
  const { engine, run } = await stage(t)
  const order: string[] = []
  engine.before = ({ step: at }) => void order.push(`${at?.id} begins`)
  engine.after = ({ step: at }) => void order.push(`${at?.id} ends`)
  await run(planOf([pull('c', ['a', 'b']), pull('b', ['a']), pull('a')]))
  t.same(order, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

t.test(
  'the first failure keeps new steps from starting, lets those under way end, and is the one that is told',
  async (t) => {
    const { engine, run, statuses } = await stage(t)
    const gate = Promise.withResolvers<void>()
    engine.before = async ({ step: at }) => {
      if (at?.id === 'bad') throw new AppError('image_not_found', { detail: 'first' })
      await gate.promise
      if (at?.id === 'worse') throw new AppError('port_conflict', { detail: 'second' })
    }
    const running = run(
      planOf([pull('slow'), pull('worse'), pull('bad'), pull('next', ['slow']), pull('after-bad', ['bad'])]),
    )
    running.catch(() => {})
    await eventually('it has failed', async () => (await statuses()).bad === 'failed')
    gate.resolve()
    await t.rejects(running, { code: 'image_not_found', options: { detail: 'first', host: 'lab' } })
    t.same(await statuses(), { slow: 'succeeded', worse: 'failed', bad: 'failed' })
  },
)

t.test('a stop ends the walk at the next boundary, without cutting off what is under way', async (t) => {
  const { engine, run, stop, statuses } = await stage(t)
  const { seen, release } = gauge(engine)
  const running = run(planOf([pull('a'), pull('b', ['a'])]))
  await eventually('it is under way', async () => seen.now === 1)
  stop.abort(new StopAsked('enough'))
  release()
  t.match(await running, { end: 'stopped' })
  t.same(await statuses(), { a: 'succeeded' })
})

t.test('a stop cuts short what only waits', async (t) => {
  const { engine, desired, run, stop, statuses } = await stage(t)
  const target = `mrg-${desired.installation.slice(0, 8)}-acme_x_web_1_12345678`
  const about = { service: 'web', ordinal: 1, serviceDigest: '1'.repeat(64), serving: true }
  const made = [
    step('create_network', 'net'),
    step('create_container', target, about),
    step('start_container', target, about),
  ]
  await run(planOf(made.map((one, index) => ({ ...one, after: index > 0 ? [made[index - 1]?.id ?? ''] : [] }))))
  t.equal(engine.containers().length, 1)
  const waits = [step('await_healthy', target, about), { ...step('wait', 'drain'), waitMs: 600_000 }]
  const running = run(planOf(waits), 10)
  await eventually('both wait', async () => {
    const running = Object.values(await statuses()).filter((status) => status === 'running')
    return running.length === 2
  })
  stop.abort(new StopAsked('enough'))
  t.match(await running, { end: 'stopped' })
})

t.test('a call that is aborted leaves a cancelled step and the reason', async (t) => {
  const { engine, run, cancel, statuses } = await stage(t)
  const { seen } = gauge(engine)
  const running = run(planOf([pull('a')]))
  await eventually('it is under way', async () => seen.now === 1)
  const reason = new Error('the lease is over')
  cancel.abort(reason)
  await t.rejects(running, reason)
  t.same(await statuses(), { a: 'cancelled' })
})

t.test('whoever lost the lease begins no step', async (t) => {
  const { db, engine, run, statuses, operationId } = await stage(t)
  await db.prisma.$executeRaw`update operations set lease_owner = ${randomUUID()}::uuid where id = ${operationId}::uuid`
  await t.rejects(run(planOf([pull('a')])), { name: 'LeaseOver' })
  t.same(engine.steps, [])
  t.same(await statuses(), {})
})
