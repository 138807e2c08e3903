import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import t from 'tap'
import type { Driver } from '../../../src/drivers/index.ts'
import type { SamplerOptions } from '../../../src/modules/stats/sampler.ts'
import { Answerer } from '../../../src/modules/questions/index.ts'
import { HISTORY, Sampler } from '../../../src/modules/stats/index.ts'
import { eventually } from '../../lab/run.ts'
import { type RunnerLab, runnerLab, specOf, web } from '../../runner/lab.ts'

const log = pino({ level: 'silent' })
const path = '/v1/tenants/acme/apps/shop/stats?history=true'

/** The part of a worker that keeps samples and is asked for them. */
async function keeper(
  t: Tap,
  lab: RunnerLab,
  workerId: string,
  keep: 'watched' | 'all' = 'watched',
  connect: SamplerOptions['connect'] = lab.api.hosts.connect,
) {
  const { db } = lab
  const sampler = new Sampler({ db, log, workerId, keep, connect, intervalMs: 120 })
  const answerer = new Answerer({ db, log, workerId, kinds: { [HISTORY]: (question) => sampler.answer(question) } })
  sampler.start()
  await answerer.start()
  const stop = async () => {
    await answerer.stop()
    await sampler.stop()
  }
  t.teardown(stop)
  return { sampler, stop }
}
type Tap = { teardown(work: () => Promise<void>): void }

/** An app with two instances, and the worker that observes its host. */
async function scene(t: Tap, historyKeptMs = 0) {
  const lab = await runnerLab(t, { historyKeptMs })
  const worker = await lab.worker({ observeMs: 200 })
  await lab.ended((await lab.apply('shop', specOf({ web: web({ deploy: { replicas: 2 } }) }))).id)
  await lab.ended((await lab.apply('blog', specOf({ web: web() }))).id)
  const history = async () => {
    const { status, body } = await lab.api.request('GET', path)
    if (status !== 200) throw new Error(JSON.stringify(body))
    return body
  }
  const lengths = async () => {
    const { instances } = await history()
    return instances.map(({ samples }: { samples: unknown[] }) => samples.length) as number[]
  }
  return { lab, worker, history, lengths }
}

t.test('samples of an app are kept from the first look at its stats on, of others not', async (t) => {
  const { lab, worker, history, lengths } = await scene(t)
  await keeper(t, lab, worker.id)
  const stranger = await keeper(t, lab, randomUUID(), 'all')
  const looks: string[] = []
  lab.engine.after = ({ method }) => void looks.push(method)
  await eventually('it was observed a few times', () => looks.filter((method) => method === 'probe').length > 3)
  t.equal(looks.filter((method) => method === 'stats').length, 0, 'nobody looked yet')
  t.same(await lengths(), [0, 0])
  await eventually('a few samples are there', async () => (await lengths()).every((length) => length > 3))
  const { resolutionSeconds, instances, missing } = await history()
  t.same(missing, [])
  t.equal(resolutionSeconds, 0.12)
  t.match(instances, [
    { name: String, service: 'web', host: 'h1' },
    { service: 'web', host: 'h1' },
  ])
  for (const { samples } of instances) {
    const times = samples.map(({ at }: { at: string }) => Date.parse(at))
    t.same(
      times,
      times.toSorted((a: number, b: number) => a - b),
      'oldest first',
    )
    t.match(samples.at(-1), { memoryBytes: 8_388_608, readBytesPerSecond: 0 })
    const { cpuCores, receivedBytesPerSecond } = samples.at(-1)
    t.ok(cpuCores > 0.3 && cpuCores < 0.7 && receivedBytesPerSecond > 600 && receivedBytesPerSecond < 1400)
  }
  t.equal(await lab.db.prisma.statsWatch.count(), 1, 'of the other app nothing')
  const ids = instances.map(({ id }: { id: string }) => id)
  t.same(
    stranger.sampler.answer({ instances: ids }).rings,
    {},
    'and nothing by a worker that does not observe the host',
  )
  t.equal(await lab.db.prisma.workerQuestion.count(), 0, 'no question is left behind')
})

t.test('what nobody has watched for an hour is let go, and with `all` nothing is', async (t) => {
  const { lab, worker, lengths } = await scene(t)
  const watched = await keeper(t, lab, worker.id)
  await lengths()
  await eventually('samples', async () => (await lengths()).every((length) => length > 2))
  await lab.db.prisma.$executeRaw`update stats_watches set watched_at = now() - interval '61 minutes'`
  const forgotten = async () => {
    // Looking is watching: the table is asked, and what was kept is gone when it is looked at anew.
    const marks = await lab.db.prisma.statsWatch.findMany()
    return marks.every(({ watchedAt }) => Date.now() - watchedAt.getTime() > 3_600_000)
  }
  const looks: string[] = []
  lab.engine.after = ({ method }) => void looks.push(method)
  await eventually('it is sampled no more', async () => {
    looks.length = 0
    await eventually('observed', () => looks.filter((method) => method === 'probe').length > 2)
    return (await forgotten()) && !looks.includes('stats')
  })
  t.same(await lengths(), [0, 0], 'the hour is gone')
  await watched.stop()
  await lab.db.prisma.statsWatch.deleteMany()
  await keeper(t, lab, worker.id, 'all')
  lab.engine.after = () => {}
  await eventually('all are kept', async () => (await lengths()).every((length) => length > 1))
})

t.test('an instance that is gone is forgotten, one that has stopped keeps its samples', async (t) => {
  const { lab, worker, history, lengths } = await scene(t)
  await keeper(t, lab, worker.id)
  await lengths()
  await eventually('samples', async () => (await lengths()).every((length) => length > 2))
  const [first, second] = lab.engine.containers('shop')
  if (!first || !second) throw new Error('two instances')
  await worker.runner.stop()
  lab.engine.remove(first.nativeId)
  await lab.db.prisma.instance.updateMany({ where: { nativeId: first.nativeId }, data: { state: 'exited' } })
  const left = await eventually('one is left', async () => {
    const { instances } = await history()
    return instances.length === 1 && instances
  })
  t.equal(left[0].name, second.name)
  t.ok(left[0].samples.length > 2)
})

t.test(
  'no worker, or one that does not answer: the instances are named with the reason, and nothing hangs',
  async (t) => {
    const { lab, worker, history, lengths } = await scene(t)
    const own = await keeper(t, lab, worker.id)
    await lengths()
    await own.stop()
    const at = performance.now()
    t.match(await history(), { instances: [], missing: [{ host: 'h1', reason: /did not answer within 2 s/ }, {}] })
    t.ok(performance.now() - at > 1500 && performance.now() - at < 5000)
    await worker.stop()
    const before = performance.now()
    t.match(await history(), { instances: [], missing: [{ reason: /no worker observes the host now/ }, {}] })
    t.ok(performance.now() - before < 1500, 'which is known at once')
    await lab.db.prisma.$executeRaw`
    update hosts set observer_id = ${randomUUID()}::uuid, observer_until = now() + interval '1 hour'`
    t.match(await history(), { instances: [], missing: [{ reason: /did not answer within 2 s/ }, {}] })
    t.equal(await lab.db.prisma.workerQuestion.count(), 0)
  },
)

t.test('a host that hangs has a gap in its hour, and the worker stops all the same', async (t) => {
  const { lab, worker, lengths } = await scene(t)
  const own = await keeper(t, lab, worker.id)
  await lengths()
  await eventually('samples', async () => (await lengths()).every((length) => length > 1))
  lab.engine.before = async ({ method }) => {
    if (method === 'stats') await new Promise(() => {})
  }
  const [length = 0] = await lengths()
  lab.engine.before = () => {}
  await eventually('it goes on', async () => ((await lengths())[0] ?? 0) > length + 1)
  lab.engine.before = async ({ method }) => {
    if (method === 'stats') await new Promise(() => {})
  }
  const at = performance.now()
  await own.stop()
  t.ok(performance.now() - at < 2000)
})

t.test('an engine whose clock is two hours behind has a history like any other', async (t) => {
  const { lab, worker, history, lengths } = await scene(t)
  const beganAt = Date.now()
  await keeper(t, lab, worker.id, 'all', async (hostId, options) => {
    const driver = await lab.api.hosts.connect(hostId, options)
    return Object.assign(Object.create(driver), {
      async *stats(...wanted: Parameters<Driver['stats']>) {
        for await (const sample of driver.stats(...wanted))
          yield { ...sample, at: new Date(Date.parse(sample.at) - 7_200_000).toISOString() }
      },
    })
  })
  await eventually('samples', async () => (await lengths()).every((length) => length > 2), 20_000)
  const [{ samples }] = (await history()).instances
  t.ok(Date.parse(samples[0].at) >= beganAt && Date.parse(samples.at(-1).at) <= Date.now(), 'with the times of here')
  t.ok(samples.at(-1).cpuCores > 0.2 && samples.at(-1).cpuCores < 1, 'and rates by the clock of there')
})

t.test('many who ask for a history at once, and soon after, cost one question', async (t) => {
  const { lab, history } = await scene(t, 60_000)
  const asked: unknown[] = []
  const { db } = lab
  const workerId = randomUUID()
  await db.prisma.$executeRaw`
    UPDATE hosts SET observer_id = ${workerId}::uuid, observer_until = now() + interval '1 hour'`
  const kinds = {
    [HISTORY]: (question: unknown) => {
      asked.push(question)
      return { resolutionSeconds: 10, rings: {} }
    },
  }
  const answerer = new Answerer({ db, log, workerId, kinds })
  await answerer.start()
  t.teardown(async () => await answerer.stop())
  const answers = await Promise.all(Array.from({ length: 30 }, async () => await history()))
  t.same(await history(), answers[0])
  t.match(answers[0], { instances: [{ service: 'web' }, {}], missing: [] })
  t.equal(asked.length, 1)
  const { body } = await lab.api.request('GET', '/v1/tenants/acme/apps/blog/stats?history=true')
  t.equal(body.instances.length, 1, 'another app is another matter')
  t.match(await lab.api.request('GET', '/v1/tenants/other/apps/shop/stats?history=true'), { status: 404 })
})
