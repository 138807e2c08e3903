import t from 'tap'
import { runnerLab, type RunnerLab, specOf, web } from './lab.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/server.ts'

const good = specOf({ web: web() })
const better = specOf({ web: web({ image: IMAGES.web2 }) })
const broken = specOf({ web: web({ image: IMAGES.broken }) })

const cancel = async (lab: RunnerLab, id: string) =>
  await lab.api.request('POST', `/v1/tenants/acme/operations/${id}/cancel`)

/** Hangs at every step of `action` until the test lets go; resolves once one is there. */
function hangAt(lab: RunnerLab, action: string): { there: Promise<void>; release: () => void } {
  const there = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  lab.engine.before = async ({ step }) => {
    if (step?.action !== action) return
    there.resolve()
    await gate.promise
  }
  return { there: there.promise, release: gate.resolve }
}

t.test('cancelled while queued: ends at once, nothing is done', async (t) => {
  const lab = await runnerLab(t)
  const { id } = await lab.apply('shop', good)
  t.match(await cancel(lab, id), { status: 202, body: { operation: { status: 'cancelled' } } })
  t.same(lab.engine.steps, [])
  t.match(await lab.app('shop'), { wantedRelease: null })
})

t.test(
  'cancelled in the middle of a call: the call is aborted, the good release runs, then it is cancelled',
  async (t) => {
    const lab = await runnerLab(t)
    await lab.worker()
    await lab.ended((await lab.apply('shop', good)).id)
    const [before] = lab.engine.containers('shop')
    const { there } = hangAt(lab, 'start_container')
    const { id } = await lab.apply('shop', better)
    await there
    t.equal((await cancel(lab, id)).status, 202)
    const end = await lab.ended(id)
    t.match(end, { status: 'cancelled', error: { code: 'cancelled' } })
    t.match(lab.engine.containers('shop'), [{ nativeId: before?.nativeId, serving: true }])
    t.match(await lab.app('shop'), { wantedRelease: 1 })
    t.ok(end.steps.some(({ action, status }) => action === 'start_container' && status === 'cancelled'))
  },
)

t.test(
  'cancelled while it waits for its host: it goes back once the host is there, and asks no faster than before',
  async (t) => {
    const lab = await runnerLab(t)
    await lab.worker()
    await lab.ended((await lab.apply('shop', good)).id)
    lab.engine.away = true
    const { id } = await lab.apply('shop', better)
    await eventually('it is parked', async () => (await lab.operation(id)).reason === 'backoff')
    await cancel(lab, id)
    const turned = await eventually('it goes back', async () => {
      const operation = await lab.operation(id)
      return operation.revertTo === 'cancelled' && operation.reason === 'backoff' && operation
    })
    // At the first attempts' pace there are a few in this time; without a wait there would be hundreds.
    const waitedFrom = performance.now()
    await eventually('some time has passed', async () => performance.now() - waitedFrom > 2500)
    t.ok((await lab.operation(id)).attempts - turned.attempts <= 6, 'the wait between attempts is kept')
    lab.engine.away = false
    t.match(await lab.ended(id), { status: 'cancelled', error: { code: 'cancelled' } })
    t.match(await lab.app('shop'), { wantedRelease: 1 })
    t.equal(lab.engine.containers('shop').length, 1)
  },
)

t.test('cancelled while it goes back: it goes on going back, and tells its first error', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker()
  await lab.ended((await lab.apply('shop', good)).id)
  const { there, release } = hangAt(lab, 'stop_container')
  const { id } = await lab.apply('shop', broken)
  await there
  t.equal((await lab.operation(id)).revertTo, 'rolled_back')
  t.equal((await cancel(lab, id)).status, 202)
  release()
  t.match(await lab.ended(id), { status: 'rolled_back', error: { code: 'health_timeout' } })
  t.match(await lab.app('shop'), { wantedRelease: 1 })
})

t.test('superseded while queued: ends cancelled with superseded at once', async (t) => {
  const lab = await runnerLab(t)
  const first = await lab.apply('shop', good)
  await lab.apply('shop', better)
  t.match(await lab.operation(first.id), { status: 'cancelled', error: { code: 'superseded' } })
})

t.test('superseded while it runs: ends at the boundary, undoes nothing, and the newer one goes on', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker()
  const { there, release } = hangAt(lab, 'create_container')
  const first = await lab.apply('shop', good)
  await there
  const second = await lab.apply('shop', better)
  release()
  t.match(await lab.ended(first.id), { status: 'cancelled', error: { code: 'superseded' } })
  t.match(await lab.ended(second.id), { status: 'succeeded' })
  t.match(lab.engine.containers('shop'), [{ image: IMAGES.web2, state: 'running' }])
  t.match(await lab.app('shop'), { wantedRelease: 2, good: { release: 2 } })
})

t.test('superseded while a step only waits: the wait is cut short', async (t) => {
  const lab = await runnerLab(t)
  await lab.worker()
  const patient = specOf({
    web: web({ image: IMAGES.broken, healthcheck: { test: ['CMD', 'x'], interval: '1m', retries: 20 } }),
  })
  const first = await lab.apply('shop', patient)
  await eventually('it waits', async () =>
    (await lab.operation(first.id)).steps.some(
      ({ action, status }) => action === 'await_healthy' && status === 'running',
    ),
  )
  const second = await lab.apply('shop', good)
  t.match(await lab.ended(first.id, 20_000), { status: 'cancelled', error: { code: 'superseded' } })
  t.match(await lab.ended(second.id), { status: 'succeeded' })
})

t.test('superseded while parked: ends without another look at the host', async (t) => {
  const lab = await runnerLab(t)
  lab.engine.away = true
  await lab.worker()
  const first = await lab.apply('shop', good)
  await eventually('it is parked', async () => (await lab.operation(first.id)).reason === 'backoff')
  const second = await lab.apply('shop', better)
  t.match(await lab.ended(first.id), { status: 'cancelled', error: { code: 'superseded' } })
  lab.engine.away = false
  t.match(await lab.ended(second.id), { status: 'succeeded' })
})

t.test('?supersede=queue: each gets what it asked for, in order', async (t) => {
  const lab = await runnerLab(t)
  const ids = []
  for (const [index, spec] of [good, better, good].entries())
    ids.push((await lab.apply('shop', spec, index === 0 ? '' : '?supersede=queue')).id)
  await Promise.all([lab.worker(), lab.worker()])
  const ends = await Promise.all(ids.map(async (id) => await lab.ended(id)))
  t.same(
    ends.map(({ status }) => status),
    ['succeeded', 'succeeded', 'succeeded'],
  )
  const [first, second, third] = ends.map(({ startedAt, finishedAt }) => ({
    from: startedAt?.getTime() ?? 0,
    to: finishedAt?.getTime() ?? 0,
  }))
  t.ok(first && second && third && first.to <= second.from && second.to <= third.from)
  t.match(lab.engine.containers('shop'), [{ image: IMAGES.web1 }])
})
