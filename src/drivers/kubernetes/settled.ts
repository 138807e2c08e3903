import { isFinished, isReadyPod } from './instances.ts'
import { conditionOf, type Live, type LivePod } from './live.ts'

/** On a Job whose completion others wait for: `completed`. */
export const AWAITED = 'moorage.io/awaited'

/** What of a service's pod tells how far its workload is. */
export interface PodLook {
  readonly finished: boolean
  readonly ready: boolean
}

export function lookAt(pod: LivePod): PodLook {
  return { finished: isFinished(pod), ready: isReadyPod(pod) }
}

/** null: not as far as is awaited of it. */
export type Settled = 'ready' | 'completed' | null

/**
 * Whether an object is as far as is awaited of it: a workload runs what it was last told, all of it and nothing else; a Job has completed,
 * or, where nobody waits for that, its pods are ready. What is to have no pods must have none: one that is being ended is not counted
 * by its controller any more, so `pods` are all pods of its service; null: they were not looked at, and what takes them is not so.
 * Objects of other kinds are there or not. Pure.
 */
export function settledOf(object: Live, pods: readonly PodLook[] | null): Settled {
  if (object.metadata.deletionTimestamp !== undefined) return null
  const { metadata, spec = {}, status = {} } = object
  const number = (fields: Readonly<Record<string, unknown>>, name: string, otherwise = 0): number => {
    const value = fields[name]
    return typeof value === 'number' ? value : otherwise
  }
  const seen = number(status, 'observedGeneration', -1) >= (metadata.generation ?? 0)
  const ready = (is: boolean): Settled => (is ? 'ready' : null)
  switch (object.kind) {
    case 'Deployment': {
      const wanted = number(spec, 'replicas', 1)
      const all = ['replicas', 'updatedReplicas', 'availableReplicas'].every((name) => number(status, name) === wanted)
      return ready(seen && all && (wanted > 0 || isEmpty(pods)))
    }
    case 'StatefulSet': {
      const wanted = number(spec, 'replicas', 1)
      if (wanted === 0) return ready(seen && number(status, 'replicas') === 0 && isEmpty(pods))
      // Where its controller knows minReadySeconds, available ones are told too.
      const available = number(status, 'availableReplicas', wanted) >= wanted || !('minReadySeconds' in spec)
      const all = ['replicas', 'readyReplicas'].every((name) => number(status, name) === wanted)
      return ready(seen && all && available && status.currentRevision === status.updateRevision)
    }
    case 'DaemonSet': {
      const wanted = number(status, 'desiredNumberScheduled')
      const all = ['updatedNumberScheduled', 'numberAvailable'].every((name) => number(status, name) === wanted)
      return ready(seen && all && number(status, 'numberMisscheduled') === 0 && (wanted > 0 || isEmpty(pods)))
    }
    case 'Job': {
      if (conditionOf(status.conditions, 'Complete')?.status === 'True') return 'completed'
      const wanted = number(spec, 'parallelism', 1)
      if (wanted === 0) return ready(number(status, 'active') === 0 && isEmpty(pods))
      if (conditionOf(status.conditions, 'Failed')?.status === 'True') return null
      if (metadata.annotations?.[AWAITED] === 'completed') return null
      // Those that have completed are as far as that, too.
      const wantedReady = Math.min(wanted, number(spec, 'completions', wanted)) - number(status, 'succeeded')
      return ready(pods !== null && pods.filter((pod) => pod.ready).length >= wantedReady)
    }
    default:
      return 'ready'
  }
}

/** It is to have no pods: how those end that it has is no trouble. */
export function isStopped({ spec }: Live): boolean {
  return spec?.replicas === 0 || spec?.parallelism === 0
}

/** How many instances the engine itself wants of it; null: that is not for the engine to say. */
export function desiredOf({ kind, status }: Live): number | null {
  const wanted = kind === 'DaemonSet' ? status?.desiredNumberScheduled : null
  return typeof wanted === 'number' ? wanted : null
}

function isEmpty(pods: readonly PodLook[] | null): boolean {
  return pods?.every(({ finished }) => finished) ?? false
}
