import t from 'tap'
import { AppError } from '../../src/errors/app-error.ts'
import { eventually } from '../lab/server.ts'
import { type RunnerLab, runnerLab, specOf, web } from '../runner/lab.ts'

/** No list but the first one. */
const NEVER = 3_600_000

const known = async (lab: RunnerLab) =>
  (await lab.db.prisma.instance.findMany({ orderBy: { name: 'asc' } }))
    .map(({ nativeId, state, health, reachable }) => `${nativeId} ${state} ${health} ${reachable}`)
    .join()
const there = (lab: RunnerLab) =>
  lab.engine
    .containers()
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ nativeId, state, health }) => `${nativeId} ${state} ${health} true`)
    .join()
const isTrue = async (lab: RunnerLab) =>
  await eventually('the tables show what is', async () => (await known(lab)) === there(lab))
const status = async (lab: RunnerLab, wanted: string) =>
  await eventually(`the host is ${wanted}`, async () => {
    const host = await lab.db.prisma.host.findUniqueOrThrow({ where: { id: lab.hostId } })
    return host.status === wanted
  })
const events = async (lab: RunnerLab) =>
  (await lab.db.prisma.event.findMany({ orderBy: { id: 'asc' } }))
    .filter(({ type }) => type.startsWith('instance.') || type === 'host.status')
    .map(({ type, data }) => {
      const { status, reachable, engineState } = data as Record<string, unknown>
      return [type, status, engineState, reachable].filter((one) => one !== undefined).join(' ')
    })
const shop = async (lab: RunnerLab, replicas: number) =>
  await lab.ended((await lab.apply('shop', specOf({ web: web({ deploy: { replicas } }) }))).id)

t.test('what is done on an engine is in the tables without a list', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker({ observeMs: NEVER })
  await status(lab, 'ready')
  await shop(lab, 3)
  await isTrue(lab)
  lab.engine.remove(lab.engine.containers()[0]?.nativeId ?? '')
  await isTrue(lab)
  t.equal(lab.engine.containers().length, 2)
})

t.test("an operation's own steps are seen as they happen, by a worker that has no part in it", async (t) => {
  const lab = await runnerLab(t)
  const watcher = await lab.worker({ observeMs: NEVER, runs: false })
  await eventually('it watches', () => lab.engine.followers === 1)
  const halt = Promise.withResolvers<void>()
  lab.engine.before = async ({ method, step }) => {
    if (method === 'inspect' || step?.action !== 'start_container') return
    await halt.promise
  }
  // It can not look: whoever sees it is the watcher.
  const runs = await lab.worker()
  const { id } = await lab.apply('shop', specOf({ web: web() }))
  await eventually('what it made is there before it runs', async () => / created /.test(await known(lab)))
  t.equal((await lab.operation(id)).status, 'running')
  halt.resolve()
  await lab.ended(id)
  await isTrue(lab)
  // First the one that would take the host over.
  await runs.stop()
  await watcher.stop()
  await eventually('nothing is left open at the engine', () => lab.engine.followers === 0)
})

t.test('an engine that went away is unknown at once with all that it runs, and listed when it is back', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker({ observeMs: NEVER })
  await status(lab, 'ready')
  await shop(lab, 2)
  await isTrue(lab)
  await lab.db.prisma.event.deleteMany()
  lab.engine.away = true
  await status(lab, 'unreachable')
  t.notMatch(await known(lab), / true/)
  lab.engine.remove(lab.engine.containers()[0]?.nativeId ?? '')
  lab.engine.away = false
  await status(lab, 'ready')
  await isTrue(lab)
  t.same(await events(lab), [
    'host.status suspect',
    'host.status unreachable',
    'instance.changed running false',
    'instance.changed running false',
    'instance.removed',
    'instance.changed running true',
    'host.status ready',
  ])
})

t.test('what an engine did not tell of is found by the next list, and by one that is asked for', async (t) => {
  const lab = await runnerLab(t)
  const worker = await lab.worker({ observeMs: 200 })
  await status(lab, 'ready')
  await shop(lab, 3)
  await isTrue(lab)
  lab.engine.silent = true
  lab.engine.remove(lab.engine.containers()[0]?.nativeId ?? '')
  await isTrue(lab)
  await worker.stop()
  await lab.worker({ observeMs: NEVER })
  await eventually('it is watched again', () => lab.engine.followers === 1)
  lab.engine.remove(lab.engine.containers()[0]?.nativeId ?? '')
  t.equal((await lab.api.request('POST', '/v1/hosts/h1/probe', { body: {} })).status, 200)
  await isTrue(lab)
})

t.test('nothing is told of an engine on which nothing happens, however often it is listed', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker({ observeMs: 30 })
  await status(lab, 'ready')
  await shop(lab, 2)
  await isTrue(lab)
  await lab.db.prisma.event.deleteMany()
  let lists = 0
  lab.engine.after = ({ method }) => void (lists += method === 'observe' ? 1 : 0)
  await eventually('it is listed often', () => lists > 20)
  t.same(await events(lab), [])
})

t.test('an engine that will not tell of changes is listed', async (t) => {
  const lab = await runnerLab(t)
  const driver = await lab.api.hosts.driver(lab.hostId)
  const mute = {
    ...driver,
    follow: async () => await Promise.reject(new AppError('unsupported', { detail: 'a proxy hides its events' })),
  }
  await lab.worker({ observeMs: 100, driver: async () => mute })
  await status(lab, 'ready')
  await shop(lab, 2)
  lab.engine.remove(lab.engine.containers()[0]?.nativeId ?? '')
  await isTrue(lab)
})

t.test(
  'a container that can not be looked at just now is made good by a list, and the host is not blamed',
  async (t) => {
    const lab = await runnerLab(t)
    await lab.worker({ observeMs: NEVER })
    await status(lab, 'ready')
    await shop(lab, 2)
    await isTrue(lab)
    await lab.db.prisma.event.deleteMany()
    let broken = 3
    lab.engine.before = ({ method }) => {
      if (method === 'inspect' && broken-- > 0) throw new AppError('internal', { detail: 'the engine answered 500' })
    }
    lab.engine.remove(lab.engine.containers()[0]?.nativeId ?? '')
    await isTrue(lab)
    t.ok(broken < 3)
    t.same(await events(lab), ['instance.removed'])
  },
)

t.test('who waits for a container goes on as soon as the engine tells of it, and no sooner', async (t) => {
  const lab = await runnerLab(t)
  const { observer } = await lab.worker({ observeMs: NEVER })
  await status(lab, 'ready')
  await shop(lab, 2)
  await isTrue(lab)
  const [first, second] = lab.engine.containers().map(({ nativeId }) => nativeId)
  const abort = new AbortController()
  using heard = observer.listen(lab.hostId, first ?? '')
  using silent = observer.listen(lab.hostId, second ?? '')
  const [told, other] = [heard, silent].map(async (one) => await one.next(600_000, abort.signal))
  lab.engine.remove(first ?? '')
  await told
  const reason = new Error('enough')
  abort.abort(reason)
  await t.rejects(other ?? Promise.resolve(), reason)
  using nobody = observer.listen(lab.hostId, 'none')
  await nobody.next(1, new AbortController().signal)
})

t.test('what is told between two waits is not waited for', async (t) => {
  const lab = await runnerLab(t)
  const { observer } = await lab.worker({ observeMs: NEVER })
  await status(lab, 'ready')
  await shop(lab, 1)
  await isTrue(lab)
  const [made] = lab.engine.containers()
  if (!made) throw new Error('there is no container')
  const { nativeId, appId } = made
  using container = observer.listen(lab.hostId, nativeId)
  using app = observer.listen(lab.hostId, appId)
  lab.engine.remove(nativeId)
  await isTrue(lab)
  const { signal } = new AbortController()
  await Promise.all([container.next(600_000, signal), app.next(600_000, signal)])
  t.pass('both knew')
})
