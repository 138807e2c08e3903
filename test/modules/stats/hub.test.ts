import t from 'tap'
import type { Driver, StatsSample } from '../../../src/drivers/index.ts'
import { AppError } from '../../../src/errors/app-error.ts'
import { sleep } from '../../../src/lib/abort.ts'
import { createStatsHub, readAppHistory, readAppStats, readInstanceUsages } from '../../../src/modules/stats/index.ts'
import { createQuestions } from '../../../src/modules/questions/index.ts'
import { quiet } from '../../lab/database.ts'
import { all } from '../../drivers/build.ts'
import { eventually } from '../../lab/run.ts'
import { runnerLab, specOf, web } from '../../runner/lab.ts'

const freely = new AbortController().signal
const container = { id: 'i1', nativeId: 'c1', hostId: 'h1', tenantId: 't1' }

/** A hub whose one engine does what the test says, and what was asked of it. */
function scene(stats: Driver['stats'], most?: number) {
  const asked = { connects: 0, samples: 0, streams: 0, open: 0 }
  const driver = {
    async *stats(nativeId: string, wanted: { follow: boolean }, call: { signal: AbortSignal }) {
      if (wanted.follow) asked.streams += 1
      else asked.samples += 1
      asked.open += 1
      try {
        yield* stats(nativeId, wanted, call)
      } finally {
        asked.open -= 1
      }
    },
  } as unknown as Driver
  const connect = async () => {
    asked.connects += 1
    return driver
  }
  return {
    asked,
    hub: createStatsHub({ hosts: { connect }, log: quiet, ...(most && { most: { tenant: most, all: most } }) }),
  }
}
const sampleAt = (ms: number, cpuNs = ms * 1e6): StatsSample => ({
  at: new Date(1_700_000_000_000 + ms).toISOString(),
  cpuNs,
  cpuCores: 1,
  memoryBytes: 1,
  memoryLimitBytes: 2,
  receivedBytes: 0,
  sentBytes: 0,
  readBytes: 0,
  writtenBytes: 0,
})
const now = () => sampleAt(performance.now())

t.test(
  'many who read a container at once open one short stream, who reads again soon after waits for one sample',
  async (t) => {
    let sent = 0
    const { asked, hub } = scene(async function* (_id, _wanted, { signal }) {
      while (!signal.aborted) {
        sent += 1
        yield now()
        await sleep(200, signal).catch(() => {})
      }
    })
    t.teardown(() => hub.close())
    const readings = await Promise.all(Array.from({ length: 100 }, async () => await hub.read(container, freely)))
    t.match(asked, { connects: 1, samples: 0, streams: 1, open: 0 })
    const [first] = readings
    t.ok(readings.every((reading) => reading === first))
    t.ok(Math.abs((first?.usage?.cpu.cores ?? 0) - 1) < 0.05)
    t.equal(await hub.read(container, freely), first, 'within half a second it is the same one')
    t.equal(asked.streams, 1)
    t.equal(sent, 2)
    const next = await eventually('it is read anew', async () => {
      const reading = await hub.read(container, freely)
      return reading !== first && reading
    })
    t.ok(next.usage)
    t.equal(sent, 3, 'the first sample is enough then')
    t.match(asked, { streams: 2, open: 0 })
  },
)

t.test('a host that answers nothing costs 8 s, and whoever leaves sooner waits no longer', async (t) => {
  const { hub, asked } = scene(async function* (_id, _wanted, { signal }) {
    await sleep(60_000, signal).catch(() => {})
    yield* []
  })
  t.teardown(() => hub.close())
  const leaving = new AbortController()
  const reason = new Error('left')
  const left = hub.read(container, leaving.signal)
  leaving.abort(reason)
  await t.rejects(left, reason)
  const at = performance.now()
  t.same(await hub.read(container, freely), { usage: null, problem: 'its host did not answer in time' })
  t.ok(performance.now() - at < 10_000)
  const watch = hub.watch(container)
  t.same(await hub.read(container, freely), { usage: null, problem: 'its host did not answer in time' })
  watch.release()
  await eventually('nothing is left open', () => asked.open === 0)
})

t.test(
  'a stream that breaks off is opened again, less often the longer it fails; what it said is no news',
  async (t) => {
    let fails = true
    const { asked, hub } = scene(async function* (_id, { follow }, { signal }) {
      if (fails) throw new AppError('host_unreachable', { detail: 'it is away' })
      while (follow && !signal.aborted) {
        yield now()
        await sleep(100, signal).catch(() => {})
      }
    })
    t.teardown(() => hub.close())
    const watch = hub.watch(container)
    const second = hub.watch(container)
    await eventually('it failed', () => watch.reading.problem === 'it is away')
    t.equal(hub.streams, 1)
    fails = false
    await eventually('it is back', () => watch.reading.usage !== null && watch.reading.problem === null)
    t.ok(asked.streams <= 3, 'it was not asked all the time')
    fails = true
    watch.release()
    watch.release()
    t.equal(hub.streams, 1, 'who lets go twice lets go once')
    second.release()
    t.equal(hub.streams, 0)
    await eventually('its stream is closed', () => asked.open === 0, 1000)
  },
)

t.test(
  'a server watches so many containers and says so of the others, which come in as soon as there is room',
  async (t) => {
    const { hub } = scene(async function* (_id, _wanted, { signal }) {
      while (!signal.aborted) {
        yield now()
        await sleep(100, signal).catch(() => {})
      }
    }, 2)
    t.teardown(() => hub.close())
    const first = hub.watch({ ...container, id: 'a' })
    const again = hub.watch({ ...container, id: 'a' })
    const row = {
      ...container,
      name: 'n',
      service: 's',
      appId: 'a',
      app: 'a',
      host: 'h',
      capacity: { cpus: 1, memory: 1 },
    }
    const rows = ['b', 'c'].map((id) => ({ ...row, id }))
    const problems: string[] = []
    const stop = new AbortController()
    const options = {
      load: async () => rows,
      toDocument: (seen: readonly { reading: { problem: string | null } }[]) =>
        seen.map(({ reading }) => reading.problem ?? 'known').join(),
    }
    const over = (async () => {
      for await (const document of hub.follow('x', options, stop.signal)) problems.push(document)
    })()
    await eventually(
      'one has no room',
      () => problems.at(-1) === 'known,this server watches as many containers as it can',
    )
    t.equal(hub.streams, 2)
    first.release()
    again.release()
    await eventually('then it has', () => problems.at(-1) === 'known,known')
    stop.abort()
    await over
    t.equal(hub.streams, 0)
  },
)

t.test('an engine that falls silent: its last sample is no news after 5 s', async (t) => {
  const { hub, asked } = scene(async function* (_id, _wanted, { signal }) {
    yield sampleAt(0)
    yield sampleAt(1000)
    await sleep(60_000, signal).catch(() => {})
  })
  const watch = hub.watch(container)
  await eventually('it is known', () => watch.reading.usage)
  await eventually('it is not any more', () => watch.reading.problem !== null, 8000)
  t.equal(watch.reading.usage, null)
  hub.close()
  await eventually('the end of all closes it', () => asked.open === 0)
  t.match(hub.watch(container).reading, { usage: null, problem: String }, 'and nothing is opened afterwards')
  t.equal(asked.streams, 1)
})

t.test('what others build on: an app, its hour, some instances of a tenant and of no other', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker()
  await lab.ended((await lab.apply('shop', specOf({ web: web({ deploy: { replicas: 2 } }) }))).id)
  const { db } = lab
  const stats = createStatsHub({ hosts: lab.api.hosts, log: quiet })
  const questions = createQuestions({ db, log: quiet })
  t.teardown(async () => {
    stats.close()
    await questions.close()
  })
  const idOf = async (name: string) => (await db.prisma.tenant.findUniqueOrThrow({ where: { name } })).id
  const [tenantId, otherId] = [await idOf('acme'), await idOf('other')]
  const deps = { db, stats, questions }
  const { instances } = await readAppStats(deps, { tenantId, app: 'shop', signal: freely })
  const ids = instances.map(({ id }) => id)
  t.equal(ids.length, 2)
  const usages = await readInstanceUsages(deps, { tenantId, ids, signal: freely })
  t.same([...usages.keys()].toSorted(), ids.toSorted())
  t.equal((await readInstanceUsages(deps, { tenantId: otherId, ids, signal: freely })).size, 0)
  await t.rejects(readAppStats(deps, { tenantId: otherId, app: 'shop', signal: freely }), { code: 'not_found' })
  await t.rejects(readAppHistory(deps, { tenantId: otherId, app: 'shop', signal: freely }), { code: 'not_found' })
  const over = new AbortController()
  over.abort()
  const view = stats.follow('x', { load: async () => [], toDocument: () => 1 }, over.signal)
  t.same(await all(view), [], 'who has left already is told nothing')
})
