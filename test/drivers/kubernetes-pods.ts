import { randomBytes, randomUUID } from 'node:crypto'
import type { Context } from '../../src/drivers/kubernetes/context.ts'
import { connectCluster } from '../../src/drivers/kubernetes/connect.ts'
import { formatNativeId } from '../../src/drivers/kubernetes/instances.ts'
import { namespaceOf } from '../../src/drivers/kubernetes/manifests/names.ts'
import { createProber } from '../../src/drivers/kubernetes/probe.ts'
import { Namespaces } from '../../src/drivers/kubernetes/namespaces.ts'
import { PublishedPorts } from '../../src/drivers/kubernetes/published-ports.ts'
import { ServerClock } from '../../src/drivers/kubernetes/server-clock.ts'
import { type ClusterSettings, readSettings } from '../../src/drivers/kubernetes/settings.ts'
import { IMAGES } from '../lab/images.ts'
import type { LabCluster } from '../lab/kube.ts'
import { eventually } from '../lab/run.ts'

export interface PodWish {
  readonly name: string
  /** For `sh -c`. */
  readonly script: string
  readonly spec?: object
  readonly container?: object
}

/** A namespace of the test's own with pods that look as if the driver had made them, and one driver's context. */
export interface PodScene {
  readonly context: Context
  readonly namespace: string
  readonly appId: string
  /** Of everything that is the app's. */
  readonly labels: Readonly<Record<string, string>>
  apply(...manifests: readonly object[]): Promise<void>
  /** Makes a pod; its native id. */
  make(pod: PodWish): Promise<string>
  /** The same, once it runs. */
  run(pod: PodWish): Promise<string>
  remove(kind: string, name: string): Promise<void>
  connect(different?: { readonly installation?: string; readonly settings?: Partial<ClusterSettings> }): Context
}

export async function podScene(
  t: { teardown(work: () => unknown): unknown },
  cluster: LabCluster,
  settings: Partial<ClusterSettings> = {},
): Promise<PodScene> {
  const installation = randomUUID()
  const appId = randomUUID()
  const app = randomBytes(4).toString('hex')
  const namespace = namespaceOf('live', app)
  const labels = {
    'moorage.io/installation': installation,
    'moorage.io/tenant-id': randomUUID(),
    'moorage.io/tenant': 'live',
    'moorage.io/app-id': appId,
    'moorage.io/app': app,
  }
  const connect: PodScene['connect'] = (different = {}) => {
    const identity = { installation: different.installation ?? installation, hostId: randomUUID() }
    const all = readSettings({ ...settings, ...different.settings })
    const client = connectCluster(cluster.endpoint, all)
    t.teardown(() => client.close())
    const { facts } = createProber({ client, identity, settings: all })
    const owners = new Namespaces(client, identity.installation)
    const ports = new PublishedPorts(client, identity.installation)
    return { client, identity, settings: all, facts, ports, owners, clock: new ServerClock(client) }
  }
  const apply: PodScene['apply'] = async (...manifests) => {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests })
    await cluster.kubectl(['apply', '-f', '-'], { input })
  }
  const make: PodScene['make'] = async ({ name, script, spec, container }) => {
    const main = {
      name: 'web',
      image: IMAGES.web1,
      command: ['sh', '-c', script],
      imagePullPolicy: 'Never',
      ...container,
    }
    const annotations = { 'moorage.io/service-digest': 'd'.repeat(64) }
    await apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, annotations, labels: { ...labels, 'moorage.io/service': 'web' } },
      spec: { terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, containers: [main], ...spec },
    })
    const uid = await cluster.kubectl(['-n', namespace, 'get', 'pod', name, '-o', 'jsonpath={.metadata.uid}'])
    return formatNativeId({ namespace, pod: name, uid })
  }
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } })
  t.teardown(async () => await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']))
  return {
    context: connect(),
    namespace,
    appId,
    labels,
    apply,
    make,
    connect,
    run: async (pod) => {
      const nativeId = await make(pod)
      const path = [
        '-n',
        namespace,
        'get',
        'pod',
        pod.name,
        '-o',
        'jsonpath={.status.containerStatuses[0].state.running}',
      ]
      await eventually(`${pod.name} runs`, async () => (await cluster.kubectl(path)) !== '')
      return nativeId
    },
    remove: async (kind, name) => {
      await cluster.kubectl(['-n', namespace, 'delete', kind, name, '--grace-period=0', '--force', '--wait=false'])
    },
  }
}
