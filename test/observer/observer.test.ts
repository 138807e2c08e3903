import t from 'tap'
import { AppError } from '../../src/errors/app-error.ts'
import { record } from '../../src/observer/record.repository.ts'
import { eventually } from '../lab/server.ts'
import { type RunnerLab, runnerLab, specOf, web } from '../runner/lab.ts'

const host = async (lab: RunnerLab) => await lab.db.prisma.host.findUniqueOrThrow({ where: { id: lab.hostId } })
const becomes = async (lab: RunnerLab, status: string) =>
  await eventually(`the host is ${status}`, async () => {
    const row = await host(lab)
    return row.status === status && row
  })
const known = async (lab: RunnerLab) =>
  (await lab.db.prisma.instance.findMany()).map(({ state, reachable }) => `${state} ${reachable ? 'seen' : 'unknown'}`)

t.test('of two workers one lists a host at a time; the other takes over when it is gone', async (t) => {
  const lab = await runnerLab(t)
  const workers = await Promise.all([
    lab.worker({ observeMs: 150, runs: false }),
    lab.worker({ observeMs: 150, runs: false }),
  ])
  const holder = await eventually('somebody holds it', async () => (await host(lab)).observerId)
  const seenAt = async () => (await host(lab)).lastSeenAt?.getTime() ?? 0
  for (let round = 0; round < 5; round += 1) {
    const last = await seenAt()
    await eventually('it is listed again', async () => (await seenAt()) > last)
    t.equal((await host(lab)).observerId, holder)
  }
  const first = workers.find(({ id }) => id === holder)
  const second = workers.find(({ id }) => id !== holder)
  await first?.stop()
  await eventually('the other has it', async () => (await host(lab)).observerId === second?.id)
  const last = await seenAt()
  await eventually('and lists it', async () => (await seenAt()) > last)
})

t.test('a holder that died is followed once its hold ran out, not before', async (t) => {
  const lab = await runnerLab(t)
  const dead = '00000000-0000-4000-8000-00000000dead'
  await lab.db.prisma.$executeRaw`
    update hosts set observer_id = ${dead}::uuid, observer_until = now() + interval '1 hour', last_seen_at = null`
  const worker = await lab.worker({ observeMs: 100, runs: false })
  const looked = performance.now()
  await eventually('the worker had its chances', async () => performance.now() - looked > 500)
  t.equal((await host(lab)).observerId, dead)
  await lab.db.prisma.$executeRaw`update hosts set observer_until = now() - interval '1 second'`
  await eventually('it is taken over', async () => (await host(lab)).observerId === worker.id)
})

t.test('a worker that stops in the middle of a list holds nothing afterwards', async (t) => {
  const lab = await runnerLab(t)
  for (let round = 0; round < 5; round += 1) {
    const there = Promise.withResolvers<void>()
    lab.engine.before = async ({ method }) => {
      if (method === 'probe') there.resolve()
    }
    const worker = await lab.worker({ observeMs: 50, runs: false })
    await there.promise
    await worker.stop()
    t.equal((await host(lab)).observerId, null)
  }
})

t.test('a host behind a socket is served only by a worker that saw its marker there', async (t) => {
  const lab = await runnerLab(t, { socket: true })
  const elsewhere = async () => ({
    ...(await lab.api.hosts.driver(lab.hostId)),
    probe: async () => {
      throw new AppError('host_unreachable', { detail: 'no such socket on this machine' })
    },
  })
  await lab.worker({ observeMs: 100, runs: false, driver: elsewhere })
  const there = await lab.worker({ observeMs: 100 })
  await eventually('the one that sees it holds it', async () => (await host(lab)).observerId === there.id)
  const { id } = await lab.apply('shop', specOf({ web: web() }))
  t.match(await lab.ended(id), { status: 'succeeded', attempts: 1 })
  t.match(await host(lab), { status: 'ready', observerId: there.id })
})

t.test(
  'a host that stops answering is suspect, then unreachable and its instances unknown; it comes back by itself',
  async (t) => {
    const lab = await runnerLab(t)
    await lab.worker({ observeMs: 300 })
    await lab.ended((await lab.apply('shop', specOf({ web: web() }))).id)
    await becomes(lab, 'ready')
    const statuses: string[] = []
    const { updatedAt } = await host(lab)
    lab.engine.away = true
    await eventually('it is unreachable', async () => {
      const { status } = await host(lab)
      if (statuses.at(-1) !== status) statuses.push(status)
      return status === 'unreachable'
    })
    t.same(
      statuses.filter((status) => status !== 'ready'),
      ['suspect', 'unreachable'],
    )
    t.ok((await host(lab)).updatedAt > updatedAt)
    t.match((await host(lab)).message, /away/)
    t.same(await known(lab), ['running unknown'])
    lab.engine.away = false
    t.match(await becomes(lab, 'ready'), { message: null })
    t.same(await known(lab), ['running seen'])
  },
)

t.test('a host that lost its marker is unknown, and so is what runs there; adopting it brings it back', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker({ observeMs: 100 })
  await lab.ended((await lab.apply('shop', specOf({ web: web() }))).id)
  await becomes(lab, 'ready')
  lab.engine.loseMarker()
  t.match((await becomes(lab, 'unknown')).message, /marker/)
  t.same(await known(lab), ['running unknown'])
  const adopted = await lab.api.request('POST', '/v1/hosts/h1/probe', { body: { adopt: true } })
  t.equal(adopted.status, 200)
  await becomes(lab, 'ready')
  await eventually('its instances are known', async () => (await known(lab)).join() === 'running seen')
})

t.test('what a list saw before an operation removed it does not come back with the list', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker()
  const { id } = await lab.apply('shop', specOf({ web: web(), old: web() }))
  await lab.ended(id)
  const driver = await lab.api.hosts.driver(lab.hostId)
  const since = new Date()
  const observation = await driver.observe({}, { signal: new AbortController().signal })
  t.equal(observation.instances.length, 2)
  await lab.ended((await lab.apply('shop', specOf({ web: web() }))).id)
  const services = async () => (await lab.db.prisma.instance.findMany()).map(({ service }) => service)
  t.same(await services(), ['web'])
  await lab.db.transaction(async (tx) => await record(tx, { hostId: lab.hostId, since, observation }))
  t.same(await services(), ['web'])
  // A list that began after the operation does bring in what is new.
  await lab.db.prisma.instance.deleteMany()
  const later = new Date(Date.now() + 1000)
  const now = await driver.observe({}, { signal: new AbortController().signal })
  await lab.db.transaction(async (tx) => await record(tx, { hostId: lab.hostId, since: later, observation: now }))
  t.same(await services(), ['web'])
})
