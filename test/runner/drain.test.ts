import t from 'tap'
import { runnerLab, specOf, web } from './lab.ts'
import { eventually } from '../lab/server.ts'

const spec = specOf({ web: web() })

t.test(
  'a drain lets the step under way finish, hands the operation over, and the other worker goes on at once',
  async (t) => {
    const lab = await runnerLab(t)
    const gate = Promise.withResolvers<void>()
    const there = Promise.withResolvers<void>()
    lab.engine.before = async ({ step }) => {
      if (step?.action !== 'create_container') return
      there.resolve()
      await gate.promise
    }
    const first = await lab.worker()
    const { id } = await lab.apply('shop', spec)
    await there.promise
    const second = await lab.worker()
    const stopping = first.stop()
    gate.resolve()
    await stopping
    const end = await lab.ended(id)
    t.match(end, { status: 'succeeded', attempts: 2, lostLeases: 0 })
    t.equal(end.steps.filter(({ action }) => action === 'create_container').length, 1, 'the step was not done again')
    await second.stop()
  },
)

t.test(
  'a step that does not end is cut off, and its operation handed over, within 10 s and without a lost lease',
  async (t) => {
    const lab = await runnerLab(t)
    let hung = 0
    lab.engine.before = async ({ step }) => {
      if (step?.action === 'start_container' && hung++ === 0) await new Promise(() => {})
    }
    const first = await lab.worker()
    const { id } = await lab.apply('shop', spec)
    await eventually('it hangs', async () => hung > 0)
    await lab.worker()
    const beganAt = performance.now()
    await first.stop()
    t.ok(performance.now() - beganAt < 10_000)
    const handed = await lab.operation(id)
    t.not(handed.leaseOwner, first.id)
    const end = await lab.ended(id)
    t.match(end, { status: 'succeeded', attempts: 2, lostLeases: 0, error: null })
    t.match(
      end.steps.find(({ attempt, action }) => attempt === 1 && action === 'start_container'),
      { status: 'cancelled' },
    )
  },
)

t.test('what is claimed while the worker stops is handed on untouched', async (t) => {
  for (let round = 0; round < 2; round += 1) {
    const lab = await runnerLab(t)
    lab.engine.before = async ({ method }) => {
      if (method === 'observe') await new Promise(() => {})
    }
    const worker = await lab.worker({ slots: 4 })
    const ids = []
    for (let app = 0; app < 3; app += 1) ids.push((await lab.apply(`shop-${app}`, spec)).id)
    await worker.stop()
    for (const id of ids) {
      const { leaseOwner, finishedAt } = await lab.operation(id)
      t.same({ leaseOwner, finishedAt }, { leaseOwner: null, finishedAt: null })
    }
  }
})

t.test('cancelled operations that are handed over go back elsewhere', async (t) => {
  const lab = await runnerLab(t)
  let hung = 0
  lab.engine.before = async ({ step }) => {
    if (step?.action === 'remove_container' && hung++ === 0) await new Promise(() => {})
  }
  const first = await lab.worker()
  const gone = await lab.apply('shop', specOf({ web: web({ image: 'mrg-test/broken:1' }) }))
  await eventually('going back hangs', async () => hung > 0)
  await first.stop()
  t.match(await lab.operation(gone.id), { status: 'running', revertTo: 'failed', error: { code: 'health_timeout' } })
  await lab.worker()
  t.match(await lab.ended(gone.id), { status: 'failed', error: { code: 'health_timeout' }, lostLeases: 0 })
  t.same(lab.engine.containers('shop'), [])
})
