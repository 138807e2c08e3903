import type { DeclaredObject } from '../../planning/index.ts'
import { isAwaited } from '../../planning/index.ts'
import type { CapabilityNote } from '../../spec/index.ts'
import type { Declaration, HostFacts, UndeclaredApp } from '../kinds.ts'
import { readApp, type App, type AppService } from './manifests/app.ts'
import { toBudget } from './manifests/budget.ts'
import { toDrainProgram } from './manifests/drain.ts'
import { toSecret } from './manifests/environment.ts'
import { toIngress } from './manifests/ingress.ts'
import { toLimitRange, toNamespace, toQuota } from './manifests/namespace.ts'
import { toDefaultDeny, toPublished, toRouted, toWithinApp } from './manifests/network-policies.ts'
import { refuseWhatNoClusterTakes } from './manifests/refusals.ts'
import { keyOf, seal } from './manifests/seal.ts'
import { toHeadless, toPublishing, toRoutedService } from './manifests/services.ts'
import { toClaims, volumesOf } from './manifests/volumes.ts'
import { toWorkload, wantedOf } from './manifests/workload.ts'

type After = DeclaredObject['after']

/**
 * What an app is on a cluster, out of its spec and what the cluster told of itself. Pure: equal arguments give equal objects. Each has the
 * form in which an API server gives it back, and all that must be there before its pods start comes before it. Throws `unsupported`,
 * naming the API, where the cluster serves nothing that the app can't do without.
 */
export function declareApp(desired: UndeclaredApp, host: HostFacts): Declaration {
  const notes = new Map<string, CapabilityNote>()
  const app = readApp(desired, host, (note) => notes.set(`${note.path} ${note.message}`, note))
  if (!app) return { objects: [], notes: [] }
  refuseWhatNoClusterTakes(app.spec)
  return { objects: objectsOf(app), notes: [...notes.values()] }
}

function objectsOf(app: App): DeclaredObject[] {
  const namespace = seal(app, 'Namespace', toNamespace(app))
  const within = { after: once([namespace]) }
  const quota = toQuota(app)
  const program = toDrainProgram(app)
  const common = [
    ...(quota ? [seal(app, 'ResourceQuota', quota, within)] : []),
    seal(app, 'LimitRange', toLimitRange(app), within),
    seal(app, 'NetworkPolicy', toDefaultDeny(app), within),
    seal(app, 'NetworkPolicy', toWithinApp(app), within),
    ...(program ? [seal(app, 'ConfigMap', program, within)] : []),
  ]
  const claims = toClaims(app).map((claim) => seal(app, 'PersistentVolumeClaim', claim, within))
  const services = app.services.flatMap((service) => {
    const before = beforePods(app, service, within.after)
    const mounted = new Set(volumesOf(service).map((key) => keyOf('PersistentVolumeClaim', key)))
    const base = [namespace, ...common, ...claims.filter(({ key }) => mounted.has(key)), ...before]
    return [
      ...before,
      ...besidePods(app, service, within.after),
      seal(app, service.kind, toWorkload(app, service), {
        service: service.name,
        after: [...once(base), ...gatesOf(app, service)],
        awaited: awaitedOf(app, service),
      }),
    ]
  })
  const ingress = toIngress(app)
  return [namespace, ...common, ...claims, ...services, ...(ingress ? [seal(app, 'Ingress', ingress, within)] : [])]
}

/** What a service's pods find when they start. */
function beforePods(app: App, service: AppService, after: After): DeclaredObject[] {
  const about = { service: service.name, after }
  const secret = toSecret(app, service)
  const policies = [toPublished(app, service), toRouted(app, service)].filter((policy) => policy !== null)
  return [
    ...(secret ? [seal(app, 'Secret', secret, about)] : []),
    ...policies.map((policy) => seal(app, 'NetworkPolicy', policy, about)),
    ...toHeadless(app, service).map((headless) => seal(app, 'Service', headless, about)),
  ]
}

/** What others find a service's pods by, and what keeps some of them. */
function besidePods(app: App, service: AppService, after: After): DeclaredObject[] {
  const about = { service: service.name, after }
  const ways = [toPublishing(app, service), toRoutedService(app, service)].filter((way) => way !== null)
  const budget = toBudget(app, service)
  return [
    ...ways.map((way) => seal(app, 'Service', way, about)),
    ...(budget ? [seal(app, 'PodDisruptionBudget', budget, about)] : []),
  ]
}

function once(objects: readonly DeclaredObject[]): After {
  return objects.map(({ key }) => ({ key, until: 'applied' }))
}

/** A service starts after those that it depends on, and stops before them. */
function gatesOf(app: App, { name, spec }: AppService): After {
  const others = new Map(app.services.map((service) => [service.name, service]))
  if (!app.desired.running)
    return [...others.values()]
      .filter((other) => Object.hasOwn(other.spec.dependsOn, name))
      .map((other) => ({ key: keyOf(other.kind, other.name), until: 'ready' }))
  return Object.entries(spec.dependsOn).flatMap(([dependency, { condition }]) => {
    const other = others.get(dependency)
    if (!other) return []
    return [{ key: keyOf(other.kind, other.name), until: condition === 'service_started' ? 'applied' : 'ready' }]
  })
}

/** A Job that is to have no pods completes nothing. */
function awaitedOf(app: App, service: AppService): DeclaredObject['awaited'] {
  return isAwaited(app.spec, service.name) && wantedOf(app, service) > 0 ? 'completed' : 'ready'
}
