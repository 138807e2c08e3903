import fc from 'fast-check'
import t from 'tap'
import { digestsOf, readApplied } from '../../../../src/drivers/kubernetes/applied.ts'
import { declareApp } from '../../../../src/drivers/kubernetes/declare.ts'
import type { ClusterFacts } from '../../../../src/drivers/kubernetes/facts.ts'
import { isKindName, OBJECT_KINDS, parseKey } from '../../../../src/drivers/kubernetes/kinds-of-objects.ts'
import type { DeclaredObject, DesiredApp } from '../../../../src/planning/index.ts'
import type { ServiceSpec } from '../../../../src/spec/index.ts'
import { after, app, desired, port, service, volume } from '../../planning/build.ts'
import { MODERN, OLD } from './cases.ts'

const RUNS = 400
/** In what no text of a manifest has by itself. */
const SECRET = 'hunter2'

const label = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom('a', 'b', 'z'),
      fc.string({ unit: fc.constantFrom('a', 'b', '0', '-'), maxLength: maxLength - 2 }),
      fc.constantFrom('a', 'z', '9'),
    )
    .map(([first, middle, last]) => `${first}${middle.replaceAll(/-+/g, '-')}${last}`)

const NAMES = ['web', 'api', 'x'.repeat(50), 'db-0a1b2c3d'] as const

const services = fc.record({
  mounts: fc.subarray([
    volume('data'),
    volume('more', true),
    { type: 'tmpfs', target: '/run', sizeBytes: 1000, mode: null } as const,
  ]),
  environment: fc.dictionary(
    fc.constantFrom('A', 'B', 'C_1'),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => `${SECRET}${text}`),
  ),
  ports: fc.subarray([port(null), port(8443, 443), { ...port(null, 53), protocol: 'udp' as const }]),
  aliases: fc.constant<string[]>([]),
  replicas: fc.integer({ min: 0, max: 4 }),
  healthcheck: fc.constantFrom(null, service().healthcheck),
  restart: fc
    .constantFrom('unless-stopped' as const, 'no' as const, 'on-failure' as const)
    .map((policy) => ({ policy, maxAttempts: null })),
  isGlobal: fc.boolean(),
  update: fc.record({
    parallelism: fc.constantFrom(1, 2, 1_000_000),
    delayNs: fc.constantFrom(0, 2e9),
    order: fc.constantFrom('start-first' as const, 'stop-first' as const),
  }),
  cpus: fc.constantFrom(null, 0.001, 2),
  depends: fc.subarray([0, 1, 2]),
  condition: fc.constantFrom(
    'service_started' as const,
    'service_healthy' as const,
    'service_completed_successfully' as const,
  ),
})

const apps: fc.Arbitrary<DesiredApp> = fc
  .record({
    services: fc.array(services, { minLength: 1, maxLength: NAMES.length }),
    alias: fc.option(label(63), { nil: null }),
    tenant: label(40),
    name: label(63),
    running: fc.boolean(),
    routed: fc.boolean(),
    restartGeneration: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ services, alias, tenant, name, running, routed, restartGeneration }) => {
    const specs = services.map(({ isGlobal, depends, condition, cpus, ...rest }, at): [string, ServiceSpec] => {
      const dependsOn = depends
        .filter((other) => other < at)
        .map((other) => [NAMES[other] ?? '', after(services[other]?.isGlobal ? 'service_started' : condition)] as const)
      const isOnEach = isGlobal && rest.restart.policy !== 'no'
      return [
        NAMES[at] ?? '',
        service({
          ...rest,
          ...(isOnEach && { mode: 'global' as const }),
          resources: { ...service().resources, cpus },
          dependsOn: Object.fromEntries(dependsOn),
        }),
      ]
    })
    const own = alias === null || NAMES.some((one) => one === alias) ? [] : [alias]
    const all = Object.fromEntries(specs.map(([key, spec], at) => [key, at === 0 ? { ...spec, aliases: own } : spec]))
    const routes = [{ host: 'shop.test', path: '/', service: NAMES[0], port: 80 }]
    return desired(app(all, routed ? { routes } : {}), {
      tenant: { id: 'tenant-1', name: tenant },
      app: { id: 'app-1', name },
      running,
      restartGeneration,
    })
  })

const clusters = fc.constantFrom(null, MODERN, OLD, { ...OLD, architectures: ['amd64', 'arm64'] })

/** Each app on each cluster. */
const holds = (
  what: string,
  check: (objects: readonly DeclaredObject[], wanted: DesiredApp, facts: ClusterFacts | null) => void,
): void => {
  t.test(what, async () => {
    fc.assert(
      fc.property(apps, clusters, (wanted, facts) => {
        check(declareApp(wanted, { facts, settings: null }).objects, wanted, facts)
      }),
      { numRuns: RUNS },
    )
  })
}

const assert = (condition: unknown, message: string): void => {
  if (!condition) throw new Error(message)
}

holds('every key is declared once, and is the kind and name of its manifest', (objects) => {
  assert(new Set(objects.map(({ key }) => key)).size === objects.length, 'a key twice')
  for (const { key, manifest } of objects) {
    const { kind, apiVersion, metadata } = manifest as { kind: string; apiVersion: string; metadata: { name: string } }
    assert(key === `${kind}/${metadata.name}`, `${key} is ${kind}/${metadata.name}`)
    assert(isKindName(kind) && OBJECT_KINDS[kind].apiVersion === apiVersion, `${key} is of ${apiVersion}`)
    assert(parseKey(key)?.name === metadata.name, `${key} is not read`)
  }
})

holds('an object comes after declared ones alone, and never after itself by any way', (objects) => {
  const byKey = new Map(objects.map((object) => [object.key, object]))
  const done = new Set<string>()
  const open = new Set<string>()
  const visit = (key: string): void => {
    if (done.has(key)) return
    const object = byKey.get(key)
    assert(object, `${key} is not declared`)
    assert(!open.has(key), `${key} comes after itself`)
    open.add(key)
    for (const edge of object?.after ?? []) visit(edge.key)
    open.delete(key)
    done.add(key)
  }
  for (const { key } of objects) visit(key)
})

holds('the namespace comes first, and workloads after all that their pods find when they start', (objects) => {
  const workloads = objects.filter(({ key }) => /^(Deployment|StatefulSet|DaemonSet|Job)\//.test(key))
  for (const object of objects)
    assert(
      object.key.startsWith('Namespace/') || object.after.some(({ key }) => key.startsWith('Namespace/')),
      object.key,
    )
  for (const { key, service: name, after: edges } of workloads) {
    const before = new Set(edges.map((edge) => edge.key))
    const needed = objects.filter(
      (one) =>
        (one.service === null || one.service === name) &&
        /^(Secret|NetworkPolicy|LimitRange|ResourceQuota|ConfigMap)\//.test(one.key),
    )
    for (const one of needed) assert(before.has(one.key), `${key} does not come after ${one.key}`)
    assert(before.has(`Service/${name}`), `${key} does not come after its name`)
  }
})

holds('names are DNS labels of at most 63 characters', (objects) => {
  for (const { key, manifest } of objects) {
    const { name, namespace } = manifest.metadata as { name: string; namespace?: string }
    for (const text of [name, namespace ?? 'none'])
      assert(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text), `${key} is in ${namespace}`)
  }
})

holds('what a label holds is a label’s value', (objects) => {
  for (const { key, manifest } of objects) {
    const { labels } = manifest.metadata as { labels: Record<string, string> }
    for (const value of Object.values(labels))
      assert(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(value), `${key} has ${value}`)
  }
})

holds('nothing of an environment stands anywhere but in the data of its Secret', (objects) => {
  const base64 = Buffer.from(SECRET).toString('base64').replace(/.==$/, '')
  for (const { manifest, ...rest } of objects) {
    const { data, ...shown } = manifest as { data?: unknown }
    const text = JSON.stringify([rest, manifest.kind === 'Secret' ? shown : { ...shown, data }])
    assert(!text.includes(SECRET) && !text.includes(base64), `${rest.key} tells of it`)
  }
})

holds('digests are those of what the object tells of itself', (objects) => {
  for (const { key, digest, fixedDigest, manifest } of objects) {
    const found = digestsOf(readApplied(JSON.parse(JSON.stringify(manifest)) as typeof manifest))
    assert(found.digest === digest && found.fixedDigest === fixedDigest, key)
  }
})

holds('equal input gives equal objects', (objects, wanted, facts) => {
  const copy = JSON.parse(JSON.stringify({ wanted, facts })) as { wanted: DesiredApp; facts: unknown }
  const again = declareApp(copy.wanted, { facts: copy.facts, settings: null }).objects
  assert(JSON.stringify(again) === JSON.stringify(objects), 'another time it is otherwise')
})

holds('what is declared holds neither null nor what an API server drops', (objects) => {
  const look = (value: unknown, path: string): void => {
    assert(value !== null && value !== undefined, `${path} is nothing`)
    if (typeof value !== 'object' || value === null) return
    const members = Object.entries(value)
    const meansAll = /(podSelector)$/.test(path)
    assert(members.length > 0 || meansAll, `${path} is empty`)
    for (const [name, member] of members) look(member, `${path}/${name}`)
  }
  for (const { key, manifest } of objects) look(manifest, key)
})
