import t from 'tap'
import { type Case, diagnose, suspectOf, type Verdict } from '../../../../src/drivers/kubernetes/diagnose.ts'
import type { LivePod } from '../../../../src/drivers/kubernetes/live.ts'
import { events, NOW_MS, pod, workload } from './recorded.ts'

/** What is made of a recorded pod, in a workload that only says that it is not there yet. */
const of = (name: string, different: Partial<Case> = {}): Verdict =>
  diagnose({ object: workload('crash'), pods: [pod(name)], events, nowMs: NOW_MS, ...different })
const without = (...reasons: readonly string[]) => events.filter(({ reason = '' }) => !reasons.includes(reason))
const withRestarts = (name: string, restartCount: number, more: object = {}): LivePod => {
  const seen = pod(name)
  const containerStatuses = (seen.status?.containerStatuses ?? []).map((one) => ({ ...one, restartCount, ...more }))
  return pod(name, { status: { containerStatuses } })
}

t.test('each trouble of a pod has its code, and is final where nothing but a change can help', async (t) => {
  const verdicts = (
    ['never', 'noimage', 'local', 'crash', 'noexec', 'root', 'noenv', 'mount', 'startup', 'unready', 'big'] as const
  ).map((name) => {
    const { state, problem } = of(name)
    return [name, state, problem?.code, problem?.instance === pod(name).metadata.name]
  })
  t.same(verdicts, [
    ['never', 'failed', 'image_not_found', true],
    ['noimage', 'failed', 'image_not_found', true],
    ['local', 'failed', 'image_not_found', true],
    ['crash', 'failed', 'crash_loop', true],
    ['noexec', 'failed', 'unsupported', true],
    ['root', 'failed', 'unsupported', true],
    ['noenv', 'waiting', 'health_timeout', true],
    ['mount', 'waiting', 'health_timeout', true],
    ['startup', 'failed', 'health_timeout', true],
    ['unready', 'waiting', 'health_timeout', true],
    ['big', 'waiting', 'insufficient_capacity', true],
  ])
})

t.test('a detail has the cluster’s own reason', async (t) => {
  const details: Readonly<Record<string, RegExp>> = {
    noimage: /^pull mrg-obs\/nothere:1: its registry can not be reached .*no such host/,
    crash: /^it has restarted 3 times, the last time it exited with 3$/,
    noexec: /\/nothere: no such file or directory/,
    mount: /configmap "nothere" not found/,
    startup: /\(not yet\)$/,
    unready: /\(bad\)$/,
    big: /Insufficient cpu/,
  }
  for (const [name, detail] of Object.entries(details)) t.match(of(name).problem?.detail, detail, name)
})

t.test('a registry that may have been away for a moment is asked three times', async (t) => {
  const tries = (count: number) =>
    of('local', { events: events.map((event) => (event.reason === 'Failed' ? { ...event, count } : event)) })
  t.match(tries(2), { state: 'waiting', problem: { code: 'image_not_found', detail: /connection refused/ } })
  t.match(tries(3), { state: 'failed' })
  t.match(of('local', { events: [] }), { state: 'waiting' }, 'the first try')
  const saying = (reason: string, message: string) =>
    of('local', { pods: [withRestarts('local', 0, { state: { waiting: { reason, message } } })], events: [] })
  t.match(saying('ErrImagePull', 'rpc error: pull access denied for acme/web'), {
    state: 'failed',
    problem: { code: 'image_pull_denied' },
  })
  t.match(saying('ErrImagePull', 'manifest for acme/web:9 not found: manifest unknown'), { state: 'failed' })
  t.match(saying('ErrImagePull', 'write /var/lib/x: no space left on device'), {
    state: 'waiting',
    problem: { code: 'insufficient_capacity', detail: /^((?!var\/lib).)*$/ },
  })
  t.match(saying('ImagePullBackOff', 'Back-off pulling image "a"'), { state: 'waiting' }, 'nothing says why')
})

t.test('fewer than three restarts, or old ones, are no loop yet', async (t) => {
  t.match(of('crash', { pods: [withRestarts('crash', 2)] }), { state: 'waiting', problem: { code: 'crash_loop' } })
  const hour = { nowMs: NOW_MS + 3_600_000 }
  t.match(of('crash', { ...hour, pods: [withRestarts('crash', 9, { state: { running: {} } })] }), {
    state: 'waiting',
    problem: null,
  })
  t.match(of('crash', { pods: [withRestarts('ok', 9)] }), { state: 'waiting', problem: null }, 'it is ready')
})

t.test('the log that tells more is that of the container that ended', async (t) => {
  const name = pod('crash').metadata.name
  t.match(of('crash'), { log: { pod: name, container: 'crash', previous: true } })
  const { containerStatuses = [] } = pod('crash').status ?? {}
  const terminated = containerStatuses[0]?.lastState?.terminated
  t.match(of('crash', { pods: [withRestarts('crash', 3, { state: { terminated } })] }), { log: { previous: false } })
  t.match(of('startup'), { log: { container: 'startup', previous: true } })
  t.match(of('never'), { log: null })
})

t.test('a start-up probe that gave up is told from a crash by who ended it', async (t) => {
  t.match(of('startup', { events: without('Killing') }), { problem: { code: 'crash_loop' } }, 'it exited with 0')
  const ended = (exitCode: number, reason: string) =>
    of('startup', {
      events: [],
      pods: [
        withRestarts('startup', 1, {
          lastState: { terminated: { exitCode, reason, finishedAt: '2026-11-28T07:48:04Z' } },
        }),
      ],
    })
  t.match(ended(137, 'Error'), { state: 'failed', problem: { code: 'health_timeout' } })
  t.match(ended(137, 'OOMKilled'), { state: 'waiting', problem: { code: 'crash_loop', detail: /memory/ } })
})

t.test('a startup probe that gave up is told of at once, not only once its container has ended', async (t) => {
  const state = { running: { startedAt: '2026-11-28T07:48:00Z' } }
  const pods = [withRestarts('startup', 0, { state, lastState: {}, started: false, ready: false })]
  const log = { previous: false }
  t.match(of('startup', { pods }), { state: 'failed', problem: { code: 'health_timeout' }, log })
  t.match(of('startup', { pods, events: without('Killing') }), { state: 'waiting' })
})

t.test('a workload that can make no pods says why', async (t) => {
  const made = (name: string) => diagnose({ object: workload(name), pods: [], events, nowMs: NOW_MS })
  for (const name of ['quota-ok', 'quota-sts', 'quota-ds', 'quota-badjob'])
    t.match(made(name), { state: 'waiting', problem: { code: 'quota_exceeded', detail: /exceeded quota: q/ } }, name)
  const saying = (message: string) =>
    diagnose({
      object: workload('quota-ok', { status: { conditions: [{ type: 'ReplicaFailure', status: 'True', message }] } }),
      pods: [],
      events: [],
      nowMs: NOW_MS,
    })
  t.match(saying('admission webhook "a.b" denied the request: no'), {
    state: 'failed',
    problem: { code: 'admission_denied' },
  })
  t.match(saying('pods "web-" is forbidden: violates PodSecurity "baseline"'), { state: 'failed' })
  t.match(
    saying('pods "web-" is forbidden: error looking up service account a/default: serviceaccount "default" not found'),
    {
      state: 'waiting',
      problem: { code: 'unavailable' },
    },
  )
  t.match(saying('Internal error occurred: failed calling webhook "a.b": timeout'), { state: 'waiting' })
})

t.test('a rollout out of time has failed, with the best reason there is', async (t) => {
  const late = { object: workload('unready'), nowMs: NOW_MS, events }
  t.match(diagnose({ ...late, pods: [pod('unready')] }), {
    state: 'failed',
    problem: { code: 'health_timeout', detail: /its health check fails \(bad\)/ },
    log: { previous: false },
  })
  t.match(diagnose({ ...late, pods: [pod('big')] }), { state: 'failed', problem: { code: 'insufficient_capacity' } })
  t.match(diagnose({ ...late, pods: [] }), { state: 'failed', problem: { code: 'health_timeout', instance: null } })
  const next = workload('unready', { metadata: { generation: 2 } })
  t.match(diagnose({ ...late, object: next, pods: [] }), { state: 'waiting', problem: null }, 'that was the one before')
})

t.test('a Job that failed says how its last pod ended', async (t) => {
  const job = { object: workload('badjob'), nowMs: NOW_MS, events: [] }
  t.match(diagnose({ ...job, pods: [pod('badjob')] }), {
    state: 'failed',
    problem: { code: 'crash_loop', detail: /^it exited with 4, and nothing restarts it$/, instance: /^badjob-/ },
    log: { container: 'badjob', previous: false },
  })
  t.match(diagnose({ ...job, pods: [] }), {
    state: 'failed',
    problem: { code: 'crash_loop', detail: /backoff limit/ },
    log: null,
  })
  const stopped = workload('badjob', { spec: { parallelism: 0 } })
  t.match(diagnose({ ...job, object: stopped, pods: [] }), { state: 'waiting', problem: null }, 'it is to have no pods')
})

t.test('events are asked for once something takes its time, of what has most trouble', async (t) => {
  const about = { object: workload('crash'), pods: [pod('ok'), pod('unready'), pod('crash')], nowMs: NOW_MS }
  t.equal(suspectOf(about), pod('crash').metadata.uid)
  const madeMs = Date.parse('2026-11-28T07:47:09Z')
  t.equal(suspectOf({ ...about, nowMs: madeMs + 1000 }), null, 'not yet')
  t.equal(suspectOf({ ...about, pods: [pod('ok')] }), null)
  t.equal(suspectOf({ ...about, object: workload('quota-sts'), pods: [] }), workload('quota-sts').metadata.uid)
  t.equal(suspectOf({ ...about, object: workload('quota-ok'), pods: [] }), null, 'a Deployment says it itself')
})
