import type { V1LimitRange, V1Namespace, V1ResourceQuota } from '@kubernetes/client-node'
import { labelsOf, metadataOf, type App } from './app.ts'
import { cpuQuantity, memoryQuantity } from './quantities.ts'

/** The quota and the limit range of each app have this name. */
const NAME = 'moorage'
/** What a container asks for where the spec says neither a limit nor a reservation. */
const ASKED_CPUS = 0.01
const ASKED_BYTES = 16 * 1024 ** 2
/** As many containers as an app may have, twice, for rollouts, and some. */
const MOST_PODS = 2 * 1000 + 10

export function toNamespace(app: App): V1Namespace {
  const { podSecurity } = app.cluster
  if (!podSecurity)
    app.tell({
      path: '',
      level: 'approximated',
      message: 'Pod Security is not active on this cluster: what Moorage itself refuses is what holds',
    })
  return {
    metadata: {
      name: app.namespace,
      labels: {
        ...labelsOf(app, null),
        ...(podSecurity && {
          'pod-security.kubernetes.io/enforce': 'baseline',
          'pod-security.kubernetes.io/warn': 'restricted',
        }),
      },
    },
  }
}

/**
 * A bound that no rollout meets. It can not follow the app's size: pods of the release before count too, and those of a large one would
 * keep the first pod of a small one out, without which they never go. null: how many nodes there are is not for the app to say.
 */
export function toQuota(app: App): V1ResourceQuota | null {
  if (app.services.some(({ kind }) => kind === 'DaemonSet')) return null
  return { metadata: metadataOf(app, NAME), spec: { hard: { pods: String(MOST_PODS) } } }
}

export function toLimitRange(app: App): V1LimitRange {
  const least = (figure: number, limits: readonly (number | null)[]): number =>
    Math.min(figure, ...limits.filter((limit) => limit !== null))
  const resources = app.services.map(({ spec }) => spec.resources)
  const cpus = least(
    ASKED_CPUS,
    resources.map((one) => one.cpus),
  )
  const bytes = least(
    ASKED_BYTES,
    resources.map((one) => one.memoryBytes),
  )
  return {
    metadata: metadataOf(app, NAME),
    spec: {
      limits: [{ type: 'Container', defaultRequest: { cpu: cpuQuantity(cpus), memory: memoryQuantity(bytes) } }],
    },
  }
}
