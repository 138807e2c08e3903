import { tellable } from '../connection-errors.ts'
import type { ProgressProblem } from '../driver.ts'
import type { ErrorCode } from '../../errors/codes.ts'
import { ageMs, endText, type Finding, findingsOf, type LogOf, timeOf } from './diagnose-pod.ts'
import { isFinished, isReadyPod, mainContainer, statusOf } from './instances.ts'
import { conditionOf, type Live, type LiveEvent, type LivePod } from './live.ts'
import { isStopped } from './settled.ts'

/** For so long a pod, or a workload without pods, is only on its way. */
const PATIENCE_MS = 2000

/** A workload that is not as far as is awaited of it. */
export interface Case {
  readonly object: Live
  /** Those of what it was last told. */
  readonly pods: readonly LivePod[]
  /** Of the object, and of pods of it. */
  readonly events: readonly LiveEvent[]
  /** By the API server's clock. */
  readonly nowMs: number
}

export type Verdict =
  | { readonly state: 'waiting'; readonly problem: ProgressProblem | null; readonly log: LogOf | null }
  | { readonly state: 'failed'; readonly problem: ProgressProblem; readonly log: LogOf | null }

/**
 * What keeps a workload from being as far as is awaited of it. `failed` as soon as nothing but a change can help; else `waiting`, with what
 * would be the reason if that were the end. Never says more than the cluster does. Pure.
 */
export function diagnose({ object, pods, events, nowMs }: Case): Verdict {
  if (isStopped(object)) return { state: 'waiting', problem: null, log: null }
  const findings = [
    ...ofObject(object, pods, events),
    ...pods.flatMap((pod) => findingsOf({ pod, events: about(events, pod.metadata.uid), nowMs })),
  ]
  const [worst = null] = findings.toSorted((a, b) => Number(b.final) - Number(a.final))
  if (worst?.final) return { state: 'failed', problem: worst.problem, log: worst.log }
  if (hasRunOutOfTime(object)) {
    const problem = worst?.problem ?? {
      code: 'health_timeout' as const,
      detail: 'it made no progress within the time that its update has',
      instance: pods.find((pod) => !isReadyPod(pod))?.metadata.name ?? null,
    }
    return { state: 'failed', problem, log: worst?.log ?? null }
  }
  return { state: 'waiting', problem: worst?.problem ?? null, log: worst?.log ?? null }
}

/** Whose events may tell more, by uid: of the pod that has most trouble, else of the object that has too few of them. null: nobody's, yet. */
export function suspectOf({ object, pods, nowMs }: Omit<Case, 'events'>): string | null {
  const trouble = pods
    .filter(
      (pod) => !isReadyPod(pod) && pod.metadata.deletionTimestamp === undefined && pod.status?.phase !== 'Succeeded',
    )
    .filter(({ metadata }) => ageMs(metadata.creationTimestamp, nowMs) > PATIENCE_MS)
    .toSorted((a, b) => restartsOf(b) - restartsOf(a))
  if (trouble[0]) return trouble[0].metadata.uid
  if (object.kind === 'Deployment' || pods.some((pod) => !isFinished(pod))) return null
  const changed = object.metadata.managedFields?.find(({ manager }) => manager === 'moorage')?.time
  return ageMs(changed ?? object.metadata.creationTimestamp, nowMs) > PATIENCE_MS ? object.metadata.uid : null
}

function restartsOf(pod: LivePod): number {
  return statusOf(pod, mainContainer(pod))?.restartCount ?? 0
}

function about(events: readonly LiveEvent[], uid: string): readonly LiveEvent[] {
  return events.filter(({ involvedObject }) => involvedObject?.uid === uid)
}

function ofObject(object: Live, pods: readonly LivePod[], events: readonly LiveEvent[]): Finding[] {
  const failed = conditionOf(object.status?.conditions, 'Failed')
  if (object.kind === 'Job' && failed?.status === 'True') return [ofJob(failed.reason, failed.message, pods)]
  const replicas = conditionOf(object.status?.conditions, 'ReplicaFailure')
  if (replicas?.status === 'True' && isCurrent(object)) return [ofCreation(replicas.message ?? '')]
  if (pods.some((pod) => !isFinished(pod))) return []
  const [refused] = about(events, object.metadata.uid)
    .filter(({ reason }) => reason === 'FailedCreate')
    .toSorted((a, b) => (timeOf(a) > timeOf(b) ? -1 : 1))
  return refused ? [ofCreation(refused.message ?? '')] : []
}

function ofJob(reason: string | undefined, message: string | undefined, pods: readonly LivePod[]): Finding {
  const ends = pods.flatMap((pod) => {
    const container = mainContainer(pod)
    const status = statusOf(pod, container)
    const end = status?.state?.terminated ?? status?.lastState?.terminated
    return end && container
      ? [{ pod: pod.metadata.name, container: container.name, end, now: status?.state?.terminated }]
      : []
  })
  const last = ends.toSorted((a, b) => ((a.end.finishedAt ?? '') < (b.end.finishedAt ?? '') ? -1 : 1)).at(-1)
  const code = reason === 'DeadlineExceeded' ? 'health_timeout' : 'crash_loop'
  const detail =
    last && code === 'crash_loop'
      ? `it ${endText(last.end)}, and nothing restarts it`
      : tellable(message ?? 'it failed')
  const log = last ? { pod: last.pod, container: last.container, previous: !last.now } : null
  return { final: true, problem: { code, detail, instance: last?.pod ?? null }, log }
}

const CREATION_RULES: readonly {
  readonly words: RegExp
  readonly code: ErrorCode
  readonly final: boolean
  readonly says: string
}[] = [
  { words: /exceeded quota/i, code: 'quota_exceeded', final: false, says: 'the quota of the namespace is used up' },
  {
    words: /failed calling webhook/i,
    code: 'unavailable',
    final: false,
    says: 'an admission webhook of the cluster does not answer',
  },
  // A namespace gets its service account a moment after it is made, and the account its token.
  {
    words: /service ?account|API token|being terminated|timeout|timed out|try again/i,
    code: 'unavailable',
    final: false,
    says: 'the cluster is not ready for it',
  },
  {
    words: /admission webhook|denied|violates PodSecurity|forbidden|is invalid/i,
    code: 'admission_denied',
    final: true,
    says: 'the rules of the cluster do not admit its pods',
  },
]

/** The cluster made no pod. */
function ofCreation(message: string): Finding {
  const rule = CREATION_RULES.find(({ words }) => words.test(message))
  const said = tellable(message.replace(/^.*?(Error creating|failed error): /s, ''))
  const detail = `${rule?.says ?? 'the cluster can not make its pods'} (${said})`
  return {
    final: rule?.final ?? false,
    problem: { code: rule?.code ?? 'unavailable', detail, instance: null },
    log: null,
  }
}

/** What its status says is of what it was last told. */
function isCurrent({ metadata, status }: Live): boolean {
  return Number(status?.observedGeneration ?? -1) >= (metadata.generation ?? 0)
}

function hasRunOutOfTime(object: Live): boolean {
  const progressing = conditionOf(object.status?.conditions, 'Progressing')
  return progressing?.status === 'False' && progressing.reason === 'ProgressDeadlineExceeded' && isCurrent(object)
}
