import t from 'tap'
import { digestsOf, type Manifest, readApplied } from '../../../../src/drivers/kubernetes/applied.ts'
import { additions, driftOf } from '../../../../src/drivers/kubernetes/drift.ts'
import { toEngineObject } from '../../../../src/drivers/kubernetes/objects.ts'
import { objects, workload } from './recorded.ts'

const CONTAINER = '/spec/template/spec/containers/plain'

function live(key: string): Manifest {
  const found = objects[key]
  if (!found) throw new Error(`no ${key} was recorded`)
  return structuredClone(found)
}

/** Sets, or with `undefined` takes away, what is at a JSON Pointer. */
function change(object: Manifest, changes: Readonly<Record<string, unknown>>): Manifest {
  for (const [pointer, value] of Object.entries(changes)) {
    const parts = pointer.split('/').slice(1)
    const last = parts.pop() ?? ''
    let at: object = object
    for (const part of parts) at = Reflect.get(at, part) as object
    if (value !== undefined) Reflect.set(at, last, value)
    else if (Array.isArray(at)) at.splice(Number(last), 1)
    else Reflect.deleteProperty(at, last)
  }
  return object
}

const drift = (key: string, changes: Readonly<Record<string, unknown>>) => {
  const object = live(key)
  const applied = readApplied(object)
  if (!applied) throw new Error(`${key} does not tell what was applied`)
  return driftOf(applied, change(object, changes))
}

t.test('what the API server makes of an object is no drift', async (t) => {
  t.ok(Object.keys(objects).length >= 10)
  for (const key of Object.keys(objects)) t.same(drift(key, {}), [], key)
})

t.test('a changed, a lost and a replaced field are drift', async (t) => {
  const drain = '/spec/template/spec/containers/0'
  t.same(drift('Deployment/plain', { '/spec/replicas': 5 }), [{ path: '/spec/replicas', desired: 2, actual: 5 }])
  t.same(drift('Deployment/plain', { [`${drain}/image`]: 'evil:1' }), [
    { path: `${CONTAINER}/image`, desired: 'mrg-obs/app:1', actual: 'evil:1' },
  ])
  const { 'moorage.io/app': app, ...labels } = (live('Deployment/plain').metadata as { labels: Record<string, string> })
    .labels
  t.same(drift('Deployment/plain', { '/metadata/labels': labels }), [
    { path: '/metadata/labels/moorage.io~1app', desired: app, actual: null },
  ])
  t.match(drift('Deployment/plain', { [`${drain}/readinessProbe`]: undefined }), [
    { path: `${CONTAINER}/readinessProbe`, desired: { exec: { command: ['true'] } }, actual: null },
  ])
  t.match(drift('Deployment/plain', { [`${drain}/name`]: 'other' }), [
    { path: CONTAINER, desired: { name: 'plain' }, actual: null },
    { path: '/spec/template/spec/containers/other', desired: null, actual: { name: 'other' } },
  ])
})

t.test('what others add is none, but where it changes what runs', async (t) => {
  const pod = '/spec/template/spec'
  const added: Readonly<Record<string, unknown>> = {
    '/metadata/labels/team': 'blue',
    '/metadata/annotations/somebody~1else': '1',
    '/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt': 'now',
    [`${pod}/priorityClassName`]: 'high',
    [`${pod}/tolerations`]: [{ key: 'a', operator: 'Exists' }],
    [`${pod}/containers/0/resources/limits/ephemeral-storage`]: '1Gi',
  }
  for (const [place, value] of Object.entries(added)) t.same(drift('Deployment/plain', { [place]: value }), [], place)

  const proxy = { name: 'proxy', image: 'proxy:1', env: [{ name: 'KEY', value: 'geheim' }] }
  t.same(drift('Deployment/plain', { [`${pod}/containers/1`]: proxy }), [
    { path: `${pod}/containers/proxy`, desired: null, actual: { name: 'proxy', image: 'proxy:1', env: '***' } },
  ])
  t.match(drift('Deployment/plain', { [`${pod}/initContainers`]: [proxy] }), [
    { path: `${pod}/initContainers/proxy`, desired: null },
  ])
  const env = [{ name: 'A/B', value: 'geheim' }]
  t.same(drift('Deployment/plain', { [`${pod}/containers/0/env`]: env }), [
    { path: `${CONTAINER}/env/A~1B`, desired: null, actual: '***' },
  ])
  t.match(drift('Deployment/plain', { [`${pod}/containers/0/command`]: ['sh'] }), [
    { path: `${CONTAINER}/command`, desired: null, actual: ['sh'] },
  ])
  t.match(drift('Deployment/plain', { [`${pod}/nodeSelector`]: { disk: 'ssd' } }), [
    { path: `${pod}/nodeSelector`, desired: null, actual: { disk: 'ssd' } },
  ])
  t.match(drift('Service/web--ports', { '/spec/ports/1': { port: 22, protocol: 'TCP', targetPort: 22 } }), [
    { path: '/spec/ports/22~1TCP', desired: null },
  ])
  t.match(drift('Service/web--ports', { '/spec/selector/track': 'canary' }), [
    { path: '/spec/selector/track', desired: null, actual: 'canary' },
  ])
  t.match(drift('NetworkPolicy/within-app', { '/spec/ingress/1': {} }), [{ path: '/spec/ingress' }])
})

t.test('the order of what has a key says nothing, that of other lists does', async (t) => {
  const { spec } = live('StatefulSet/web') as { spec: { template: { spec: { volumes: unknown[] } } } }
  t.ok(spec.template.spec.volumes.length > 1)
  const volumes = spec.template.spec.volumes.toReversed()
  t.same(drift('StatefulSet/web', { '/spec/template/spec/volumes': volumes }), [])
  const probe = '/spec/template/spec/containers/0/readinessProbe/exec/command'
  t.match(drift('StatefulSet/web', { [probe]: ['true', 'x'] }), [{ desired: ['true'], actual: ['true', 'x'] }])
})

t.test('quantities are compared by their value, and nothing else is', async (t) => {
  const limits = '/spec/template/spec/containers/0/resources/limits'
  for (const value of ['500m', '0.5', 0.5, '500000u'])
    t.same(drift('Deployment/plain', { [`${limits}/cpu`]: value }), [], String(value))
  for (const value of ['64Mi', '67108864', '65536Ki', 67_108_864])
    t.same(drift('Deployment/plain', { [`${limits}/memory`]: value }), [], String(value))
  t.match(drift('Deployment/plain', { [`${limits}/cpu`]: '501m' }), [{ desired: '500m', actual: '501m' }])
  t.match(drift('Deployment/plain', { [`${limits}/memory`]: '64M' }), [{ desired: '64Mi', actual: '64M' }])
  t.same(drift('ResourceQuota/moorage', { '/spec/hard/pods': '2.01k' }), [])
  t.same(drift('PersistentVolumeClaim/data', { '/spec/resources/requests/storage': '1024Mi' }), [])
  t.match(drift('Deployment/plain', { '/spec/template/spec/containers/0/image': '500m' }), [{ actual: '500m' }])
})

t.test('of a Secret it is said that it differs, never what it holds', async (t) => {
  const found = drift('Secret/web', { '/data/KEY': 'dmVycmF0ZW4=', '/data/MORE': 'eA==' })
  t.same(found, [
    { path: '/data/KEY', desired: '***', actual: '***' },
    { path: '/data/MORE', desired: null, actual: '***' },
  ])
  t.same(drift('Secret/web', { '/data': undefined }), [{ path: '/data', desired: '***', actual: null }])
})

t.test('what everything has is no field, and a path that is made to be long is cut', async (t) => {
  const spec = { constructor: { a: 1 }, ['x'.repeat(5000)]: 1 }
  const found = driftOf({ kind: 'Deployment', spec }, live('Deployment/plain'))
  t.match(found[0], { path: '/spec/constructor', desired: { a: 1 }, actual: null })
  t.equal(found[1]?.path.length, 1024)
})

t.test('there is an end to it', async (t) => {
  const env = Array.from({ length: 50 }, (_, nth) => ({ name: `N${nth}`, value: '1' }))
  const object = change(live('Deployment/plain'), { '/spec/template/spec/containers/0/env': env })
  const applied = readApplied(object) ?? {}
  t.equal(driftOf(applied, object).length, 20)
  t.same(
    additions(applied, object).map(({ place }) => place),
    env.map((_, nth) => `/spec/template/spec/containers/0/env/${nth}`),
    'all that is to be taken out is known by its place',
  )
  const [{ actual } = { actual: null }] = drift('Deployment/plain', {
    '/spec/template/spec/containers/0/image': 'x'.repeat(5000),
  })
  t.equal(String(actual).length, 1024)
})

t.test('an object that does not tell what was applied is no drift, but outdated', async (t) => {
  const rubbish = [
    ...['', '{', '[]', 'null', '{"kind":1}'],
    JSON.stringify({ kind: 'Secret', spec: {} }),
    `{"kind":"Deployment","a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    JSON.stringify({ kind: 'Deployment', spec: { 'a\0': 1 } }),
    JSON.stringify({ kind: 'Deployment', spec: { replicas: ['\0'] } }),
    String.raw`{"kind":"Deployment","spec":{"replicas":"\ud800"}}`,
  ]
  for (const text of rubbish) {
    const object = change(live('Deployment/plain'), { '/metadata/annotations': { 'moorage.io/applied': text } })
    t.equal(readApplied(object), null, text)
  }
  t.same(digestsOf(null), { digest: '', fixedDigest: '' })
  const labels = {
    'moorage.io/installation': 'one',
    'moorage.io/tenant-id': '0b0e8ee0-6a3f-4c3e-8f0d-6f0d5a0f7c22',
    'moorage.io/app-id': '7d3a4f2e-1c55-4f0f-a1de-2a9d7f4b8c33',
    'moorage.io/service': 'ok',
  }
  const see = (different: object, installation = 'one') =>
    toEngineObject(workload('ok', { metadata: { labels, ...different } }), {
      kind: 'Deployment',
      installation,
      pods: [],
    })
  t.match(see({}), {
    kind: 'declared',
    key: 'Deployment/ok',
    nativeId: workload('ok').metadata.uid,
    state: {
      service: 'ok',
      digest: '',
      fixedDigest: '',
      settled: true,
      drift: [],
      removing: false,
      kept: false,
      rank: 3,
    },
  })
  t.match(see({ deletionTimestamp: '2026-11-28T07:48:40Z' }), { state: { removing: true, settled: false } })
  t.equal(see({}, 'two'), null, 'another installation’s')
  t.equal(see({ labels: { ...labels, 'moorage.io/app-id': 'shop' } }), null)
})
