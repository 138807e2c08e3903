import t from 'tap'
import { reconcile, type ObservedContainer } from '../../../src/planning/index.ts'
import { app, container, desired, observed, service } from './build.ts'
import { matchesGolden } from './golden.ts'

const OLD = 'a'.repeat(64)
const OLDER = 'b'.repeat(64)
const FOUR = [1, 2, 3, 4]

/** The web service of four, with containers as they are given by ordinal. */
const web = desired(app({ web: service({ replicas: 4, update: { parallelism: 2, delayNs: 10e9 } }) }))
const old = (ordinal: number, changes: Partial<ObservedContainer> = {}): ObservedContainer =>
  container(web, 'web', ordinal, { serviceDigest: OLD, ...changes })

t.test('each state of a wanted container has its way up', async (t) => {
  const wanted = desired(app({ web: service() }))
  const plan = (changes: Partial<ObservedContainer>) =>
    reconcile(wanted, observed(wanted, [container(wanted, 'web', 1, changes)]))
  const way = (changes: Partial<ObservedContainer>): string[] => plan(changes).steps.map(({ action }) => action)
  t.same(way({ state: 'created', health: null, serving: false }), ['start_container', 'await_healthy', 'promote'])
  t.same(way({ state: 'created', health: null }), ['start_container', 'await_healthy'])
  t.same(way({ state: 'exited', exitCode: 1 }), ['start_container', 'await_healthy'])
  t.same(plan({ state: 'exited', exitCode: 137 }).steps[0]?.cause, 'it exited with 137')
  t.same(plan({ state: 'created' }).steps[0]?.cause, 'it was created but never started')
  t.same(way({ state: 'restarting' }), ['await_healthy'])
  t.same(way({ state: 'paused' }), ['stop_container', 'start_container', 'await_healthy'])
  t.same(way({ state: 'dead' }), [
    'pull_image',
    'remove_container',
    'create_container',
    'start_container',
    'await_healthy',
  ])
  t.same(way({ health: 'starting' }), ['await_healthy'])
  t.same(way({ health: 'unhealthy' }), ['await_healthy'])
  t.same(way({ serving: false }), ['promote'])
  t.same(way({ serving: false, health: 'starting' }), ['await_healthy', 'promote'])
  t.same(
    reconcile(wanted, {
      ...observed(wanted, [container(wanted, 'web', 1, { state: 'exited' })]),
      network: null,
    }).steps.map(({ action }) => action),
    ['create_network', 'pull_image', 'remove_container', 'create_container', 'start_container', 'await_healthy'],
    'its network is gone',
  )
})

t.test('half-done updates go on where they stopped', async (t) => {
  const fresh = (ordinal: number, changes: Partial<ObservedContainer> = {}): ObservedContainer =>
    container(web, 'web', ordinal, changes)
  const plan = (...containers: ObservedContainer[]) => reconcile(web, observed(web, containers))
  const rest = [fresh(2), fresh(3), fresh(4)]
  matchesGolden(
    t,
    'half-created',
    plan(fresh(1, { state: 'created', health: null, serving: false }), old(1), ...rest),
    web,
  )
  matchesGolden(t, 'half-ready', plan(fresh(1, { serving: false }), old(1), ...rest), web)
  matchesGolden(t, 'half-promoted', plan(fresh(1), old(1), ...rest), web)
  matchesGolden(t, 'half-withdrawn', plan(fresh(1), old(1, { serving: false }), ...rest), web)
  matchesGolden(t, 'half-stopped', plan(fresh(1), old(1, { serving: false, state: 'exited' }), ...rest), web)
  matchesGolden(t, 'half-two-old', plan(old(1), old(1, { serviceDigest: OLDER, serving: false }), ...rest), web)
  matchesGolden(
    t,
    'half-of-four',
    plan(fresh(1), fresh(2, { serving: false, health: 'starting' }), old(2), old(3), old(4)),
    web,
  )
})

t.test('a half-done stop-first update replaces what is down before it takes more down', async (t) => {
  const wanted = desired(app({ web: service({ replicas: 3, update: { order: 'stop-first' } }) }))
  const before = (ordinal: number, changes: Partial<ObservedContainer> = {}) =>
    container(wanted, 'web', ordinal, { serviceDigest: OLD, ...changes })
  matchesGolden(
    t,
    'half-stop-first',
    reconcile(wanted, observed(wanted, [before(1), before(2, { serving: false }), before(3, { health: 'unhealthy' })])),
    wanted,
  )
})

t.test('a rollback takes the names back before it retires what replaced it', async (t) => {
  const one = desired(app({ web: service() }))
  const plan = reconcile(
    one,
    observed(one, [container(one, 'web', 1, { serving: false }), container(one, 'web', 1, { serviceDigest: OLD })]),
  )
  matchesGolden(t, 'rollback-half-withdrawn', plan, one)
  const never = reconcile(
    one,
    observed(one, [
      container(one, 'web'),
      container(one, 'web', 1, { serviceDigest: OLD, serving: false, health: 'unhealthy' }),
    ]),
  )
  t.same(
    never.steps.map(({ action }) => action),
    ['stop_container', 'remove_container'],
    'what never served needs no drain',
  )
})

t.test('a replacement that runs already beside the old one is promoted, whatever the order', async (t) => {
  const wanted = desired(app({ web: service({ update: { order: 'stop-first' } }) }))
  const both = [container(wanted, 'web', 1, { serving: false }), container(wanted, 'web', 1, { serviceDigest: OLD })]
  const plan = reconcile(wanted, observed(wanted, both))
  t.same(
    plan.steps.map(({ action }) => action),
    ['promote', 'withdraw', 'wait', 'stop_container', 'remove_container'],
  )
  t.same(plan.notes, [])
})

t.test('every step has an id of its own, and comes after what it waits for', async (t) => {
  const doubles = [old(1), old(1, { nativeId: 'twin', serving: false }), old(2)]
  const { steps } = reconcile(web, observed(web, doubles))
  t.equal(new Set(steps.map(({ id }) => id)).size, steps.length)
  t.ok(steps.some(({ id }) => id === 'web/1@aaaaaaaa:stop_container~2'))
  for (const [at, { after: before }] of steps.entries())
    t.ok(before.every((id) => steps.slice(0, at).some((step) => step.id === id)))
})

t.test('a second container of one ordinal and digest is removed', async (t) => {
  const one = desired(app({ web: service() }))
  const double = container(one, 'web', 1, { nativeId: 'other', name: 'other', serving: false })
  const plan = reconcile(one, observed(one, [double, container(one, 'web')]))
  t.same(
    plan.steps.map(({ action, nativeId }) => [action, nativeId]),
    [
      ['wait', 'other'],
      ['stop_container', 'other'],
      ['remove_container', 'other'],
    ],
  )
})

t.test('an equal plan has an equal digest, and what is not printed is not part of it', async (t) => {
  const there = observed(
    web,
    FOUR.map((ordinal) => old(ordinal)),
  )
  const plan = reconcile(web, there)
  t.equal(
    reconcile(web, { ...there, containers: there.containers.toReversed() }).digest,
    plan.digest,
    'whatever the order it was observed in',
  )
  const later = there.containers.map((one) => ({ ...one, nativeId: `${one.nativeId}x`, runningForMs: 99_000 }))
  t.equal(reconcile(web, { ...there, containers: later }).digest, plan.digest)
  t.not(reconcile(web, { ...there, containers: there.containers.slice(1) }).digest, plan.digest)
})
