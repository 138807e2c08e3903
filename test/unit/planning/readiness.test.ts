import t from 'tap'
import {
  awaitVerdict,
  effectiveDigest,
  isReady,
  names,
  runsToCompletion,
  type AwaitVerdict,
  type ObservedContainer,
} from '../../../src/planning/index.ts'
import type { ServiceSpec } from '../../../src/spec/index.ts'
import { after, app, container, desired, service } from './build.ts'

const checked = service()
const unchecked = service({ healthcheck: null })
const once = service({ healthcheck: null, restart: { policy: 'no', maxAttempts: null } })
const spec = app({
  web: service({ dependsOn: { job: after('service_completed_successfully') } }),
  unchecked,
  once,
  limited: service({ healthcheck: null, restart: { policy: 'on-failure', maxAttempts: 2 } }),
  job: service({ healthcheck: null, restart: { policy: 'on-failure', maxAttempts: null } }),
})
const wanted = desired(spec)
const seen = (name: string, changes: Partial<ObservedContainer>): ObservedContainer =>
  container(wanted, name, 1, changes)
const ready = (name: string, changes: Partial<ObservedContainer>): boolean => isReady(spec, name, seen(name, changes))

t.test('ready is what the health check says', async (t) => {
  t.ok(ready('web', { health: 'healthy', runningForMs: 0 }))
  t.notOk(ready('web', { health: 'starting' }))
  t.notOk(ready('web', { health: 'unhealthy' }))
  t.notOk(ready('web', { health: 'healthy', state: 'paused' }))
})

t.test('ready without a health check is running for monitor since the last start', async (t) => {
  t.ok(ready('unchecked', { runningForMs: 5000, restarts: 7 }), 'however often it restarted before')
  t.notOk(ready('unchecked', { runningForMs: 4999 }))
  t.notOk(ready('unchecked', { runningForMs: null }))
  t.notOk(ready('unchecked', { state: 'exited', exitCode: 0 }))
})

t.test('ready to the end: exited with 0 where the service runs to completion', async (t) => {
  t.ok(runsToCompletion(spec, 'once') && runsToCompletion(spec, 'job'))
  t.notOk(runsToCompletion(spec, 'web') || runsToCompletion(spec, 'gone') || runsToCompletion(spec, 'constructor'))
  t.ok(ready('once', { state: 'exited', exitCode: 0 }))
  t.notOk(ready('once', { state: 'exited', exitCode: 1 }))
  t.ok(ready('once', { runningForMs: 5000 }), 'nobody awaits its end')
  t.notOk(ready('job', { runningForMs: 5000 }), 'somebody does')
  t.ok(ready('job', { state: 'exited', exitCode: 0 }))
  t.notOk(isReady(spec, 'gone', seen('gone', {})))
})

const verdict = (
  name: string,
  changes: Partial<ObservedContainer> | null,
  more: Partial<Parameters<typeof awaitVerdict>[0]> = {},
): AwaitVerdict =>
  awaitVerdict({
    spec,
    service: name,
    container: changes && seen(name, changes),
    waitedMs: 0,
    firstHealth: null,
    restartsAtStart: 0,
    ...more,
  })
const failed = (code: 'health_timeout' | 'crash_loop', detail: string) => ({ state: 'failed', code, detail })

t.test('a wait ends ready', async (t) => {
  t.same(verdict('web', { health: 'healthy' }), { state: 'ready' })
  t.same(verdict('once', { state: 'exited', exitCode: 0 }), { state: 'ready' })
  t.same(verdict('job', { state: 'exited', exitCode: 0 }), { state: 'ready' })
})

t.test('a wait goes on while there is hope', async (t) => {
  const waiting = { state: 'waiting' }
  t.same(verdict('web', { health: 'starting' }), waiting)
  t.same(verdict('unchecked', { runningForMs: 1000, restarts: 2 }), waiting)
  t.same(verdict('unchecked', { state: 'restarting', restarts: 12, exitCode: 1 }, { restartsAtStart: 10 }), waiting)
  t.same(verdict('unchecked', { state: 'exited', exitCode: 0 }), waiting, 'its engine starts it again')
  t.same(verdict('limited', { state: 'exited', exitCode: 1, restarts: 1 }), waiting)
  t.same(verdict('unchecked', { state: 'created', runningForMs: null }), waiting)
  t.same(verdict('job', { runningForMs: 600_000 }), waiting)
})

t.test('a wait fails with health_timeout as soon as the engine says unhealthy', async (t) => {
  const failure = failed('health_timeout', 'its health check fails: the engine says unhealthy')
  t.same(verdict('web', { health: 'unhealthy' }), failure)
  t.same(verdict('web', { health: 'unhealthy' }, { firstHealth: 'starting' }), failure)
})

t.test('one that was unhealthy when the wait began has a round of its check to recover', async (t) => {
  const round = (waitedMs: number, changes: Partial<ServiceSpec['healthcheck'] & object>): string => {
    const healthcheck = {
      disabled: false,
      test: null,
      intervalNs: null,
      timeoutNs: null,
      startPeriodNs: null,
      retries: null,
      ...changes,
    }
    const own = app({ web: service({ healthcheck }) })
    const one = container(desired(own), 'web', 1, { health: 'unhealthy' })
    return awaitVerdict({
      spec: own,
      service: 'web',
      container: one,
      waitedMs,
      firstHealth: 'unhealthy',
      restartsAtStart: 0,
    }).state
  }
  t.equal(round(119_999, {}), 'waiting', 'the defaults of the engine: 30 s, 3 retries')
  t.equal(round(120_000, {}), 'failed')
  t.equal(round(16_999, { intervalNs: 2e9, retries: 5, startPeriodNs: 5e9 }), 'waiting')
  t.equal(round(17_000, { intervalNs: 2e9, retries: 5, startPeriodNs: 5e9 }), 'failed')
})

t.test('a wait fails with crash_loop at the third restart, or an exit that nothing restarts', async (t) => {
  const restarted = failed('crash_loop', 'it has restarted 3 times, the last time with exit code 1')
  t.same(verdict('unchecked', { state: 'restarting', restarts: 3, exitCode: 1 }), restarted)
  t.same(verdict('web', { state: 'restarting', restarts: 5, exitCode: 1 }, { restartsAtStart: 2 }), restarted)
  t.same(
    verdict('once', { state: 'exited', exitCode: 3 }),
    failed('crash_loop', 'it exited with 3, and nothing restarts it'),
  )
  t.same(
    verdict('limited', { state: 'exited', exitCode: 3, restarts: 2 }),
    failed('crash_loop', 'it exited with 3, and nothing restarts it'),
  )
  t.same(
    verdict('limited', { state: 'exited', exitCode: 0 }),
    failed('crash_loop', 'it exited with 0, and nothing restarts it'),
  )
  t.same(
    verdict('job', { state: 'exited', exitCode: 3 }),
    failed('crash_loop', 'it exited with 3, and nothing restarts it'),
  )
  t.same(verdict('web', null), failed('crash_loop', 'the container is gone'))
  t.same(verdict('web', { state: 'dead', exitCode: 137 }).state, 'failed')
})

t.test('a restart generation gives a digest of its own, the first none', async (t) => {
  const digests = [0, 1, 2].map((generation) => effectiveDigest(checked, generation))
  t.equal(new Set(digests).size, 3)
  t.equal(
    effectiveDigest(service({ replicas: 3, update: { parallelism: 5 }, pullPolicy: 'always' }), 1),
    digests[1],
    'what forces no replacement is not in it',
  )
})

t.test('names say whose it is and can not be taken for one another', async (t) => {
  t.equal(names.network(wanted), 'mrg-1a2b3c4d-acme_shop')
  t.equal(names.volume(wanted, 'data'), 'mrg-1a2b3c4d-acme_shop_data')
  t.equal(names.container(wanted, 'web', 2, '9f8e7d6c5b'), 'mrg-1a2b3c4d-acme_shop_web_2_9f8e7d6c')
  t.not(names.container(wanted, 'web_1', 2, 'a'.repeat(64)), names.container(wanted, 'web', 12, 'a'.repeat(64)))
})
