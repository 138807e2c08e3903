import type { CallOptions, ObservedInstance } from '../driver.ts'
import { LABELS, readIdentity } from '../labels.ts'
import type { ContainerState } from '../../planning/index.ts'
import type { Context } from './context.ts'
import {
  conditionOf,
  type ContainerStatus,
  type LiveContainer,
  type LivePod,
  type LiveProbe,
  type LiveService,
} from './live.ts'

/** An instance is one pod, and never another of the same name. */
export interface PodRef {
  readonly namespace: string
  readonly pod: string
  readonly uid: string
}

const PART = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/
const UID = /^[A-Za-z0-9-]{1,64}$/

/** `<namespace>/<pod>/<uid>`. */
export function formatNativeId({ namespace, pod, uid }: PodRef): string {
  return `${namespace}/${pod}/${uid}`
}

/** null where it is no native id of a pod. */
export function parseNativeId(nativeId: string): PodRef | null {
  const [namespace = '', pod = '', uid = '', ...rest] = nativeId.split('/')
  return rest.length === 0 && PART.test(namespace) && PART.test(pod) && UID.test(uid) ? { namespace, pod, uid } : null
}

export function podPath({ namespace, pod }: Pick<PodRef, 'namespace' | 'pod'>): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`
}

/** The pod of that native id, as it is now; null where it is gone, another has its name, or it is no app's of this installation. */
export async function ownPod(context: Context, nativeId: string, call: CallOptions): Promise<LivePod | null> {
  const ref = parseNativeId(nativeId)
  if (!ref) return null
  const pod = await context.client.find<LivePod>(call, { method: 'GET', path: podPath(ref) })
  if (!pod || pod.metadata.uid !== ref.uid) return null
  if (!readPodIdentity(pod, context.identity.installation)) return null
  return (await context.owners.has(pod.metadata, call)) ? pod : null
}

/** The one container that runs the service; others may have been put beside it. Named like the service, else the first. */
export function mainContainer(pod: LivePod): LiveContainer | null {
  const service = pod.metadata.labels?.[LABELS.service]
  const { containers } = pod.spec
  return containers.find(({ name }) => name === service) ?? containers[0] ?? null
}

export function statusOf(pod: LivePod, container: LiveContainer | null): ContainerStatus | null {
  return pod.status?.containerStatuses?.find(({ name }) => name === container?.name) ?? null
}

/** Which service's a pod is, as its labels and annotations say; null where they don't say it all, or not in our own form. */
export function readPodIdentity({ metadata }: LivePod, installation: string): ReturnType<typeof readIdentity> {
  const { labels, annotations } = metadata
  return readIdentity(
    {
      ...labels,
      [LABELS.serviceDigest]: annotations?.[LABELS.serviceDigest] ?? '',
      [LABELS.restartGeneration]: annotations?.[LABELS.restartGeneration] ?? '0',
      [LABELS.ordinal]: String(ordinalOf(metadata)),
    },
    installation,
  )
}

/** A StatefulSet's pods have a place each; all others are alike: 0. */
function ordinalOf({ name, ownerReferences }: LivePod['metadata']): number {
  const ordinal = /-(\d{1,8})$/.exec(name)?.[1]
  return ordinal !== undefined && ownerReferences?.some(({ kind }) => kind === 'StatefulSet') ? Number(ordinal) + 1 : 0
}

export type PublishedPort = ObservedInstance['ports'][number]

interface Seeing {
  readonly installation: string
  /** By the API server's clock. */
  readonly nowMs: number
  readonly ports: readonly PublishedPort[]
}

/** What a cluster says of a pod, in our words. Pure; null where its labels don't say what it is. */
export function toInstance(pod: LivePod, { installation, nowMs, ports }: Seeing): ObservedInstance | null {
  const identity = readPodIdentity(pod, installation)
  const { namespace } = pod.metadata
  if (!identity || namespace === undefined) return null
  const container = mainContainer(pod)
  const status = statusOf(pod, container)
  const state = stateOf(pod, status)
  const startedAt = toTime(status?.state?.running?.startedAt)
  const { metadata, status: { podIPs, podIP } = {} } = pod
  return {
    ...identity,
    nativeId: formatNativeId({ namespace, pod: metadata.name, uid: metadata.uid }),
    name: metadata.name,
    state,
    health: healthOf(pod, { container, status, nowMs }),
    exitCode: exitCodeOf(status),
    restarts: status?.restartCount ?? 0,
    runningForMs: state === 'running' && startedAt !== null ? Math.max(0, nowMs - Date.parse(startedAt)) : null,
    serving: state === 'running' && isReadyPod(pod),
    image: container?.image ?? '',
    imageDigest: /sha256:[0-9a-f]{64}/.exec(status?.imageID ?? '')?.[0] ?? null,
    addresses: podIPs ? podIPs.flatMap(({ ip }) => ip ?? []) : podIP ? [podIP] : [],
    ports: [...ports],
    startedAt,
    createdAt: toTime(metadata.creationTimestamp),
  }
}

/** It gets requests by its service's name. */
export function isReadyPod({ metadata, status }: LivePod): boolean {
  return metadata.deletionTimestamp === undefined && conditionOf(status?.conditions, 'Ready')?.status === 'True'
}

/** Nothing of it runs, or ever will again. */
export function isFinished({ status }: LivePod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

function stateOf(pod: LivePod, status: ContainerStatus | null): ContainerState {
  if (pod.metadata.deletionTimestamp !== undefined) return 'removing'
  if (isFinished(pod)) return 'exited'
  if (isLost(pod, status)) return 'dead'
  const { state, lastState } = status ?? {}
  if (state?.running) return 'running'
  if (state?.terminated) return staysDown(pod, state.terminated.exitCode) ? 'exited' : 'restarting'
  return lastState?.terminated ? 'restarting' : 'created'
}

/**
 * Its node tells nothing any more. The node controller then says of a pod that it is not ready, and leaves what the kubelet
 * said last of its containers; the kubelet itself never says the one without the other.
 */
function isLost({ spec, status: { phase, conditions } = {} }: LivePod, status: ContainerStatus | null): boolean {
  if (phase === 'Unknown') return true
  const ready = conditionOf(conditions, 'Ready')
  const gated = (spec.readinessGates?.length ?? 0) > 0
  const containersReady = conditionOf(conditions, 'ContainersReady')?.status === 'True'
  return ready?.status === 'False' && containersReady && !gated && status?.ready === true
}

/** Nobody starts it again after such an end. */
export function staysDown({ spec }: LivePod, exitCode: number): boolean {
  return spec.restartPolicy === 'Never' || (spec.restartPolicy === 'OnFailure' && exitCode === 0)
}

/** Of the end that it is at, or of the last one while it waits to be started again. */
function exitCodeOf(status: ContainerStatus | null): number | null {
  if (!status || status.state?.running) return null
  return status.state?.terminated?.exitCode ?? status.lastState?.terminated?.exitCode ?? null
}

interface Checking {
  readonly container: LiveContainer | null
  readonly status: ContainerStatus | null
  readonly nowMs: number
}

/** `starting` until the first round of its checks is over: a probe counts as failed before it is first asked. */
function healthOf(pod: LivePod, { container, status, nowMs }: Checking): ObservedInstance['health'] {
  if (!container?.readinessProbe) return null
  if (status?.ready) return 'healthy'
  const startedAt = status?.state?.running?.startedAt
  if (startedAt === undefined || status?.started === false) return 'starting'
  const changedAt = conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime
  const neverReady = changedAt === undefined || Date.parse(changedAt) <= Date.parse(startedAt)
  const firstRoundMs = roundMs(container.startupProbe) + roundMs(container.readinessProbe)
  return neverReady && nowMs - Date.parse(startedAt) < firstRoundMs ? 'starting' : 'unhealthy'
}

/** How long a probe may take from the start until it has failed. */
function roundMs(probe: LiveProbe | undefined): number {
  if (!probe) return 0
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1, failureThreshold = 3 } = probe
  return (initialDelaySeconds + failureThreshold * periodSeconds + timeoutSeconds) * 1000
}

function toTime(text: string | undefined): string | null {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}

/** The ports of the nodes under which a Service gives a service's pods to the outside. */
export function toPublishedPorts({ spec: { type, ports = [] } = {} }: LiveService): PublishedPort[] {
  if (type !== 'NodePort' && type !== 'LoadBalancer') return []
  return ports.flatMap(({ port, targetPort, nodePort, protocol = 'TCP' }) => {
    const containerPort = targetPort ?? port
    if (nodePort === undefined || typeof containerPort !== 'number') return []
    return [{ containerPort, hostPort: nodePort, hostIp: '', protocol: protocol.toLowerCase() }]
  })
}
