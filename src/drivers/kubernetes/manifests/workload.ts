import type { KubernetesObject, V1DaemonSet, V1Deployment, V1Job, V1StatefulSet } from '@kubernetes/client-node'
import { isAwaited } from '../../../planning/index.ts'
import { AWAITED } from '../settled.ts'
import { metadataOf, secondsOf, selectorOf, type App, type AppService } from './app.ts'
import { toPodTemplate } from './pod.ts'
import { isChecked } from './probes.ts'

const KEPT_REVISIONS = 2
const PROGRESS_SECONDS = 600
const ATTEMPTS = 6
/** The first versions of Kubernetes 1 that have these for good. */
const SURGE_ON_NODES = 25
const STATEFUL_MIN_READY = 25
/** What the spec says for all at once. */
const ALL_AT_ONCE = 1_000_000

/** What runs a service; of a stopped app, with no pods. */
export function toWorkload(app: App, service: AppService): KubernetesObject {
  switch (service.kind) {
    case 'Deployment':
      return toDeployment(app, service)
    case 'StatefulSet':
      return toStatefulSet(app, service)
    case 'DaemonSet':
      return toDaemonSet(app, service)
    case 'Job':
      return toJob(app, service)
  }
}

/** How many pods are wanted of it by now. */
export function wantedOf({ desired }: App, { replicas }: AppService): number {
  return desired.running ? replicas : 0
}

function toDeployment(app: App, service: AppService): V1Deployment {
  const { name, spec } = service
  const minReadySeconds = minReadyOf(service)
  const deadline = app.spec.progressDeadlineNs === null ? PROGRESS_SECONDS : secondsOf(app.spec.progressDeadlineNs)
  const parallelism = parallelismOf(service)
  const startFirst = spec.update.order === 'start-first'
  return {
    metadata: metadataOf(app, name, { service: name }),
    spec: {
      replicas: wantedOf(app, service),
      selector: { matchLabels: selectorOf(app, name) },
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: startFirst
          ? { maxSurge: parallelism, maxUnavailable: 0 }
          : { maxSurge: 0, maxUnavailable: parallelism },
      },
      minReadySeconds: minReadySeconds || undefined,
      progressDeadlineSeconds: Math.max(deadline, minReadySeconds + 1),
      revisionHistoryLimit: KEPT_REVISIONS,
      template: toPodTemplate(app, service),
    },
  }
}

function toStatefulSet(app: App, service: AppService): V1StatefulSet {
  const { name } = service
  const minReadySeconds = minReadyOf(service)
  const knowsMinReady = app.cluster.isAtLeast(STATEFUL_MIN_READY)
  if (minReadySeconds > 0 && !knowsMinReady)
    app.tell({
      path: `/services/${name}/deploy/update_config`,
      level: 'approximated',
      message: `a service with volumes goes on to its next replica once the one before is ready, without ${minReadySeconds} s more: the cluster is older than 1.${STATEFUL_MIN_READY}`,
    })
  return {
    metadata: metadataOf(app, name, { service: name }),
    spec: {
      replicas: wantedOf(app, service),
      serviceName: name,
      selector: { matchLabels: selectorOf(app, name) },
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      minReadySeconds: knowsMinReady && minReadySeconds > 0 ? minReadySeconds : undefined,
      revisionHistoryLimit: KEPT_REVISIONS,
      template: toPodTemplate(app, service),
    },
  }
}

function toDaemonSet(app: App, service: AppService): V1DaemonSet {
  const { name, spec } = service
  const parallelism = parallelismOf(service)
  const startFirst = spec.update.order === 'start-first'
  const surges = startFirst && app.cluster.isAtLeast(SURGE_ON_NODES)
  if (startFirst && !surges)
    app.tell({
      path: `/services/${name}/deploy/update_config/order`,
      level: 'approximated',
      message: `stop-first on each node: the cluster is older than 1.${SURGE_ON_NODES}`,
    })
  return {
    metadata: metadataOf(app, name, { service: name }),
    spec: {
      selector: { matchLabels: selectorOf(app, name) },
      updateStrategy: {
        type: 'RollingUpdate',
        rollingUpdate: surges ? { maxSurge: parallelism, maxUnavailable: 0 } : { maxUnavailable: parallelism },
      },
      minReadySeconds: minReadyOf(service) || undefined,
      revisionHistoryLimit: KEPT_REVISIONS,
      template: toPodTemplate(app, service),
    },
  }
}

function toJob(app: App, service: AppService): V1Job {
  const { name, spec, replicas } = service
  const annotations = isAwaited(app.spec, name) ? { [AWAITED]: 'completed' } : undefined
  return {
    metadata: metadataOf(app, name, { service: name, annotations }),
    spec: {
      parallelism: wantedOf(app, service),
      // It can't be changed, so a stop must not touch it.
      completions: replicas > 0 ? replicas : Math.max(1, spec.replicas),
      backoffLimit: spec.restart.policy === 'no' ? 0 : (spec.restart.maxAttempts ?? ATTEMPTS),
      template: toPodTemplate(app, service),
    },
  }
}

function parallelismOf({ spec: { update } }: AppService): number | string {
  return update.parallelism === 0 || update.parallelism >= ALL_AT_ONCE ? '100%' : update.parallelism
}

/** How long a new pod must have been ready before it counts. */
function minReadyOf({ spec: { update, healthcheck } }: AppService): number {
  return Math.max(secondsOf(update.delayNs), isChecked(healthcheck) ? 0 : secondsOf(update.monitorNs))
}
