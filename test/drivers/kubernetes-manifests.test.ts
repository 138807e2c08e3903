import { randomUUID } from 'node:crypto'
import { accessSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { readApplied } from '../../src/drivers/kubernetes/applied.ts'
import { declareApp } from '../../src/drivers/kubernetes/declare.ts'
import { driftOf } from '../../src/drivers/kubernetes/drift.ts'
import type { ClusterFacts } from '../../src/drivers/kubernetes/facts.ts'
import { OBJECT_KINDS, parseKey } from '../../src/drivers/kubernetes/kinds-of-objects.ts'
import { canonicalJson } from '../../src/lib/canonical.ts'
import type { DeclaredObject, DesiredApp } from '../../src/planning/index.ts'
import { requireCluster, type LabCluster } from '../lab/kube.ts'
import { eventually } from '../lab/run.ts'
import { tar } from '../lab/tar.ts'
import { CASES } from '../unit/drivers/kubernetes/cases.ts'
import { app, desired, service } from '../unit/planning/build.ts'

interface Live {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly generation?: number }
  readonly [member: string]: unknown
}

const installation = randomUUID()
/** No other run has its namespaces. */
const tenant = { id: randomUUID(), name: `t${installation.slice(0, 8)}` }

const cluster = await requireCluster(t)
if (cluster) {
  t.teardown(async () => await cluster.forget(installation, { wait: false }))
  t.test('a real cluster gives declared objects back as they were declared', async (t) => await givesBack(t, cluster))
  t.test(
    'a container of an image without any other program serves on for 3 s after it was told to stop',
    async (t) => await drains(t, cluster),
  )
}

async function givesBack(t: Test, cluster: LabCluster): Promise<void> {
  const facts = await discover(cluster)

  for (const [name, { wanted, settings = null }] of Object.entries(CASES))
    t.test(name, async (t) => {
      const own: DesiredApp = { ...wanted, installation, tenant, app: { id: randomUUID(), name } }
      const { objects } = declareApp(own, { facts, settings })
      await apply(
        cluster,
        objects.filter(({ key }) => key.startsWith('Namespace/')),
      )
      await keepPodsOut(cluster, namespaceOf(objects))
      await apply(cluster, objects)
      const before = await findAll(cluster, objects)
      for (const { key, manifest } of objects) {
        const live = before.get(key)
        t.same(otherwise(manifest, live), [], key)
        t.same(driftOf(readApplied(manifest) ?? {}, { ...live }), [], `${key} has no drift`)
      }

      await apply(cluster, objects)
      const after = await findAll(cluster, objects)
      for (const { key } of objects) {
        const [was, is] = [before.get(key), after.get(key)].map((live) => live?.metadata.generation)
        t.equal(is, was, `${key}: the same once more is no change`)
      }
    })
}

async function drains(t: Test, cluster: LabCluster): Promise<void> {
  const image = `mrg-test/bare-${installation.slice(0, 8)}:1`
  t.teardown(async () => await cluster.docker(['image', 'rm', '--force', image]))
  await cluster.docker(['import', '--change', 'USER 65534', '-', image], {
    input: tar([{ name: 'busybox', content: readFileSync(busyboxPath()) }]),
  })
  const web = service({
    image,
    pullPolicy: 'never',
    entrypoint: [
      '/busybox',
      'sh',
      '-c',
      'trap "echo told; exit 0" TERM; echo up; while :; do /busybox usleep 20000; done',
    ],
    healthcheck: null,
    readOnly: true,
    user: '65534',
    update: { monitorNs: 1e9 },
  })
  const wanted = desired(app({ web }), { installation, tenant, app: { id: randomUUID(), name: 'bare' } })
  const { objects } = declareApp(wanted, { facts: await discover(cluster), settings: null })
  await apply(cluster, objects)
  const namespace = namespaceOf(objects)
  const kubectl = async (...args: string[]): Promise<string> => await cluster.kubectl(['-n', namespace, ...args])
  await eventually('it runs', async () => (await kubectl('logs', 'deployment/web').catch(() => '')).includes('up'))
  const [pod = ''] = (await kubectl('get', 'pods', '-o', 'name')).trim().split('\n')
  const logs = kubectl('logs', '--follow', '--timestamps', pod)
  await kubectl('delete', pod, '--wait=false')
  const line = (await logs).split('\n').find((text) => text.endsWith(' told')) ?? ''
  // In whole seconds, cut: the kubelet's word that it begins to end the container.
  const begun = await eventually(
    'the kubelet tells of it',
    async () =>
      await kubectl('get', 'events', '--field-selector=reason=Killing', '-o', 'jsonpath={.items[0].lastTimestamp}'),
  )
  const tookMs = Date.parse(line.split(' ')[0] ?? '') - Date.parse(begun)
  t.ok(tookMs >= 2950 && tookMs < 10_000, `it was told to stop after ${tookMs} ms`)
  t.notMatch(await kubectl('get', 'events', '-o', 'jsonpath={.items[*].reason}'), 'FailedPreStopHook')
}

/** What the cluster is, so far as a declaration asks for it. */
async function discover(cluster: LabCluster): Promise<ClusterFacts> {
  const raw = async (path: string): Promise<string> => await cluster.kubectl(['get', '--raw', path])
  const { major, minor } = JSON.parse(await raw('/version')) as { major: string; minor: string }
  const versions = [...new Set(Object.values(OBJECT_KINDS).map(({ apiVersion }) => apiVersion))]
  const apis = await Promise.all(
    versions.map(async (version) => {
      const list = await raw(version.includes('/') ? `/apis/${version}` : `/api/${version}`).catch(
        () => '{"resources":[]}',
      )
      const { resources } = JSON.parse(list) as { resources: readonly { name: string }[] }
      return resources.map(({ name }) => `${version}/${name}`)
    }),
  )
  const nodes = JSON.parse(await cluster.kubectl(['get', 'nodes', '-o', 'json'])) as {
    items: readonly { spec: { podCIDRs?: readonly string[] }; status: { nodeInfo: { architecture: string } } }[]
  }
  return {
    version: `${major}.${Number.parseInt(minor, 10)}`,
    apis: apis.flat(),
    podSecurity: Number.parseInt(minor, 10) >= 23,
    podCidrs: nodes.items.flatMap(({ spec }) => spec.podCIDRs ?? []),
    architectures: [...new Set(nodes.items.map(({ status }) => status.nodeInfo.architecture))],
  }
}

async function apply(cluster: LabCluster, objects: readonly DeclaredObject[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects.map(({ manifest }) => manifest) })
  await cluster.kubectl(['apply', '--server-side', '--field-manager=moorage', '-f', '-'], { input })
}

/** What is applied there is compared, not run. */
async function keepPodsOut(cluster: LabCluster, namespace: string): Promise<void> {
  await cluster.kubectl(['-n', namespace, 'create', 'quota', 'none', '--hard=pods=0'])
}

function namespaceOf(objects: readonly DeclaredObject[]): string {
  const key = objects.map((object) => parseKey(object.key)).find((one) => one?.kind === 'Namespace')
  return key?.name ?? ''
}

/** The objects as they are there, by key. */
async function findAll(cluster: LabCluster, objects: readonly DeclaredObject[]): Promise<ReadonlyMap<string, Live>> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects.map(({ manifest }) => manifest) })
  const list = JSON.parse(await cluster.kubectl(['get', '-f', '-', '-o', 'json'], { input })) as {
    items: readonly Live[]
  }
  return new Map(list.items.map((live) => [`${live.kind}/${live.metadata.name}`, live]))
}

/** Places at which the live object is not what is declared, letter by letter: a list has the same items in the same order. */
function otherwise(declared: unknown, live: unknown, path = ''): string[] {
  if (typeof declared !== 'object' || declared === null)
    return declared === live ? [] : [`${path}: ${canonicalJson(declared)}, and not ${canonicalJson(live ?? null)}`]
  if (typeof live !== 'object' || live === null) return [`${path} is gone`]
  if (Array.isArray(declared) && (!Array.isArray(live) || live.length !== declared.length))
    return [`${path} has other items`]
  return Object.entries(declared).flatMap(([name, value]) =>
    otherwise(value, Reflect.get(live, name), `${path}/${name}`),
  )
}

function busyboxPath(): string {
  for (const path of ['/bin/busybox', '/usr/bin/busybox'])
    try {
      accessSync(path)
      return path
    } catch {
      // the next one
    }
  throw new Error('no busybox on this machine (Debian: busybox-static)')
}
