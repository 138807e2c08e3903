import { randomUUID } from 'node:crypto'
import { accessSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { readApplied } from '../../src/drivers/kubernetes/applied.ts'
import { declareApp } from '../../src/drivers/kubernetes/declare.ts'
import { driftOf } from '../../src/drivers/kubernetes/drift.ts'
import type { ClusterFacts } from '../../src/drivers/kubernetes/facts.ts'
import { OBJECT_KINDS, parseKey } from '../../src/drivers/kubernetes/kinds-of-objects.ts'
import { DRAIN_SECONDS } from '../../src/drivers/kubernetes/manifests/drain-program.ts'
import { canonicalJson } from '../../src/lib/canonical.ts'
import type { DeclaredObject, DesiredApp } from '../../src/planning/index.ts'
import type { ServiceSpec } from '../../src/spec/index.ts'
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

/** Of an image in which there is one program, and neither `sh` nor `sleep`. */
const bare = {
  image: `mrg-test/bare-${installation.slice(0, 8)}:1`,
  pullPolicy: 'never',
  stopGracePeriodNs: 1e9,
} as const

const cluster = await requireCluster(t)
if (cluster) {
  t.teardown(async () => {
    await cluster.forget(installation, { wait: false })
    await cluster.docker(['image', 'rm', '--force', bare.image])
  })
  const files = [{ name: 'busybox', content: readFileSync(busyboxPath()) }]
  await cluster.docker(['import', '-', bare.image], { input: tar(files) })

  t.test('a real cluster gives declared objects back as they were declared', async (t) => await givesBack(t, cluster))
  t.test(
    'a container serves on for a while after it was to be stopped, whatever its image holds',
    async (t) => await drains(t, cluster),
  )
  t.test(
    'words of a command and of a health check come to the program as they are',
    async (t) => await keepsWords(t, cluster),
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
  const script = 'trap "echo told; exit 0" TERM; echo up; while :; do /busybox usleep 20000; done'
  const web = service({
    ...bare,
    entrypoint: ['/busybox', 'sh', '-c', script],
    healthcheck: null,
    readOnly: true,
    user: '65534',
  })
  const kubectl = await run(cluster, 'bare', web)
  await eventually('it runs', async () => (await kubectl('logs', 'deployment/web').catch(() => '')).includes('up'))
  const [pod = ''] = (await kubectl('get', 'pods', '-o', 'name')).trim().split('\n')
  const logs = kubectl('logs', '--follow', '--timestamps', pod)
  await kubectl('delete', pod, '--wait=false')
  const line = (await logs).split('\n').find((text) => text.endsWith(' told')) ?? ''
  // In whole seconds, cut: the kubelet's word that it begins to end the container.
  const killing = ['get', 'events', '--field-selector=reason=Killing', '-o', 'jsonpath={.items[0].lastTimestamp}']
  const begun = await eventually('the kubelet tells of it', async () => await kubectl(...killing))
  const tookMs = Date.parse(line.split(' ')[0] ?? '') - Date.parse(begun)
  t.ok(tookMs >= DRAIN_SECONDS * 1000 - 50 && tookMs < 30_000, `it was told to stop after ${tookMs} ms`)
  t.notMatch(await kubectl('get', 'events', '-o', 'jsonpath={.items[*].reason}'), 'FailedPreStopHook')
}

async function keepsWords(t: Test, cluster: LabCluster): Promise<void> {
  const words = ['$(A)', '$$(A)', '$$', '$A', '$é', '$$$(A)é$', '$']
  const script = `printf '<%s>' "$@"; echo; while :; do /busybox usleep 100000; done`
  const web = service({
    ...bare,
    environment: { A: 'expanded' },
    entrypoint: ['/busybox', 'sh', '-c', script, '-'],
    command: words,
    healthcheck: {
      disabled: false,
      test: [
        'CMD',
        '/busybox',
        'sh',
        '-c',
        `test "$A $(printf '%s ' "$@")" = 'expanded ${words.join(' ')} ' || exit 1`,
        '-',
        ...words,
      ],
      intervalNs: 1e9,
      timeoutNs: null,
      startPeriodNs: null,
      retries: null,
    },
  })
  const kubectl = await run(cluster, 'words', web)
  await kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')
  t.equal((await kubectl('logs', 'deployment/web')).trim(), words.map((word) => `<${word}>`).join(''))
}

/** Applies an app of one service `web`; gives the stock CLI in its namespace. */
async function run(
  cluster: LabCluster,
  name: string,
  web: ServiceSpec,
): Promise<(...args: readonly string[]) => Promise<string>> {
  const wanted = desired(app({ web }), { installation, tenant, app: { id: randomUUID(), name } })
  const { objects } = declareApp(wanted, { facts: await discover(cluster), settings: null })
  await apply(cluster, objects)
  return async (...args) => await cluster.kubectl(['-n', namespaceOf(objects), ...args])
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
