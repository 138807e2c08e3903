import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { Driver, StatsSample } from '../../src/drivers/index.ts'
import { inventory } from '../../src/drivers/kubernetes/inventory.ts'
import { statsReader } from '../../src/drivers/kubernetes/stats.ts'
import { isAppError } from '../../src/errors/app-error.ts'
import { usageOf } from '../../src/modules/stats/usage.ts'
import { IMAGES } from '../lab/images.ts'
import { requireCluster } from '../lab/kube.ts'
import { eventually } from '../lab/run.ts'
import { all, failure, freely } from './build.ts'
import { podScene } from './kubernetes-pods.ts'

const cluster = await requireCluster(t)
if (cluster) {
  const scene = await podScene(t, cluster, { nodeStats: true })
  const { context, namespace, labels } = scene
  const call = freely()
  /** One sample; null: nothing of it is measured yet. */
  const measured = async (stats: Driver['stats'], nativeId: string): Promise<StatsSample[] | null> => {
    try {
      return await all(stats(nativeId, { follow: false }, call))
    } catch (error) {
      if (isAppError(error, 'unavailable')) return null
      throw error
    }
  }

  t.test("a pod's use is told once a second, within its limits, and ends with it", async (t) => {
    const resources = { limits: { cpu: '300m', memory: '64Mi' } }
    const script = 'while :; do nc -w 1 127.0.0.1 1 </dev/null; done & while :; do :; done'
    const nativeId = await scene.run({ name: 'busy', script, container: { resources } })
    const stats = statsReader(context)
    const [one] = await eventually('it is measured', async () => await measured(stats, nativeId))
    t.match(one, { cpuCores: 0.3, memoryLimitBytes: 64 * 1024 ** 2, readBytes: null, writtenBytes: null })
    const seen: StatsSample[] = []
    for await (const sample of stats(nativeId, { follow: true }, call)) {
      seen.push(sample)
      const last = seen.at(-2)
      if (last && last.receivedBytes !== null && last.cpuNs < sample.cpuNs) break
    }
    for (const [nth, sample] of seen.entries()) {
      const before = seen[nth - 1]
      if (!before) continue
      const { cpu } = usageOf(before, sample)
      t.ok(cpu.cores >= 0 && cpu.cores < 0.6, `${cpu.cores} cores`)
      const elapsedMs = Date.parse(sample.at) - Date.parse(before.at)
      t.ok(elapsedMs > 800, `${elapsedMs} ms`)
      t.ok(sample.memoryBytes > 0 && sample.memoryBytes < sample.memoryLimitBytes)
    }
    const theirs = statsReader(scene.connect({ installation: randomUUID() }))
    for (const follow of [true, false]) {
      t.same(await all(theirs(nativeId, { follow }, call)), [], "another installation's is not told of")
      t.same(await all(stats('no-such-container', { follow }, call)), [])
      t.same(await all(stats(nativeId, { follow }, { signal: AbortSignal.abort() })), [])
    }
    const ending = all(stats(nativeId, { follow: true }, call))
    await scene.remove('pod', 'busy')
    t.ok((await ending).length > 0, 'a followed one ends with its pod')
    t.same(await all(stats(nativeId, { follow: true }, call)), [])
  })

  t.test('however many look, a node is asked once a second', async (t) => {
    const nativeId = await scene.run({ name: 'watched', script: 'sleep 1000' })
    let asked = 0
    const { client } = context
    const counting: typeof client = {
      ...client,
      async request<T>(...[options, wanted]: Parameters<typeof client.request>) {
        if (wanted.path.endsWith('/stats/summary')) asked += 1
        return await client.request<T>(options, wanted)
      },
    }
    const stats = statsReader({ ...context, client: counting })
    await eventually('it is measured', async () => await measured(stats, nativeId))
    asked = 0
    const abort = new AbortController()
    const begunAt = performance.now()
    const followed = Array.from({ length: 20 }, async () => {
      return await all(stats(nativeId, { follow: true }, { signal: abort.signal }))
    })
    await eventually('four seconds are over', () => performance.now() - begunAt > 4000)
    abort.abort()
    const samples = await Promise.all(followed)
    t.ok(samples.every(({ length }) => length >= 2))
    t.ok(asked >= 2 && asked <= 6, `${asked} requests`)
  })

  t.test('a pod without limits may use what its node has', async (t) => {
    const nativeId = await scene.run({ name: 'unlimited', script: 'sleep 1000' })
    const stats = statsReader(context)
    const [sample] = await eventually('it is measured', async () => await measured(stats, nativeId))
    const node = JSON.parse(await cluster.kubectl(['get', 'nodes', '-o', 'json'])).items[0].status.allocatable
    t.equal(sample?.cpuCores, Number(node.cpu))
    t.equal(sample?.memoryLimitBytes, Number.parseInt(node.memory, 10) * 1024)
  })

  t.test('a cluster without metrics says why there are none, and what helps', async (t) => {
    const { apis } = await context.facts(call)
    if (apis.includes('metrics.k8s.io/v1beta1/pods')) return t.pass('this one has some')
    const nativeId = await scene.run({ name: 'untold', script: 'sleep 1000' })
    const stats: Driver['stats'] = statsReader(scene.connect({ settings: { nodeStats: false } }))
    const { error } = await failure(all(stats(nativeId, { follow: true }, call)))
    t.match(error, { code: 'unavailable', message: /serves no metrics\.k8s\.io; an admin can switch on `nodeStats`/ })
  })

  t.test('the inventory tells ours from foreign', async (t) => {
    const metadata = {
      name: 'data',
      namespace,
      labels: { ...labels, 'moorage.io/tenant': 'acme', 'moorage.io/app': 'shop' },
    }
    const resources = { requests: { storage: '1Mi' } }
    await scene.apply(
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata,
        spec: { accessModes: ['ReadWriteOnce'], resources },
      },
      { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80, protocol: 'TCP' }] } },
      { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec: { podSelector: {} } },
    )
    const nativeId = await scene.run({ name: 'listed', script: 'sleep 1000' })
    const stranger = scene.connect({ installation: randomUUID() })
    const find = async (kind: Parameters<typeof inventory>[1], named: string, by = context) =>
      (await inventory(by, kind, call)).filter(({ name }) => name === named)
    const name = `${namespace}/data`
    const whose = { managed: true, tenant: 'acme', app: 'shop', labels: metadata.labels }
    t.match(await find('networks', name), [
      { ...whose, state: 'ClusterIP' },
      { ...whose, state: 'policy' },
    ])
    await eventually('the claim is bound', async () => (await find('volumes', name))[0]?.state === 'bound')
    t.match(await find('volumes', name), [{ ...whose, sizeBytes: 1024 ** 2, createdAt: /^20/ }])
    t.match(await find('containers', `${namespace}/listed`), [
      { id: nativeId, managed: true, tenant: 'live', state: 'running', image: IMAGES.web1 },
    ])
    t.match(await find('containers', `${namespace}/listed`, stranger), [{ managed: false, tenant: null, app: null }])
    t.match(await find('volumes', name, stranger), [{ managed: false, tenant: null, app: null }])
    const image = await eventually('the image is told of', async () => (await find('images', IMAGES.web1))[0])
    t.match(image, { managed: false, sizeBytes: Number })
  })
}
