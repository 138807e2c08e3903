import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { Observation, ObservedInstance } from '../../src/drivers/index.ts'
import { hostAnswered, hostFailed } from '../../src/observer/host-status.repository.ts'
import { record, recordSeen } from '../../src/observer/record.repository.ts'
import { type RunnerLab, runnerLab, specOf, web } from '../runner/lab.ts'

const holder = randomUUID()
const probe = { version: '99.0', apiVersion: '1.44', capacity: null, markerHostId: null, facts: null }

/** An app with two instances, on a host that `holder` holds; nobody watches it. */
async function scene(t: Parameters<typeof runnerLab>[0]) {
  const lab = await runnerLab(t)
  const worker = await lab.worker()
  await lab.ended((await lab.apply('shop', specOf({ web: web({ deploy: { replicas: 2 } }) }))).id)
  await worker.stop()
  const { db, hostId } = lab
  await db.prisma.$executeRaw`
    update hosts set observer_id = ${holder}::uuid, observer_until = now() + interval '1 hour' where id = ${hostId}::uuid`
  const driver = await lab.api.hosts.driver(hostId)
  const call = { signal: new AbortController().signal }
  const observe = async (): Promise<Observation> => await driver.observe({}, call)
  const [first, second] = (await observe()).instances
  if (!first || !second) throw new Error('there are no instances')
  await record(db.prisma, { hostId, since: new Date(), observation: await observe() })
  await db.prisma.event.deleteMany()
  return { lab, db, hostId, first, second, observe }
}

const rows = async ({ db }: RunnerLab) =>
  await db.prisma.$queryRaw<{ version: string; native: string; state: string; reachable: boolean }[]>`
    select xmin::text as version, native_id as native, state, reachable from instances order by name`
const events = async ({ db }: RunnerLab) =>
  (await db.prisma.event.findMany({ orderBy: { id: 'asc' }, include: { tenant: true } })).map((event) => ({
    type: event.type,
    tenant: event.tenant?.name ?? null,
    app: event.app,
    host: event.host,
    service: event.service,
    data: event.data,
  }))
const later = (ms = 1000) => new Date(Date.now() + ms)

t.test('where nothing changed, nothing is written and nothing is told, however often', async (t) => {
  const { lab, db, hostId, first, observe } = await scene(t)
  const before = await rows(lab)
  await hostAnswered(db.prisma, { hostId, workerId: holder }, probe)
  await db.prisma.event.deleteMany()
  for (let round = 1; round <= 4; round += 1) {
    t.ok(await record(db.prisma, { hostId, holder, since: later(round), observation: await observe() }))
    t.ok(await recordSeen(db.prisma, { hostId, holder }, [{ ...first, since: later(round), instance: first }]))
    await hostAnswered(db.prisma, { hostId, workerId: holder }, probe)
  }
  t.same(await rows(lab), before)
  t.same(await events(lab), [])
  await hostFailed(db.prisma, { hostId, workerId: holder }, 'unreachable', 'gone')
  const version = (await rows(lab))[0]?.version
  t.equal((await events(lab)).length, 3)
  await hostFailed(db.prisma, { hostId, workerId: holder }, 'unreachable', 'gone')
  t.equal((await rows(lab))[0]?.version, version)
  t.equal((await events(lab)).length, 3, 'nor of a host that stays away')
})

t.test(
  "each change is one event of its tenant, written with the row: of what is, what is gone, and what can't be known",
  async (t) => {
    const { lab, db, hostId, first, second } = await scene(t)
    const dead: ObservedInstance = { ...first, state: 'exited', exitCode: 137, health: null, restarts: 1 }
    await recordSeen(db.prisma, { hostId, holder }, [
      { nativeId: first.nativeId, since: later(), instance: dead },
      { nativeId: second.nativeId, since: later(), instance: null },
    ])
    t.match(await rows(lab), [{ native: first.nativeId, state: 'exited' }])
    const about = { tenant: 'acme', app: 'shop', host: 'h1', service: 'web' }
    const { name } = first
    t.match(
      (await events(lab)).toSorted((a, b) => (a.type < b.type ? -1 : 1)),
      [
        {
          ...about,
          type: 'instance.changed',
          data: {
            name,
            engineState: 'exited',
            health: null,
            exitCode: 137,
            restarts: 1,
            serving: true,
            reachable: true,
          },
        },
        { ...about, type: 'instance.removed', data: { id: String, name: second.name } },
      ],
    )
    await db.prisma.event.deleteMany()
    await hostFailed(db.prisma, { hostId, workerId: holder }, 'suspect', 'no answer')
    await hostFailed(db.prisma, { hostId, workerId: holder }, 'unreachable', 'no answer')
    await hostAnswered(db.prisma, { hostId, workerId: holder }, probe)
    await recordSeen(db.prisma, { hostId, holder }, [{ nativeId: first.nativeId, since: later(2000), instance: dead }])
    t.match(
      (await events(lab)).map(({ type, tenant, data }) => ({ type, tenant, data })),
      [
        { type: 'host.status', tenant: null, data: { status: 'suspect', message: 'no answer' } },
        { type: 'host.status', tenant: null, data: { status: 'unreachable' } },
        { type: 'instance.changed', tenant: 'acme', data: { name, reachable: false } },
        { type: 'host.status', tenant: null, data: { status: 'ready', message: null } },
        { type: 'instance.changed', tenant: 'acme', data: { name, reachable: true } },
      ],
    )
  },
)

t.test('who does not hold the host any more writes nothing, and learns it', async (t) => {
  const { lab, db, hostId, first } = await scene(t)
  const before = await rows(lab)
  const gone = [{ nativeId: first.nativeId, since: later(), instance: null }]
  const nothing: Observation = { instances: [], objects: [] }
  const late = async () => {
    t.notOk(await recordSeen(db.prisma, { hostId, holder }, gone))
    t.notOk(await record(db.prisma, { hostId, holder, since: later(), observation: nothing }))
    t.same(await rows(lab), before)
    t.equal(await db.prisma.engineObject.count(), 1)
    t.same(await events(lab), [])
  }
  await db.prisma.$executeRaw`update hosts set observer_until = now() - interval '1 second'`
  await late()
  await db.prisma
    .$executeRaw`update hosts set observer_id = ${randomUUID()}::uuid, observer_until = now() + interval '1 hour'`
  await late()
  await hostFailed(db.prisma, { hostId, workerId: holder }, 'unreachable', 'asleep')
  t.same(await events(lab), [], 'nor of the host')
  t.notOk(await recordSeen(db.prisma, { hostId: randomUUID(), holder }, gone), 'a host that is gone is nobody’s')
})

t.test('what was seen later stays, and what the engine told of meanwhile is not brought by a list', async (t) => {
  const { lab, db, hostId, first, second, observe } = await scene(t)
  const observation = await observe()
  const dead: ObservedInstance = { ...first, state: 'exited', exitCode: 1 }
  const early = new Date()
  await recordSeen(db.prisma, { hostId, holder }, [
    { nativeId: first.nativeId, since: later(), instance: dead },
    { nativeId: second.nativeId, since: early, instance: null },
  ])
  t.ok(await record(db.prisma, { hostId, holder, since: early, observation, told: [first.nativeId, second.nativeId] }))
  t.match(await rows(lab), [{ native: first.nativeId, state: 'exited' }])
  t.ok(await recordSeen(db.prisma, { hostId, holder }, [{ nativeId: first.nativeId, since: early, instance: first }]))
  t.match(await rows(lab), [{ native: first.nativeId, state: 'exited' }])
})

t.test('what an engine says of apps that are not there keeps nothing else from being written', async (t) => {
  const { lab, db, hostId, first, second } = await scene(t)
  const strange: ObservedInstance = { ...second, nativeId: 'strange', appId: randomUUID() }
  const moved: ObservedInstance = { ...first, state: 'paused' }
  await recordSeen(db.prisma, { hostId, holder }, [
    { nativeId: strange.nativeId, since: later(), instance: strange },
    { nativeId: first.nativeId, since: later(), instance: moved },
  ])
  t.match(
    (await rows(lab)).find(({ native }) => native === first.nativeId),
    { state: 'paused' },
  )
  t.equal((await rows(lab)).length, 2)
  t.equal((await events(lab)).length, 1)
})

t.test('writers of the same rows in any order all get through, each with its events', async (t) => {
  const { lab, db, hostId, first, second, observe } = await scene(t)
  const states = ['running', 'paused', 'exited'] as const
  await Promise.all(
    Array.from({ length: 30 }, async (_, nth) => {
      const state = states[nth % 3] ?? 'running'
      const both = [first, second].map((one) => ({
        nativeId: one.nativeId,
        since: later(nth),
        instance: { ...one, state },
      }))
      if (nth % 3 === 2) await record(db.prisma, { hostId, holder, since: later(nth), observation: await observe() })
      else await recordSeen(db.prisma, { hostId, holder }, nth % 2 === 0 ? both : both.toReversed())
    }),
  )
  const told = (await events(lab)).filter(({ type }) => type === 'instance.changed')
  for (const { name, nativeId } of [first, second]) {
    const last = told.findLast(({ data }) => (data as { name?: string }).name === name)
    const row = (await rows(lab)).find(({ native }) => native === nativeId)
    t.match(last?.data, { engineState: row?.state ?? 'none' }, 'the last event says what the row says')
  }
})
