import t from 'tap'
import {
  formatNativeId,
  mainContainer,
  parseNativeId,
  toInstance,
  toPublishedPorts,
} from '../../../../src/drivers/kubernetes/instances.ts'
import type { ContainerStatus, LivePod } from '../../../../src/drivers/kubernetes/live.ts'
import { APP_ID, INSTALLATION, NOW_MS, pod, SERVICE_DIGEST, services, TENANT_ID } from './recorded.ts'

const see = (seen: LivePod, nowMs = NOW_MS) => toInstance(seen, { installation: INSTALLATION, nowMs, ports: [] })
const statusOf = (seen: LivePod): ContainerStatus => {
  const [status] = seen.status?.containerStatuses ?? []
  if (!status) throw new Error('it has no status')
  return status
}
/** With other words of its one container. */
const saying = (name: string, words: Partial<ContainerStatus>): LivePod =>
  pod(name, { status: { containerStatuses: [{ ...statusOf(pod(name)), ...words }] } })
const withReady = (seen: LivePod, ready: object): object => ({
  conditions: seen.status?.conditions?.map((condition) =>
    condition.type === 'Ready' ? { ...condition, ...ready } : condition,
  ),
})

t.test('a ready pod is an instance with all that is told of it', async (t) => {
  const ok = pod('ok')
  t.match(toInstance(ok, { installation: INSTALLATION, nowMs: NOW_MS, ports: services.flatMap(toPublishedPorts) }), {
    tenantId: TENANT_ID,
    appId: APP_ID,
    service: 'ok',
    ordinal: 0,
    serviceDigest: SERVICE_DIGEST,
    restartGeneration: 2,
    nativeId: `mrg-obs/${ok.metadata.name}/${ok.metadata.uid}`,
    name: ok.metadata.name,
    state: 'running',
    health: 'healthy',
    exitCode: null,
    restarts: 0,
    runningForMs: 58_000,
    serving: true,
    image: 'mrg-obs/app:1',
    imageDigest: /^sha256:f763595005766b44/,
    addresses: [/^10\.244\.0\.\d+$/],
    ports: [{ containerPort: 8080, hostPort: Number, hostIp: '', protocol: 'tcp' }],
    startedAt: '2026-11-28T07:47:13.000Z',
    createdAt: '2026-11-28T07:47:09.000Z',
  })
})

t.test('the state of a pod, and how it ended', async (t) => {
  const states = (['big', 'mount', 'noimage', 'crash', 'noexec', 'goodjob', 'badjob', 'unready'] as const).map(
    (name) => {
      const { state, exitCode, restarts, serving } = see(pod(name)) ?? {}
      return [name, state, exitCode, restarts, serving]
    },
  )
  t.same(states, [
    ['big', 'created', null, 0, false],
    ['mount', 'created', null, 0, false],
    ['noimage', 'created', null, 0, false],
    ['crash', 'restarting', 3, 3, false],
    ['noexec', 'restarting', 127, 3, false],
    ['goodjob', 'exited', 0, 0, false],
    ['badjob', 'exited', 4, 0, false],
    ['unready', 'running', null, 0, false],
  ])
  const ended = { state: { terminated: { exitCode: 3 } }, ready: false }
  t.match(see(saying('ok', ended)), { state: 'restarting', exitCode: 3, runningForMs: null }, 'it is started again')
  t.match(see({ ...saying('ok', ended), spec: { ...pod('ok').spec, restartPolicy: 'Never' } }), { state: 'exited' })
  t.match(see(pod('ok', { status: { phase: 'Failed', reason: 'Evicted', containerStatuses: [] } })), {
    state: 'exited',
    exitCode: null,
  })
})

t.test('a pod on its way out serves nobody', async (t) => {
  const { metadata } = pod('ok')
  const leaving = pod('ok', { metadata: { ...metadata, deletionTimestamp: '2026-11-28T07:48:40Z' } })
  t.match(see(leaving), { state: 'removing', serving: false, runningForMs: null })
})

t.test('what a lost node ran is not said to run', async (t) => {
  // The node controller's words, beside the kubelet's last ones.
  const lost = pod('ok', { status: withReady(pod('ok'), { status: 'False' }) })
  t.match(see(lost), { state: 'dead', serving: false, runningForMs: null })
  t.match(see(pod('ok', { status: { phase: 'Unknown' } })), { state: 'dead' })
  const gated = { ...lost, spec: { ...lost.spec, readinessGates: [{ conditionType: 'a/b' }] } }
  t.match(
    see(gated),
    { state: 'running', health: 'healthy', serving: false },
    'a gate of others says nothing of the node',
  )
})

t.test('health is what the readiness probe says, once it had its time', async (t) => {
  t.equal(see(pod('ds'))?.health, null, 'nothing checks it')
  t.equal(see(pod('unready'))?.health, 'unhealthy')
  const begun = Date.parse('2026-11-28T07:47:13Z')
  t.equal(see(pod('unready'), begun + 2000)?.health, 'starting', 'a probe counts as failed before it was asked')
  const wasReady = pod('unready', { status: withReady(pod('unready'), { lastTransitionTime: '2026-11-28T07:47:14Z' }) })
  t.equal(see(wasReady, begun + 2000)?.health, 'unhealthy', 'one that was ready since its start')
  t.equal(see(saying('ok', { ready: false, started: false }))?.health, 'starting')
  t.equal(see(saying('ok', { ready: false, state: { waiting: { reason: 'ContainerCreating' } } }))?.health, 'starting')
})

t.test('a StatefulSet’s pods have a place, those whose name only looks like it have none', async (t) => {
  t.same(
    ['sts0', 'sts1'].map((name) => see(pod(name))?.ordinal),
    [1, 2],
  )
  const { metadata } = pod('ds')
  t.equal(see(pod('ds', { metadata: { ...metadata, name: 'ds-7' } }))?.ordinal, 0)
})

t.test('what does not say whose it is, in our own form, is none of ours', async (t) => {
  const { metadata } = pod('ok')
  const labelled = (labels: object) =>
    see(pod('ok', { metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } }))
  t.equal(labelled({ 'moorage.io/installation': 'another' }), null)
  t.equal(labelled({ 'moorage.io/app-id': 'shop' }), null)
  t.equal(labelled({ 'moorage.io/service': '../x' }), null)
  t.equal(see(pod('ok', { metadata: { ...metadata, annotations: {} } })), null)
})

t.test('the container that runs the service is found beside others', async (t) => {
  const { spec } = pod('ok')
  const sidecar = { name: 'proxy', image: 'proxy:1' }
  t.equal(mainContainer(pod('ok', { spec: { ...spec, containers: [sidecar, ...spec.containers] } }))?.name, 'ok')
  t.equal(mainContainer(pod('ok', { spec: { ...spec, containers: [sidecar] } }))?.name, 'proxy')
})

t.test('a native id is of one pod, and nothing else is one', async (t) => {
  const ref = { namespace: 'mrg-a-b', pod: 'web-1', uid: 'daf9eab9-3695-4bfd-9aa5-42289afdf3ec' }
  t.same(parseNativeId(formatNativeId(ref)), ref)
  for (const text of ['', 'web-1', 'a/b', 'a/b/c/d', 'a//c', '../b/c', 'a/B/c', 'a/b?x/c', 'a/b/../c'])
    t.equal(parseNativeId(text), null, text)
})
