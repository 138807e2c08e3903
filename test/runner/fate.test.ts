import { pino } from 'pino'
import t from 'tap'
import { runnerLab, specOf, web } from './lab.ts'
import { sweepLost } from '../../src/runner/sweep.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/server.ts'

const good = specOf({ web: web() })
const better = specOf({ web: web({ image: IMAGES.web2 }) })
const broken = specOf({ web: web({ image: IMAGES.broken }) })

t.test('a retryable error parks the operation with its reason and a wait; success leaves no error', async (t) => {
  const lab = await runnerLab(t)
  const { engine } = lab
  engine.away = true
  await lab.worker()
  const { id } = await lab.apply('shop', good)
  const parked = await eventually('it is parked', async () => {
    const operation = await lab.operation(id)
    return operation.leaseOwner === null && operation.nextAttemptAt !== null && operation
  })
  t.match(parked, { status: 'running', reason: 'backoff', error: { code: 'host_unreachable' }, leaseUntil: null })
  t.ok(parked.nextAttemptAt && parked.nextAttemptAt.getTime() > Date.now() - 1000)
  engine.away = false
  t.match(await lab.ended(id), { status: 'succeeded', error: null, reason: null, nextAttemptAt: null, lostLeases: 0 })
})

t.test(
  'no progress for the deadline: failed with the last retryable code, and what was good is wanted again',
  async (t) => {
    const lab = await runnerLab(t)
    await lab.worker({ progressDeadlineMs: 1500 })
    await lab.ended((await lab.apply('shop', good)).id)
    const before = await lab.app('shop')
    lab.engine.away = true
    const end = await lab.ended((await lab.apply('shop', better)).id)
    t.match(end, { status: 'failed', error: { code: 'host_unreachable' } })
    t.match(await lab.app('shop'), { wantedRelease: before.wantedRelease, good: before.good })
  },
)

t.test(
  'the deadline counts from the last step that finished; a step that each attempt repeats is no progress',
  async (t) => {
    const lab = await runnerLab(t)
    let slow = 0
    lab.engine.before = async ({ step }) => {
      if (step?.action === 'create_container') throw new AppError('host_unreachable', { detail: 'it went away' })
      if (step?.action === 'create_network' && slow++ === 0) await new Promise((resolve) => setTimeout(resolve, 1000))
    }
    await lab.worker({ progressDeadlineMs: 2500 })
    const { id } = await lab.apply('shop', good)
    const end = await lab.ended(id)
    t.match(end, { status: 'failed', error: { code: 'host_unreachable', host: 'h1', service: 'web' } })
    const [startedAt = 0, progressAt = 0, finishedAt = 0] = [end.startedAt, end.progressAt, end.finishedAt].map((at) =>
      at?.getTime(),
    )
    t.ok(progressAt - startedAt >= 900, 'the slow step was progress')
    t.ok(finishedAt - progressAt >= 2500)
    t.ok(
      end.steps.filter(({ action, status }) => action === 'pull_image' && status === 'succeeded').length > 1,
      'pulled again and again',
    )
  },
)

t.test('a final error goes back: rolled_back with the first error, and the good release runs', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker()
  await lab.ended((await lab.apply('shop', good)).id)
  const [before] = lab.engine.containers('shop')
  const end = await lab.ended((await lab.apply('shop', broken)).id)
  t.match(end, {
    status: 'rolled_back',
    error: { code: 'health_timeout', service: 'web', host: 'h1' },
    revertTo: 'rolled_back',
  })
  t.match(lab.engine.containers('shop'), [{ nativeId: before?.nativeId, serving: true, state: 'running' }])
  t.match(await lab.app('shop'), { wantedRelease: 1, good: { release: 1 } })
  t.ok(end.plan, 'its plan is kept')
  const again = await lab.apply('shop', broken)
  t.not(again.id, end.id, 'the same spec makes a new operation')
  await lab.ended(again.id)
})

t.test('a final error with nothing to go back to: failed, its containers are gone, nothing is wanted', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker()
  const end = await lab.ended((await lab.apply('shop', broken)).id)
  t.match(end, { status: 'failed', error: { code: 'health_timeout' } })
  t.same(lab.engine.containers('shop'), [])
  t.match(await lab.app('shop'), { wantedRelease: null, good: null })
})

t.test('when going back fails too: failed with rollback_failed, which tells both', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker()
  await lab.ended((await lab.apply('shop', good)).id)
  const two = specOf({ web: web({ image: IMAGES.web2 }), extra: web() })
  lab.engine.before = ({ step, desired }) => {
    const forward = desired?.spec?.services.extra !== undefined
    if (forward && step?.action === 'create_container' && step.service === 'extra')
      throw new AppError('image_not_found', { detail: 'no such image' })
    if (!forward && step) throw new AppError('field_conflict', { detail: 'not ours' })
  }
  const end = await lab.ended((await lab.apply('shop', two)).id)
  t.match(end, {
    status: 'failed',
    error: { code: 'rollback_failed', message: /no such image.*field_conflict.*not ours/ },
  })
  t.match(await lab.app('shop'), { wantedRelease: 1 })
})

t.test('five lost leases end it with internal, and no step is left running', async (t) => {
  const lab = await runnerLab(t)
  lab.engine.before = async ({ step }) => {
    if (step?.action === 'create_network') await new Promise(() => {})
  }
  await lab.worker()
  const { id } = await lab.apply('shop', good)
  for (let lost = 1; lost <= 5; lost += 1) {
    await eventually(`attempt ${lost} is at its step`, async () => {
      const { attempts, steps, leaseOwner } = await lab.operation(id)
      return (
        attempts === lost &&
        leaseOwner !== null &&
        steps.some(({ attempt, status }) => attempt === lost && status === 'running')
      )
    })
    await lab.steal(id)
  }
  await sweepLost(lab.db, pino({ level: 'silent' }))
  const end = await lab.ended(id)
  t.match(end, { status: 'failed', error: { code: 'internal' }, lostLeases: 5 })
  t.ok(end.steps.every(({ status }) => status !== 'running'))
  t.match(await lab.app('shop'), { wantedRelease: null })
})
