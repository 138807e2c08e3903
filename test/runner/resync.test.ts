import { pino } from 'pino'
import t from 'tap'
import { type RunnerLab, runnerLab, specOf, web } from './lab.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { resync } from '../../src/runner/resync.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/server.ts'

const log = pino({ level: 'silent' })
const once = { image: IMAGES.once, pull_policy: 'never', restart: 'no' }

/** What runs is in the tables. */
async function listed(lab: RunnerLab): Promise<void> {
  const text = (one: { nativeId: string; state: string; health: string | null }) =>
    `${one.nativeId} ${one.state} ${one.health}`
  await eventually('the observer has seen what is', async () => {
    const known = (await lab.db.prisma.instance.findMany()).map(text).toSorted().join()
    return known === lab.engine.containers().map(text).toSorted().join()
  })
}

const runs = async (lab: RunnerLab) => await resync(lab.db, lab.api.installation, log)
const count = async (lab: RunnerLab) => await lab.db.prisma.operation.count()
const newest = async (lab: RunnerLab) => await lab.db.prisma.operation.findFirstOrThrow({ orderBy: { id: 'desc' } })

t.test('nothing is queued while all is as it is wanted, and a completed one-shot is not run again', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker({ observeMs: 100 })
  await lab.ended((await lab.apply('shop', specOf({ web: web({ deploy: { replicas: 2 } }), once }))).id)
  await lab.ended((await lab.apply('blog', specOf({ web: web() }))).id)
  const before = await count(lab)
  for (let round = 0; round < 3; round += 1) {
    await listed(lab)
    t.equal(await runs(lab), 0)
  }
  t.equal(await count(lab), before)
  t.equal(lab.engine.steps.filter(({ id }) => id.startsWith('once/') && id.endsWith('start_container')).length, 1)
})

t.test('a container that was removed by hand comes back, once', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker({ observeMs: 100 })
  await lab.ended((await lab.apply('shop', specOf({ web: web({ deploy: { replicas: 2 } }) }))).id)
  const [gone, kept] = lab.engine.containers('shop')
  lab.engine.remove(gone?.nativeId ?? '')
  await listed(lab)
  t.equal(await runs(lab), 1)
  t.equal(await runs(lab), 0, 'not twice')
  const { id } = await newest(lab)
  t.match(await lab.ended(id), { kind: 'reconcile', status: 'succeeded', requestedBy: 'system:resync' })
  const after = lab.engine.containers('shop')
  t.same(after.map(({ ordinal, state }) => `${ordinal} ${state}`).toSorted(), ['1 running', '2 running'])
  t.ok(
    after.some(({ nativeId }) => nativeId === kept?.nativeId),
    'the other one was left alone',
  )
})

t.test('after rolled_back nothing brings the bad release back', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker({ observeMs: 100 })
  await lab.ended((await lab.apply('shop', specOf({ web: web() }))).id)
  await lab.ended((await lab.apply('shop', specOf({ web: web({ image: IMAGES.broken }) }))).id)
  const before = await count(lab)
  await listed(lab)
  t.equal(await runs(lab), 0)
  t.equal(await count(lab), before)
  t.match(lab.engine.containers('shop'), [{ image: IMAGES.web1, state: 'running' }])
})

t.test('containers of a service that the spec no longer has are retired', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker({ observeMs: 100 })
  await lab.ended((await lab.apply('shop', specOf({ web: web(), old: web() }))).id)
  const left = lab.engine.containers('shop').length
  // Its spec loses the service while nobody looks: what is left there is an orphan.
  const app = await lab.app('shop')
  const release = await lab.db.prisma.release.findFirstOrThrow({ where: { appId: app.id } })
  const { old: _, ...services } = (release.spec as { services: Record<string, object> }).services
  await lab.db.prisma.$executeRaw`
    update releases set spec = jsonb_set(spec, '{services}', ${JSON.stringify(services)}::jsonb) where app_id = ${app.id}::uuid`
  await listed(lab)
  t.equal(await runs(lab), 1)
  t.match(await lab.ended((await newest(lab)).id), { kind: 'reconcile', status: 'succeeded' })
  t.equal(lab.engine.containers('shop').length, left - 1)
})

t.test('a reconcile that fails for good is not queued again at once', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker({ observeMs: 100 })
  await lab.ended((await lab.apply('shop', specOf({ web: web() }))).id)
  lab.engine.before = ({ step }) => {
    if (step?.action === 'pull_image' || step?.action === 'create_container')
      throw new AppError('image_not_found', { detail: 'the image is gone' })
  }
  lab.engine.remove(lab.engine.containers('shop')[0]?.nativeId ?? '')
  await listed(lab)
  t.equal(await runs(lab), 1)
  t.match(await lab.ended((await newest(lab)).id), {
    kind: 'reconcile',
    status: 'failed',
    error: { code: 'image_not_found' },
  })
  const before = await count(lab)
  for (let round = 0; round < 3; round += 1) {
    await listed(lab)
    t.equal(await runs(lab), 0)
  }
  t.equal(await count(lab), before)
})

t.test('apps on a host that does not answer are passed over', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker({ observeMs: 100 })
  await lab.ended((await lab.apply('shop', specOf({ web: web() }))).id)
  lab.engine.remove(lab.engine.containers('shop')[0]?.nativeId ?? '')
  lab.engine.away = true
  await eventually(
    'the host is unreachable',
    async () => (await lab.db.prisma.host.findUniqueOrThrow({ where: { id: lab.hostId } })).status === 'unreachable',
  )
  t.equal(await runs(lab), 0)
})
