import type { PodRef } from './instances.ts'
import { toNumber } from './quantity.ts'
import type { Figures } from './stats-course.ts'

/** Figures of containers, by `figuresKey`. */
export type FiguresByContainer = ReadonlyMap<string, Figures>

/** Of a node, as its kubelet sums it up: only what is read. What a runtime does not measure is left out, a pod that begins has no list. */
export interface KubeletSummary {
  readonly pods?:
    | readonly {
        readonly podRef?: { readonly name?: string; readonly namespace?: string; readonly uid?: string }
        readonly containers?:
          | readonly {
              readonly name?: string
              readonly cpu?: { readonly time?: string; readonly usageNanoCores?: number }
              readonly memory?: { readonly workingSetBytes?: number }
            }[]
          | null
        readonly network?: { readonly time?: string; readonly rxBytes?: number; readonly txBytes?: number } | null
      }[]
    | null
}

/** `metrics.k8s.io/v1beta1`: only what is read. */
export interface PodMetricsList {
  readonly items?:
    | readonly {
        readonly metadata?: { readonly name?: string; readonly namespace?: string }
        readonly timestamp?: string
        readonly containers?:
          | readonly {
              readonly name?: string
              readonly usage?: { readonly cpu?: string; readonly memory?: string }
            }[]
          | null
      }[]
    | null
}

export function figuresKey({ namespace, pod }: Pick<PodRef, 'namespace' | 'pod'>, container: string): string {
  return `${namespace}/${pod}/${container}`
}

/** Pure. Without those of which no CPU and memory is told: a kubelet measures them some seconds after their begin. */
export function ofSummary({ pods }: KubeletSummary): FiguresByContainer {
  const found = new Map<string, Figures>()
  for (const { podRef: { name: pod = '', namespace = '' } = {}, containers, network } of pods ?? []) {
    for (const { name = '', cpu, memory } of containers ?? []) {
      if (cpu?.usageNanoCores === undefined || memory?.workingSetBytes === undefined) continue
      const { rxBytes, txBytes, time = '' } = network ?? {}
      const isKnown = rxBytes !== undefined && txBytes !== undefined
      found.set(figuresKey({ namespace, pod }, name), {
        at: cpu.time ?? '',
        cores: cpu.usageNanoCores / 1e9,
        memoryBytes: memory.workingSetBytes,
        network: isKnown ? { at: time, receivedBytes: rxBytes, sentBytes: txBytes } : null,
      })
    }
  }
  return found
}

/** Pure. Network and block I/O are not in it. */
export function ofPodMetrics({ items }: PodMetricsList): FiguresByContainer {
  const found = new Map<string, Figures>()
  for (const { metadata: { name: pod = '', namespace = '' } = {}, timestamp = '', containers } of items ?? []) {
    for (const { name = '', usage } of containers ?? []) {
      const [cores, memoryBytes] = [toNumber(usage?.cpu), toNumber(usage?.memory)]
      if (cores === null || memoryBytes === null) continue
      found.set(figuresKey({ namespace, pod }, name), { at: timestamp, cores, memoryBytes, network: null })
    }
  }
  return found
}
