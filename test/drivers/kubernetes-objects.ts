import { randomBytes, randomUUID } from 'node:crypto'
import type { EngineObject, ObservedInstance, Progress, StepOutcome } from '../../src/drivers/index.ts'
import { digestsOf, readApplied, withApplied } from '../../src/drivers/kubernetes/applied.ts'
import { executeStep } from '../../src/drivers/kubernetes/apply.ts'
import { connectCluster } from '../../src/drivers/kubernetes/connect.ts'
import type { Context } from '../../src/drivers/kubernetes/context.ts'
import { type KindName, OBJECT_KINDS } from '../../src/drivers/kubernetes/kinds-of-objects.ts'
import { namespaceOf } from '../../src/drivers/kubernetes/manifests/names.ts'
import { observe } from '../../src/drivers/kubernetes/observe.ts'
import { createProber } from '../../src/drivers/kubernetes/probe.ts'
import { progress } from '../../src/drivers/kubernetes/progress.ts'
import { Namespaces } from '../../src/drivers/kubernetes/namespaces.ts'
import { PublishedPorts } from '../../src/drivers/kubernetes/published-ports.ts'
import { ServerClock } from '../../src/drivers/kubernetes/server-clock.ts'
import { readSettings } from '../../src/drivers/kubernetes/settings.ts'
import { appLabels, LABELS } from '../../src/drivers/labels.ts'
import { digestOf } from '../../src/lib/canonical.ts'
import type { DeclaredObject, DesiredApp, StepAction } from '../../src/planning/index.ts'
import { IMAGES } from '../lab/images.ts'
import type { LabCluster } from '../lab/kube.ts'
import { eventually } from '../lab/run.ts'
import { desiredApp, freely, step } from './build.ts'

/** A workload as a test wants it: what its pods do, and what is different of it. */
export interface WorkloadWish {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job'
  readonly name: string
  readonly replicas?: number
  /** For `sh -c`; default: sleeps until it is ended. */
  readonly script?: string
  readonly container?: object
  readonly pod?: object
  readonly spec?: object
  readonly annotations?: Readonly<Record<string, string>>
}

/** An app of the test's own, in an installation of its own. */
export interface ObjectScene {
  readonly context: Context
  readonly namespace: string
  readonly desired: DesiredApp
  declare(kind: KindName, name: string, body: object, service?: string): DeclaredObject
  namespaceObject(): DeclaredObject
  workload(wish: WorkloadWish): DeclaredObject
  act(
    action: StepAction,
    object: DeclaredObject,
    how?: { readonly nativeId?: string | null; readonly force?: boolean },
  ): Promise<StepOutcome>
  /** Applies them in turn, as new ones. */
  bring(...objects: readonly DeclaredObject[]): Promise<void>
  progress(action: StepAction, object: DeclaredObject, nativeId?: string | null): Promise<Progress>
  /** Its progress, once it is so. */
  until(object: DeclaredObject, is: (progress: Progress) => boolean): Promise<Progress>
  objects(): Promise<readonly EngineObject[]>
  object(key: string): Promise<EngineObject>
  instances(service: string): Promise<readonly ObservedInstance[]>
}

const WAIT = "trap 'exit 0' TERM; while :; do usleep 100000; done"

export function objectScene(t: { teardown(work: () => unknown): unknown }, cluster: LabCluster): ObjectScene {
  const installation = randomUUID()
  const plain = desiredApp({ installation, app: `a${randomBytes(4).toString('hex')}` })
  const desired: DesiredApp = { ...plain, objects: [] }
  const namespace = namespaceOf(desired.tenant.name, desired.app.name)
  const identity = { installation, hostId: desired.host.id }
  const settings = readSettings({})
  const client = connectCluster(cluster.endpoint, settings)
  t.teardown(async () => {
    client.close()
    await cluster.forget(installation, { wait: false })
  })
  const { facts } = createProber({ client, identity, settings })
  const context = {
    client,
    identity,
    settings,
    facts,
    owners: new Namespaces(client, installation),
    ports: new PublishedPorts(client, installation),
    clock: new ServerClock(client),
  }
  const call = freely()

  const declare: ObjectScene['declare'] = (kind, name, body, service) => {
    const { apiVersion, clusterScoped, kept } = OBJECT_KINDS[kind]
    const labels = { ...appLabels(desired, installation), ...(service !== undefined && { [LABELS.service]: service }) }
    const { annotations, ...rest } = body as { readonly annotations?: object }
    const manifest = withApplied({
      apiVersion,
      kind,
      metadata: { name, labels, ...(!clusterScoped && { namespace }), ...(annotations && { annotations }) },
      ...rest,
    })
    return {
      key: `${kind}/${name}`,
      service: service ?? null,
      ...digestsOf(readApplied(manifest)),
      after: [],
      awaited: 'ready',
      kept,
      downtime: '',
      manifest,
    }
  }
  const act: ObjectScene['act'] = async (action, object, { nativeId = null, force = false } = {}) =>
    await executeStep(
      context,
      step(action, object.key, { service: object.service, nativeId }),
      { ...desired, objects: [object], force },
      call,
    )
  const progressOf: ObjectScene['progress'] = async (action, object, nativeId = null) =>
    await progress(
      context,
      step(action, object.key, { service: object.service, nativeId }),
      { ...desired, objects: [object] },
      call,
    )
  const observed = async () => await observe(context, { appId: desired.app.id }, call)
  return {
    context,
    namespace,
    desired,
    declare,
    namespaceObject: () => declare('Namespace', namespace, {}),
    workload: ({ kind, name, replicas = 1, script = WAIT, container, pod, spec, annotations }) => {
      const labels = { ...appLabels(desired, installation), [LABELS.service]: name }
      const selector = { matchLabels: { [LABELS.appId]: desired.app.id, [LABELS.service]: name } }
      const main = { name, image: IMAGES.web1, imagePullPolicy: 'Never', command: ['sh', '-c', script], ...container }
      const serviceDigest = digestOf({ main, pod })
      const template = {
        metadata: {
          labels,
          annotations: { [LABELS.serviceDigest]: serviceDigest, [LABELS.restartGeneration]: '0' },
        },
        spec: { terminationGracePeriodSeconds: 1, automountServiceAccountToken: false, containers: [main], ...pod },
      }
      const counts = {
        Deployment: { replicas, selector },
        StatefulSet: { replicas, selector, serviceName: name, podManagementPolicy: 'Parallel' },
        DaemonSet: { selector },
        Job: { parallelism: replicas, completions: Math.max(1, replicas), backoffLimit: 0 },
      }
      return declare(kind, name, { annotations, spec: { ...counts[kind], template, ...spec } }, name)
    },
    act,
    bring: async (...objects) => {
      for (const object of objects) await act('apply_object', object)
    },
    progress: progressOf,
    until: async (object, is) => {
      let last: Progress | null = null
      try {
        return await eventually(
          `the progress of ${object.key}`,
          async () => {
            last = await progressOf('await_rollout', object)
            return is(last) && last
          },
          100_000,
        )
      } catch (error) {
        throw new Error(`last seen: ${JSON.stringify(last)}`, { cause: error })
      }
    },
    objects: async () => (await observed()).objects,
    object: async (key) => {
      const found = (await observed()).objects.find((object) => object.key === key)
      if (!found) throw new Error(`there is no ${key}`)
      return found
    },
    instances: async (service) => (await observed()).instances.filter((instance) => instance.service === service),
  }
}
