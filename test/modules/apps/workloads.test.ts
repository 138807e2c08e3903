import t from 'tap'
import {
  instanceState,
  type ReleaseDigests,
  releaseOf,
  type Seen,
  workloadsOf,
} from '../../../src/modules/apps/workloads.ts'
import { effectiveDigest } from '../../../src/planning/index.ts'
import { parseCompose } from '../../../src/spec/index.ts'

const { spec } = parseCompose({
  compose: `
services:
  web: { image: a/web, deploy: { replicas: 2 } }
  once: { image: a/once, restart: "no" }
`,
})
const digestOf = (service: string, generation = 0): string => {
  const found = spec.services[service]
  if (!found) throw new Error(`no service ${service}`)
  return effectiveDigest(found, generation)
}
const seen = (service: string, ordinal: number, change: Partial<Seen> = {}): Seen => ({
  nativeId: `${service}-${ordinal}`,
  name: `${service}-${ordinal}`,
  service,
  ordinal,
  serviceDigest: digestOf(service),
  state: 'running',
  health: null,
  exitCode: null,
  restarts: 0,
  runningForMs: 60_000,
  serving: true,
  host: 'one',
  reachable: true,
  ...change,
})
const digests = Object.fromEntries(Object.keys(spec.services).map((service) => [service, digestOf(service)]))
const wanted = { release: 1, replicas: { web: 2, once: 1 }, running: true, restartGeneration: 0 }
const done: Partial<Seen> = { state: 'exited', exitCode: 0, runningForMs: null }

/** The workload of `service` among those of these instances. */
function workload(service: string, instances: Seen[], change: Partial<Parameters<typeof workloadsOf>[0]> = {}) {
  const all = workloadsOf({ wanted, spec, digests, host: 'one', active: false, instances, objects: [], ...change })
  return all.find((found) => found.service === service)
}

t.test('running: every wanted one is ready, and nothing else is alive', async (t) => {
  t.match(workload('web', [seen('web', 1), seen('web', 2)]), { status: 'running', desired: 2, ready: 2, host: 'one' })
})

t.test('an old one that still runs beside them: progressing while an operation is at it, else degraded', async (t) => {
  const instances = [seen('web', 1), seen('web', 2), seen('web', 1, { serviceDigest: 'old' })]
  t.match(workload('web', instances, { active: true }), { status: 'progressing', ready: 2 })
  t.match(workload('web', instances), { status: 'degraded', ready: 2 })
  t.match(workload('web', [...instances.slice(0, 2), seen('web', 1, { ...done, serviceDigest: 'old' })]), {
    status: 'running',
  })
})

t.test('one beyond the wanted number counts as too much', async (t) => {
  t.match(workload('web', [seen('web', 1), seen('web', 2), seen('web', 3)]), { status: 'degraded', ready: 2 })
})

t.test('progressing: an operation is at it, or an instance is about to be ready', async (t) => {
  t.match(workload('web', [seen('web', 1)], { active: true }), { status: 'progressing', ready: 1 })
  t.match(workload('web', [seen('web', 1), seen('web', 2, { runningForMs: 10 })]), { status: 'progressing', ready: 1 })
  t.match(workload('web', [], { active: true, host: null }), { status: 'progressing', host: null })
})

t.test('degraded: some are not ready, and nothing says that they will be', async (t) => {
  t.match(workload('web', [seen('web', 1)]), { status: 'degraded', ready: 1 })
  t.match(workload('web', [seen('web', 1), seen('web', 2, { health: 'unhealthy' })]), { status: 'degraded', ready: 1 })
  t.match(workload('web', [seen('web', 1), seen('web', 2, { reachable: false })]), { status: 'degraded', ready: 1 })
})

t.test('missing: wanted, and not there', async (t) => {
  t.match(workload('web', []), { status: 'missing', desired: 2, ready: 0 })
})

t.test('stopped: none is wanted, and none is alive', async (t) => {
  const stopped = { ...wanted, running: false }
  t.match(workload('web', [seen('web', 1, { ...done, exitCode: 143 })], { wanted: stopped }), {
    status: 'stopped',
    desired: 0,
  })
  t.match(workload('web', [seen('web', 1)], { wanted: stopped }), { status: 'degraded' })
  t.match(workload('web', [], { wanted: { ...wanted, replicas: { web: 0 } } }), { status: 'stopped', desired: 0 })
})

t.test('completed: it ran to its end, as it may', async (t) => {
  t.match(workload('once', [seen('once', 1, done)]), { status: 'completed', ready: 1 })
  t.match(workload('once', [seen('once', 1, { ...done, exitCode: 1 })]), { status: 'degraded', ready: 0 })
  t.match(workload('web', [seen('web', 1, done), seen('web', 2, done)]), { status: 'degraded', ready: 0 })
})

t.test('orphan: no service of the wanted spec, or on another host', async (t) => {
  const gone = seen('web', 1, { service: 'gone' })
  t.match(workload('gone', [gone]), { status: 'orphan', desired: 0 })
  t.match(workload('gone', [gone], { active: true }), { status: 'progressing' })
  t.match(workload('web', [seen('web', 1)], { spec: null, wanted: { ...wanted, release: null } }), { status: 'orphan' })
  const both = workloadsOf({
    wanted,
    spec,
    digests,
    host: 'one',
    active: false,
    instances: [seen('web', 1, { host: 'two' })],
    objects: [],
  })
  t.same(
    both.map(({ service, host, status }) => [service, host, status]),
    [
      ['once', 'one', 'missing'],
      ['web', 'one', 'missing'],
      ['web', 'two', 'orphan'],
    ],
  )
})

t.test('drifted: others changed a declared object, and all else is well', async (t) => {
  const pods = [1, 2, 3].map((nth) => seen('web', 0, { nativeId: `pod-${nth}` }))
  const drift = [{ path: '/spec/replicas', desired: 2, actual: 3 }]
  const object = { key: 'Deployment/web', service: 'web', host: 'one', drift, desired: null }
  const told = [{ path: '/Deployment/web/spec/replicas', desired: 2, actual: 3 }]
  t.match(workload('web', pods, { objects: [object] }), { status: 'drifted', desired: 2, ready: 3, drift: told })
  t.match(workload('web', pods.slice(1), { objects: [object] }), { status: 'drifted', drift: told })
  t.match(workload('web', pods.slice(2), { objects: [object] }), { status: 'degraded', drift: told })
  t.match(workload('web', pods, { objects: [object], active: true }), { status: 'progressing', drift: told })
  t.match(workload('once', [seen('once', 0, done)], { objects: [object] }), { status: 'completed', drift: [] })
  const ofAll = { ...object, key: 'NetworkPolicy/within-app', service: null }
  t.match(workload('once', [seen('once', 0, done)], { objects: [ofAll] }), { status: 'drifted' })
  t.match(workload('web', pods), { status: 'degraded', ready: 3, drift: [] }, 'one too many that nobody declared')
})

t.test('one on each node: the engine says how many there are to be', async (t) => {
  const object = { key: 'DaemonSet/web', service: 'web', host: 'one', drift: [], desired: 3 }
  const pods = [1, 2, 3].map((nth) => seen('web', 0, { nativeId: `pod-${nth}` }))
  t.match(workload('web', pods, { objects: [object] }), { status: 'running', desired: 3, ready: 3 })
  t.match(workload('web', pods.slice(1), { objects: [object] }), { status: 'degraded', desired: 3, ready: 2 })
})

t.test('after a restart, the old generation is not the wanted one', async (t) => {
  const restarted = { ...wanted, restartGeneration: 1 }
  t.match(workload('web', [seen('web', 1), seen('web', 2)], { wanted: restarted }), { status: 'degraded', ready: 0 })
  const fresh = [1, 2].map((ordinal) => seen('web', ordinal, { serviceDigest: digestOf('web', 1) }))
  t.match(workload('web', fresh, { wanted: restarted }), { status: 'running', ready: 2 })
})

t.test('the state of an instance in words', async (t) => {
  const cases: [Partial<Seen>, string][] = [
    [{ reachable: false }, 'unknown'],
    [{ state: 'created', runningForMs: null }, 'pending'],
    [{}, 'running'],
    [{ runningForMs: 10 }, 'starting'],
    [{ health: 'starting' }, 'starting'],
    [{ health: 'healthy', runningForMs: 10 }, 'running'],
    [{ health: 'unhealthy' }, 'unhealthy'],
    [{ state: 'restarting', exitCode: 1 }, 'failed'],
    [done, 'exited'],
    [{ ...done, exitCode: 1 }, 'failed'],
    [{ ...done, exitCode: 137 }, 'exited'],
    [{ ...done, exitCode: 143 }, 'exited'],
    [{ state: 'restarting', exitCode: 137 }, 'failed'],
    [{ state: 'dead' }, 'failed'],
  ]
  for (const [change, state] of cases)
    t.equal(instanceState(seen('web', 1, change), spec, true), state, JSON.stringify(change))
  t.equal(instanceState(seen('web', 1, { ...done, exitCode: 143 }), spec, false), 'exited', 'it was stopped')
  t.equal(instanceState(seen('once', 1, { runningForMs: 10 }), spec, true), 'running', 'it runs to its end')
})

t.test('an instance is of the newest release up to the wanted one that has its service', async (t) => {
  const releases: ReleaseDigests[] = [
    { number: 4, serviceDigests: { web: 'b', db: 'x' } },
    { number: 3, serviceDigests: { web: 'b' } },
    { number: 2, serviceDigests: { web: 'a' } },
    { number: 1, serviceDigests: { web: 'a' } },
  ]
  const plain = (digest: string) => digest
  const of = (digest: string, wantedRelease: number | null, effective = plain, service = 'web') =>
    releaseOf({ service, serviceDigest: digest }, releases, wantedRelease, effective)
  t.equal(of('a', 4), 2)
  t.equal(of('a', 1), 1)
  t.equal(of('b', 4), 4)
  t.equal(of('b', 3), 3)
  t.equal(of('b', 2), 4, 'left over from a newer one')
  t.equal(of('b', null), 4)
  t.equal(of('c', 4), null)
  t.equal(
    of('a!', 4, (digest) => `${digest}!`),
    2,
  )
  t.equal(of('b', 4, plain, 'constructor'), null)
})
