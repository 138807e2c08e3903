import t from 'tap'
import type { Progress } from '../../src/drivers/index.ts'
import type { ClusterClient } from '../../src/drivers/kubernetes/client.ts'
import { listAll } from '../../src/drivers/kubernetes/lists.ts'
import type { Live } from '../../src/drivers/kubernetes/live.ts'
import { inspect, observe } from '../../src/drivers/kubernetes/observe.ts'
import { ownPod, parseNativeId } from '../../src/drivers/kubernetes/instances.ts'
import { Refusal } from '../../src/drivers/kubernetes/refusal.ts'
import { IMAGES } from '../lab/images.ts'
import { requireCluster } from '../lab/kube.ts'
import { eventually } from '../lab/run.ts'
import { failure, freely } from './build.ts'
import { objectScene } from './kubernetes-objects.ts'

const isDone = ({ state }: Progress): boolean => state === 'done'
const EVERY_SECOND = { periodSeconds: 1, timeoutSeconds: 2, successThreshold: 1, failureThreshold: 3 }

const STUBBORN = "trap 'exit 1' TERM; while :; do usleep 100000; done"

const cluster = await requireCluster(t)
if (cluster) {
  const call = freely()
  const kubectl = async (...args: readonly string[]): Promise<string> => await cluster.kubectl(args)

  t.test('what is applied is there, as declared, and its pods are its instances', async (t) => {
    const scene = objectScene(t, cluster)
    const web = scene.workload({
      kind: 'Deployment',
      name: 'web',
      replicas: 2,
      container: { readinessProbe: { exec: { command: ['true'] }, ...EVERY_SECOND } },
    })
    const ports = scene.declare(
      'Service',
      'web--ports',
      {
        spec: {
          type: 'NodePort',
          selector: { 'moorage.io/service': 'web' },
          ports: [{ name: 'tcp-8080', port: 8080, targetPort: 80, protocol: 'TCP' }],
        },
      },
      'web',
    )
    const data = scene.declare('PersistentVolumeClaim', 'data', {
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
    })
    const secret = scene.declare('Secret', 'web', { type: 'Opaque', data: { KEY: btoa('geheim') } }, 'web')
    const declared = [scene.namespaceObject(), ports, data, secret, web]
    await scene.bring(...declared)
    t.same(await scene.act('apply_object', web), { result: 'done' }, 'and it may be repeated')
    t.match(await scene.until(web, isDone), { state: 'done', message: 'ready' })
    const objects = await scene.objects()
    t.same(
      new Map(objects.map(({ key, state }) => [key, [state?.digest, state?.fixedDigest, state?.drift]])),
      new Map(declared.map(({ key, digest, fixedDigest }) => [key, [digest, fixedDigest, []]])),
    )
    t.match(objects.find(({ key }) => key === 'PersistentVolumeClaim/data')?.state, { kept: true, holdsAll: false })
    t.match(objects.find(({ key }) => key.startsWith('Namespace/'))?.state, { kept: false, holdsAll: true, rank: 0 })
    t.notMatch(JSON.stringify(objects), /geheim|Z2VoZWlt/)

    const instances = await scene.instances('web')
    t.equal(instances.length, 2)
    for (const instance of instances) {
      t.match(instance, {
        appId: scene.desired.app.id,
        tenantId: scene.desired.tenant.id,
        ordinal: 0,
        state: 'running',
        health: 'healthy',
        serving: true,
        restarts: 0,
        exitCode: null,
        image: IMAGES.web1,
        imageDigest: /^sha256:[0-9a-f]{64}$/,
        addresses: [/^\d+\.\d+\.\d+\.\d+$/],
        ports: [{ containerPort: 80, hostPort: Number, hostIp: '', protocol: 'tcp' }],
      })
      t.match(parseNativeId(instance.nativeId), { namespace: scene.namespace, pod: instance.name })
      const { runningForMs: _, ...rest } = instance
      t.match(await inspect(scene.context, instance.nativeId, call), rest, 'a look at one tells the same')
    }
    const all = await observe(scene.context, {}, call)
    t.same(all.objects.map(({ key }) => key).toSorted(), objects.map(({ key }) => key).toSorted())
    t.match(await observe(scene.context, { appId: scene.desired.tenant.id }, call), { instances: [], objects: [] })

    const stranger = objectScene(t, cluster)
    const [first] = instances
    t.equal(await ownPod(stranger.context, first?.nativeId ?? '', call), null, 'another installation has no such pod')
    t.equal(await inspect(scene.context, `${scene.namespace}/${first?.name}/another-uid`, call), null)
    t.equal(await inspect(scene.context, first?.name ?? '', call), null, 'a name alone is no native id')
  })

  t.test('a check that a release does not have any more is gone', async (t) => {
    const scene = objectScene(t, cluster)
    const check = { exec: { command: ['true'] }, ...EVERY_SECOND }
    const checks = { readinessProbe: check, livenessProbe: check, startupProbe: check }
    const web = (container: object) => scene.workload({ kind: 'Deployment', name: 'web', replicas: 0, container })
    await scene.bring(scene.namespaceObject(), web(checks))
    const { nativeId } = await scene.object('Deployment/web')
    t.same(await scene.act('apply_object', web({}), { nativeId }), { result: 'done' })
    const path = '{.spec.template.spec.containers[0]}'
    t.notMatch(await kubectl('-n', scene.namespace, 'get', 'deploy', 'web', '-o', `jsonpath=${path}`), 'Probe')
    t.match(await scene.object('Deployment/web'), { state: { digest: web({}).digest, drift: [] } })
  })

  t.test('what belongs to somebody else is left as it is', async (t) => {
    const [scene, other] = [objectScene(t, cluster), objectScene(t, cluster)]
    await kubectl('create', 'namespace', scene.namespace)
    t.teardown(async () => await kubectl('delete', 'namespace', scene.namespace, '--wait=false'))
    const taken = await failure(scene.bring(scene.namespaceObject()))
    t.match(taken.error, { code: 'field_conflict', message: /Namespace .* belongs to someone else/ })
    const labels = await kubectl('get', 'namespace', scene.namespace, '-o', 'jsonpath={.metadata.labels}')
    t.notMatch(labels, /moorage/)

    await other.bring(other.namespaceObject())
    await kubectl('-n', other.namespace, 'create', 'service', 'clusterip', 'web', '--tcp=80')
    const web = other.declare('Service', 'web', { spec: { type: 'ClusterIP', ports: [{ port: 81, protocol: 'TCP' }] } })
    t.match((await failure(other.act('apply_object', web))).error, { code: 'field_conflict' })
    t.match((await failure(other.act('apply_object', web, { force: true }))).error, { code: 'field_conflict' })
  })

  t.test('a change is of the object that was seen, or of none', async (t) => {
    const scene = objectScene(t, cluster)
    const text = (value: string) => scene.declare('ConfigMap', 'text', { data: { value } })
    await scene.bring(scene.namespaceObject(), text('1'))
    const { nativeId } = await scene.object('ConfigMap/text')
    await scene.act('apply_object', text('2'), { nativeId })
    t.equal((await scene.object('ConfigMap/text')).state?.digest, text('2').digest)
    t.same(await scene.act('delete_object', text('2'), { nativeId }), { result: 'done' })
    t.match(await scene.act('delete_object', text('2'), { nativeId }), { result: 'done', message: /gone/ })
    t.match(await scene.progress('await_gone', text('2'), nativeId), { state: 'done' })
    t.match((await failure(scene.act('apply_object', text('3'), { nativeId }))).error, { code: 'unavailable' })
    t.same(
      (await scene.objects()).filter(({ key }) => key === 'ConfigMap/text'),
      [],
      'nor is one made',
    )

    await scene.bring(text('4'))
    const next = await scene.object('ConfigMap/text')
    t.match((await failure(scene.act('apply_object', text('5'), { nativeId }))).error, { code: 'unavailable' })
    t.match(await scene.act('delete_object', text('5'), { nativeId }), { result: 'done', message: /gone/ })
    t.match(await scene.progress('await_gone', text('5'), nativeId), { state: 'done' }, 'that one is gone')
    t.match(await scene.progress('await_gone', text('5'), next.nativeId), { state: 'waiting' })
    t.same(await scene.object('ConfigMap/text'), next)
  })

  t.test('a list of many pages is whole, also where it has to be begun anew', async (t) => {
    const scene = objectScene(t, cluster)
    const names = ['a', 'b', 'c', 'd', 'e']
    await scene.bring(scene.namespaceObject(), ...names.map((name) => scene.declare('ConfigMap', name, {})))
    const { client } = scene.context
    const asked = {
      path: `/api/v1/namespaces/${scene.namespace}/configmaps`,
      query: { limit: 2, labelSelector: 'moorage.io/app' },
    }
    const nameOf = ({ metadata }: Live): string => metadata.name
    t.same(await listAll(client, call, asked, nameOf), names)
    t.same(await listAll(client, call, asked, (item: Live) => (item.metadata.name === 'c' ? null : nameOf(item))), [
      'a',
      'b',
      'd',
      'e',
    ])
    // An API server forgets a list after minutes: its answer comes from here, all else from the cluster.
    let forgotten = 0
    const limits: unknown[] = []
    const forgetful: ClusterClient = {
      ...client,
      request: async (options, request) => {
        limits.push(request.query?.limit)
        if (request.query?.continue !== undefined) throw new Refusal(410, 'Expired', `forgotten ${forgotten++}`)
        return await client.request(options, request)
      },
    }
    t.same(await listAll(forgetful, call, asked, nameOf), names)
    t.equal(forgotten, 3)
    t.same(limits, [2, 2, 2, 2, 2, 2, undefined], 'in the end as one')
  })

  t.test('what others change is drift, is not written over, and is taken back by force', async (t) => {
    const scene = objectScene(t, cluster)
    const web = scene.workload({
      kind: 'Deployment',
      name: 'web',
      container: { env: [{ name: 'KEY', value: 'geheim' }] },
    })
    const secret = scene.declare('Secret', 'web', { type: 'Opaque', data: { KEY: btoa('geheim') } }, 'web')
    await scene.bring(scene.namespaceObject(), secret, web)
    const deployment = ['-n', scene.namespace, 'deployment', 'web']
    const [namespace, name, ...what] = deployment
    const change = async (verb: readonly string[], ...rest: readonly string[]): Promise<string> =>
      await kubectl(namespace ?? '', name ?? '', ...verb, what.join('/'), ...rest)
    await change(['scale'], '--replicas=3')
    await change(['set', 'env'], 'EXTRA=geheim', 'KEY=verraten')
    await change(['set', 'image'], `web=${IMAGES.web2}`)
    await change(['label'], 'moorage.io/app=other', '--overwrite')
    await change(['annotate'], 'somebody/else=1')
    await kubectl(
      '-n',
      scene.namespace,
      'patch',
      'secret',
      'web',
      '-p',
      '{"data":{"KEY":"dmVycmF0ZW4=","MORE":"eA=="}}',
    )
    const { state } = await scene.object('Deployment/web')
    const container = '/spec/template/spec/containers/web'
    t.same(
      state?.drift.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
      [
        { path: '/metadata/labels/moorage.io~1app', desired: scene.desired.app.name, actual: 'other' },
        { path: '/spec/replicas', desired: 1, actual: 3 },
        { path: `${container}/env/EXTRA`, desired: null, actual: '***' },
        { path: `${container}/env/KEY/value`, desired: '***', actual: '***' },
        { path: `${container}/image`, desired: IMAGES.web1, actual: IMAGES.web2 },
      ],
    )
    t.equal(state?.digest, web.digest, 'what was declared is told all the same')
    t.same((await scene.object('Secret/web')).state?.drift, [
      { path: '/data/KEY', desired: '***', actual: '***' },
      { path: '/data/MORE', desired: null, actual: '***' },
    ])

    const { nativeId } = await scene.object('Deployment/web')
    const refused = await failure(scene.act('apply_object', web, { nativeId }))
    t.match(refused.error, { code: 'field_conflict', message: / is held by "kubectl-set"/ })
    await scene.act('apply_object', web, { nativeId, force: true })
    await scene.act('apply_object', secret, { force: true })
    for (const key of ['Deployment/web', 'Secret/web']) t.same((await scene.object(key)).state?.drift, [])
    t.match(await kubectl('-n', scene.namespace, 'get', ...what, '-o', 'jsonpath={.metadata.annotations}'), /somebody/)
    await scene.until(web, isDone)

    await change(['annotate'], 'moorage.io/applied={}', '--overwrite')
    t.match(
      (await scene.object('Deployment/web')).state,
      { digest: '', drift: [] },
      'what can not be told is applied anew',
    )
  })

  t.test('a workload is gone once its pods are, and stopped once it has none', async (t) => {
    const scene = objectScene(t, cluster)
    const slow = "trap 'usleep 2500000; exit 0' TERM; while :; do usleep 100000; done"
    const pod = { terminationGracePeriodSeconds: 20 }
    const web = (replicas: number) => scene.workload({ kind: 'StatefulSet', name: 'web', replicas, script: slow, pod })
    const all = scene.workload({ kind: 'DaemonSet', name: 'all', script: slow, pod })
    await scene.bring(scene.namespaceObject(), web(2), all)
    await Promise.all([scene.until(web(2), isDone), scene.until(all, isDone)])
    t.same(
      (await scene.instances('web')).map(({ ordinal, name }) => [name, ordinal]),
      [
        ['web-0', 1],
        ['web-1', 2],
      ],
    )
    t.match((await scene.object('DaemonSet/all')).state, { settled: true, desired: 1 })
    await scene.act('apply_object', web(0))
    const stopping = await eventually('a pod is on its way out', async () => {
      const { objects, instances } = await observe(scene.context, { appId: scene.desired.app.id }, call)
      const pods = instances.filter(({ service }) => service === 'web')
      const found = objects.find(({ key }) => key === 'StatefulSet/web')
      return pods.length > 0 && pods.every(({ state }) => state === 'removing') && { found, pods }
    })
    t.match(stopping, { found: { state: { settled: false } }, pods: [{ serving: false }] })
    t.match(await scene.progress('await_rollout', web(0)), { state: 'waiting', problem: null })
    t.match(await scene.until(web(0), isDone), { message: 'ready' })
    t.same(await scene.instances('web'), [])

    const { nativeId } = await scene.object('DaemonSet/all')
    await scene.act('delete_object', all, { nativeId })
    t.match(await scene.progress('await_gone', all, nativeId), { state: 'waiting', problem: { detail: /foreground/ } })
    t.match((await scene.object('DaemonSet/all')).state, { removing: true, settled: false })
    await eventually('it is gone', async () => isDone(await scene.progress('await_gone', all, nativeId)))
    t.same(await scene.instances('all'), [])
    t.match(await scene.progress('await_rollout', all), { state: 'failed', problem: { detail: /went away/ } })
  })

  t.test('a Job that others wait for is done once it has completed, another one once its pods are ready', async (t) => {
    const scene = objectScene(t, cluster)
    const annotations = { 'moorage.io/awaited': 'completed' }
    const job = { kind: 'Job', pod: { restartPolicy: 'Never' } } as const
    const awaited = scene.workload({ ...job, name: 'once', annotations, script: 'usleep 3000000' })
    const running = scene.workload({ ...job, name: 'runs' })
    await scene.bring(scene.namespaceObject(), awaited, running)
    t.match(await scene.until(running, isDone), { message: 'ready' })
    t.match(await scene.until(awaited, isDone), { message: 'completed' })
    t.match(await scene.instances('once'), [{ state: 'exited', exitCode: 0, restarts: 0 }])
    t.match((await scene.object('Job/once')).state, { settled: true })
    // To a cluster, a pod that it ends has failed when its process says so.
    const stopped = (replicas: number) => scene.workload({ ...job, name: 'stops', replicas, script: STUBBORN })
    await scene.bring(stopped(1))
    t.match(await scene.until(stopped(1), isDone), { message: 'ready' })
    await scene.bring(stopped(0))
    t.match(await scene.until(stopped(0), ({ state }) => state !== 'waiting'), { state: 'done', message: 'ready' })
    t.same(
      (await scene.instances('stops')).filter(({ exitCode }) => exitCode === null),
      [],
    )
  })
}
