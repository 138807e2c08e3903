import type { CallOptions, Driver } from '../driver.ts'
import type { StatsSample } from '../streams.ts'
import { AppError } from '../../errors/app-error.ts'
import { sleep, withDeadline } from '../../lib/abort.ts'
import { monotonicMs } from '../../lib/clock.ts'
import type { ClusterRequest } from './client.ts'
import type { Context } from './context.ts'
import { isFinished, mainContainer, ownPod, parseNativeId, type PodRef, statusOf } from './instances.ts'
import { selectorOf } from './lists.ts'
import { edgeOf } from './map-error.ts'
import { toNumber } from './quantity.ts'
import { SharedAnswers } from './shared-answers.ts'
import { type Figures, UsageCourse } from './stats-course.ts'
import {
  figuresKey,
  type FiguresByContainer,
  type KubeletSummary,
  ofPodMetrics,
  ofSummary,
  type PodMetricsList,
} from './stats-figures.ts'

const DOING = 'read the stats'
const SAMPLE_MS = 1000
/** How old an answer may be that is given again to who asks meanwhile. A kubelet measures every 3 to 20 s, a metrics server every 15. */
const AGAIN_MS = { summary: 900, metrics: 5000, node: 300_000 }
const ANSWER_MS = 10_000
/** A container that has just begun is measured some seconds later; so long it is waited for. */
const PATIENCE_MS = 5000
/** Figures that were measured before this say nothing of now. */
const STALE_MS = 120_000
/** A pod's limits can't be changed without its end, nor can its owner: it is asked for this seldom. */
const KNOWN_MS = 300_000
const MOST_KNOWN = 10_000

/** A container whose use is read. */
interface Subject {
  readonly ref: PodRef
  readonly container: string
  readonly node: string
  readonly limits: { readonly cpu: number | null; readonly memory: number | null }
  readonly course: UsageCourse
  readonly at: number
}

interface Room {
  readonly cpu: number
  readonly memory: number
}

/**
 * The driver's `stats`: see `Driver`. From the kubelets where the host's settings allow it, else from `metrics.k8s.io`, which knows nothing of
 * network I/O; neither knows of block I/O. Throws `unavailable` where there is neither, and where nothing is measured (yet).
 */
export function statsReader(context: Context): Driver['stats'] {
  const { client, settings } = context
  const known = new Map<string, Subject>()
  const summaries = new SharedAnswers<FiguresByContainer>(AGAIN_MS.summary)
  const metrics = new SharedAnswers<FiguresByContainer>(AGAIN_MS.metrics)
  const nodes = new SharedAnswers<Room>(AGAIN_MS.node)

  const get = async <T>(path: string, query: ClusterRequest['query'] = {}): Promise<T> =>
    await client.request<T>({ signal: withDeadline(ANSWER_MS) }, { method: 'GET', path, query, timeoutMs: ANSWER_MS })

  const roomOf = async (node: string, call: CallOptions): Promise<Room> =>
    await nodes.get(node, call, async () => {
      const path = `/api/v1/nodes/${encodeURIComponent(node)}`
      const { status } = await get<{ status?: { allocatable?: { cpu?: string; memory?: string } } }>(path)
      return { cpu: toNumber(status?.allocatable?.cpu) ?? 0, memory: toNumber(status?.allocatable?.memory) ?? 0 }
    })

  const figuresOf = async ({ ref, container, node }: Subject, call: CallOptions): Promise<Figures | null> => {
    const fromNode = async (): Promise<FiguresByContainer> =>
      await summaries.get(node, call, async () => {
        const path = `/api/v1/nodes/${encodeURIComponent(node)}/proxy/stats/summary`
        return ofSummary(await get<KubeletSummary>(path))
      })
    const fromMetrics = async (): Promise<FiguresByContainer> =>
      await metrics.get(ref.namespace, call, async () => {
        const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${encodeURIComponent(ref.namespace)}/pods`
        return ofPodMetrics(
          await get<PodMetricsList>(path, { labelSelector: selectorOf(context.identity.installation) }),
        )
      })
    const all = settings.nodeStats ? await fromNode() : await fromMetrics()
    return all.get(figuresKey(ref, container)) ?? null
  }

  const requireSource = async (call: CallOptions): Promise<void> => {
    if (settings.nodeStats || (await context.facts(call)).apis.includes('metrics.k8s.io/v1beta1/pods')) return
    throw new AppError('unavailable', {
      detail: 'the cluster serves no metrics.k8s.io; an admin can switch on `nodeStats` in the settings of this host',
    })
  }

  const subjectOf = async (nativeId: string, call: CallOptions): Promise<Subject | null> => {
    const before = known.get(nativeId)
    if (before && monotonicMs() - before.at < KNOWN_MS) return before
    const pod = await ownPod(context, nativeId, call)
    const ref = parseNativeId(nativeId)
    const container = pod && mainContainer(pod)
    known.delete(nativeId)
    if (!pod || !ref || !container || isFinished(pod) || !statusOf(pod, container)?.state?.running) return null
    const { cpu, memory } = container.resources?.limits ?? {}
    const limits = { cpu: toNumber(cpu), memory: toNumber(memory) }
    const course = before?.course ?? new UsageCourse()
    const node = pod.spec.nodeName ?? ''
    const subject = { ref, container: container.name, node, limits, course, at: monotonicMs() }
    known.set(nativeId, subject)
    for (const oldest of known.keys()) {
      if (known.size <= MOST_KNOWN) break
      known.delete(oldest)
    }
    return subject
  }

  const sampleOf = async ({ course, limits, node }: Subject, call: CallOptions): Promise<StatsSample | null> => {
    const use = course.at(monotonicMs())
    if (!use) return null
    const room = await roomOf(node, call)
    return {
      ...use,
      at: new Date(performance.timeOrigin + monotonicMs()).toISOString(),
      cpuCores: Math.min(limits.cpu ?? room.cpu, room.cpu),
      memoryLimitBytes: Math.min(limits.memory ?? room.memory, room.memory),
      readBytes: null,
      writtenBytes: null,
    }
  }

  async function* read(nativeId: string, follow: boolean, call: CallOptions): AsyncGenerator<StatsSample> {
    let missingSince: number | null = null
    for (let subject = await subjectOf(nativeId, call); subject; await sleep(SAMPLE_MS, call.signal)) {
      await requireSource(call)
      const figures = await figuresOf(subject, call)
      if (figures) {
        missingSince = null
        subject.course.learn(figures, monotonicMs())
        if (monotonicMs() - (subject.course.changedAtMs ?? 0) > STALE_MS) throw old()
        const sample = await sampleOf(subject, call)
        if (sample) yield sample
        if (!follow) return
      } else {
        // Not measured yet, or it has ended.
        known.delete(nativeId)
        missingSince ??= monotonicMs()
        if (monotonicMs() - missingSince > PATIENCE_MS) throw notYet()
      }
      if (!figures || monotonicMs() - subject.at > KNOWN_MS) subject = await subjectOf(nativeId, call)
    }
  }

  return async function* stats(nativeId, { follow }, call) {
    try {
      call.signal.throwIfAborted()
      yield* edgeOf(DOING, read(nativeId, follow, call))
    } catch (error) {
      if (!call.signal.aborted) throw error
    }
  }
}

function notYet(): AppError {
  return new AppError('unavailable', { detail: 'the cluster has measured nothing of it yet' })
}

function old(): AppError {
  return new AppError('unavailable', { detail: 'the cluster has measured nothing of it for two minutes' })
}
