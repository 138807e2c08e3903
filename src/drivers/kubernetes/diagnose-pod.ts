import { tellable } from '../connection-errors.ts'
import type { ProgressProblem } from '../driver.ts'
import type { ErrorCode } from '../../errors/codes.ts'
import { isPassing, PULL_RULES } from '../pull-errors.ts'
import { isReadyPod } from './instances.ts'
import {
  conditionOf,
  type ContainerStatus,
  type LiveContainer,
  type LiveEvent,
  type LivePod,
  type Termination,
} from './live.ts'

/** As many restarts of one pod, or tries to pull, are enough: as for a container on Docker (planning/verdict.ts). */
const ENOUGH_TRIES = 3
/** A kubelet counts from the beginning again where a container ran so long. */
const FORGIVEN_MS = 600_000
/** A volume that is mounted at the second try is nothing to tell of. */
const MOUNT_MS = 5000
/** What ends with these was ended by somebody: 128 with the numbers of SIGKILL and SIGTERM. */
const ENDED: ReadonlySet<number> = new Set([137, 143])

/** Which log tells more. */
export interface LogOf {
  readonly pod: string
  readonly container: string
  /** Of the container before this one. */
  readonly previous: boolean
}

export interface Finding {
  /** For good, as long as nobody changes anything. */
  readonly final: boolean
  readonly problem: ProgressProblem
  readonly log: LogOf | null
}

interface Examined {
  readonly pod: LivePod
  readonly events: readonly LiveEvent[]
  readonly nowMs: number
}

/** What keeps a pod from being ready, the worst first; nothing where that can't be told (yet). `events` are the pod's own. Pure. */
export function findingsOf(examined: Examined): Finding[] {
  const { pod } = examined
  if (pod.metadata.deletionTimestamp !== undefined || isReadyPod(pod) || pod.status?.phase === 'Succeeded') return []
  const statuses = pod.status?.containerStatuses ?? []
  const found = statuses.flatMap((status) => {
    const container = pod.spec.containers.find(({ name }) => name === status.name)
    return container ? (ofContainer(examined, container, status) ?? []) : []
  })
  const own = ofPod(examined)
  return [...found, ...(own ? [own] : [])].toSorted((a, b) => Number(b.final) - Number(a.final))
}

function ofPod({ pod, events, nowMs }: Examined): Finding | null {
  const waiting = (code: ErrorCode, says: string): Finding => ({
    final: false,
    problem: { code, detail: says, instance: pod.metadata.name },
    log: null,
  })
  const { phase, reason, message = '', conditions, containerStatuses = [] } = pod.status ?? {}
  const scheduled = conditionOf(conditions, 'PodScheduled')
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable')
    return waiting('insufficient_capacity', `no node can take it (${tellable(scheduled.message ?? '')})`)
  if (phase === 'Failed' && reason === 'Evicted')
    return waiting('insufficient_capacity', `its node ended it (${tellable(message)})`)
  const isCreating = containerStatuses.every(({ state }) => !state?.running && !state?.terminated)
  if (!isCreating || ageMs(pod.metadata.creationTimestamp, nowMs) < MOUNT_MS) return null
  const mount = lastOf(events, ({ reason: why = '' }) => MOUNTING.has(why))
  if (mount) return waiting('health_timeout', `a volume of it can not be mounted (${tellable(mount.message ?? '')})`)
  const sandbox = lastOf(events, ({ reason: why }) => why === 'FailedCreatePodSandBox')
  return sandbox && waiting('health_timeout', `its node can not begin with it (${tellable(sandbox.message ?? '')})`)
}

const MOUNTING: ReadonlySet<string> = new Set(['FailedMount', 'FailedAttachVolume', 'FailedMapVolume'])
const PULLING: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
])
const CREATING: ReadonlySet<string> = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'StartError',
])
const NOT_STARTED: ReadonlySet<string | undefined> = new Set(['ContainerCannotRun', 'StartError'])

function ofContainer(examined: Examined, container: LiveContainer, status: ContainerStatus): Finding | null {
  const { pod, events, nowMs } = examined
  const { name } = pod.metadata
  const { waiting, running, terminated } = status.state ?? {}
  const last = terminated ?? status.lastState?.terminated
  const log = last ? { pod: name, container: container.name, previous: !terminated } : null
  const finding = (final: boolean, code: ErrorCode, detail: string, of: LogOf | null = null): Finding => ({
    final,
    problem: { code, detail, instance: name },
    log: of,
  })

  if (PULLING.has(waiting?.reason ?? '')) return ofPull(finding, { image: container.image, waiting, events })
  if (last && NOT_STARTED.has(last.reason)) return notStarted(finding, last.message ?? '')
  if (CREATING.has(waiting?.reason ?? '')) return notStarted(finding, waiting?.message ?? '')
  if (endedByStartupProbe(container, status, { events, last })) {
    const detail = `its health check failed until its time to start was over${probeText(events, 'Startup')}`
    // It may be on its way out still: then its own log tells most.
    return finding(true, 'health_timeout', detail, log ?? { pod: name, container: container.name, previous: false })
  }
  const recent = last && ageMs(last.finishedAt, nowMs) < FORGIVEN_MS
  if (recent && !status.ready && isCrash(pod, last)) {
    const times =
      status.restartCount === 0
        ? ''
        : `it has restarted ${status.restartCount} ${status.restartCount === 1 ? 'time' : 'times'}, `
    const detail = `${times}${times === '' ? 'it' : 'the last time it'} ${endText(last)}`
    return finding(status.restartCount >= ENOUGH_TRIES, 'crash_loop', detail, log)
  }
  if (running && status.started !== false && !status.ready && container.readinessProbe)
    return finding(false, 'health_timeout', `its health check fails${probeText(events, 'Readiness')}`, {
      pod: name,
      container: container.name,
      previous: false,
    })
  return null
}

type Make = (final: boolean, code: ErrorCode, detail: string) => Finding

interface Pulling {
  readonly image: string
  readonly waiting: { readonly reason?: string; readonly message?: string } | undefined
  readonly events: readonly LiveEvent[]
}

/** The backing off itself does not say why, before Kubernetes 1.31: the last event of a failed pull does. */
function ofPull(finding: Make, { image, waiting, events }: Pulling): Finding {
  const { reason, message = '' } = waiting ?? {}
  if (reason === 'ErrImageNeverPull')
    return finding(true, 'image_not_found', `${image} is not on the node, and its pull policy is never`)
  if (reason === 'InvalidImageName')
    return finding(true, 'image_not_found', `${image} is no name of an image (${tellable(message)})`)
  const failed = lastOf(events, ({ reason: why, message: said = '' }) => why === 'Failed' && FAILED_PULL.test(said))
  const said = reason === 'ErrImagePull' ? message : (failed?.message?.replace(FAILED_PULL, '') ?? message)
  const rule = PULL_RULES.find(({ words }) => words.test(said))
  const tries = failed ? timesOf(failed) : 1
  const detail = `pull ${image}: ${rule?.says ?? 'it failed'} (${tellable(said)})`
  const known = rule !== undefined && !(isPassing(said) && tries < ENOUGH_TRIES)
  return finding(known && rule.code !== 'insufficient_capacity', rule?.code ?? 'image_not_found', detail)
}

const FAILED_PULL = /^Failed to pull image "[^"]*": /

function notStarted(finding: Make, message: string): Finding {
  const said = tellable(message)
  if (/no space left on device|cannot allocate memory/i.test(message))
    return finding(false, 'insufficient_capacity', `its node has no room left (${said})`)
  // What it refers to may be on its way, and the node tries again.
  const passing =
    /\b(secret|configmap)\b.* not found|failed to sync|already in use/i.test(message) || isPassing(message)
  return passing
    ? finding(false, 'health_timeout', `its container can not be started (${said})`)
    : finding(true, 'unsupported', `the container can not be started as the spec says (${said})`)
}

function endedByStartupProbe(
  container: LiveContainer,
  { started }: ContainerStatus,
  { events, last }: { readonly events: readonly LiveEvent[]; readonly last: Termination | undefined },
): boolean {
  if (!container.startupProbe || started === true) return false
  if (last && ENDED.has(last.exitCode) && last.reason !== 'OOMKilled') return true
  return events.some(
    ({ reason, message = '' }) =>
      reason === 'Killing' && message.includes('failed startup probe') && message.includes(container.name),
  )
}

/** It ended, and that is not what it is there for. */
function isCrash({ spec: { restartPolicy = 'Always' } }: LivePod, { exitCode }: Termination): boolean {
  return exitCode !== 0 || restartPolicy === 'Always'
}

export function endText({ exitCode, reason }: Termination): string {
  return reason === 'OOMKilled' ? `used more memory than its limit (exit code ${exitCode})` : `exited with ${exitCode}`
}

function probeText(events: readonly LiveEvent[], probe: 'Startup' | 'Readiness'): string {
  const prefix = `${probe} probe failed: `
  const said = lastOf(events, ({ reason, message = '' }) => reason === 'Unhealthy' && message.startsWith(prefix))
  const text = tellable(said?.message?.slice(prefix.length) ?? '')
  return text === '' ? '' : ` (${text})`
}

function lastOf(events: readonly LiveEvent[], is: (event: LiveEvent) => boolean): LiveEvent | null {
  return (
    events
      .filter(is)
      .toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1))
      .at(-1) ?? null
  )
}

export function timeOf({ series, lastTimestamp, eventTime, metadata }: LiveEvent): string {
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? ''
}

function timesOf({ count, series }: LiveEvent): number {
  return series?.count ?? count ?? 1
}

/** How long ago; 0 where that is not known. */
export function ageMs(time: string | undefined, nowMs: number): number {
  const ms = nowMs - Date.parse(time ?? '')
  return Number.isNaN(ms) ? 0 : ms
}
