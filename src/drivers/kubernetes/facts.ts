/** What a cluster told of itself: `hosts.facts`. */
export interface ClusterFacts {
  /** Of the API server: `1.20`. */
  readonly version: string
  /** What it serves of what we use, as `group/version/plural`, the core group as `v1/pods`. */
  readonly apis: readonly string[]
  /** Its admission enforces Pod Security (1.23 and newer). */
  readonly podSecurity: boolean
  /** The nodes' ranges of pod addresses, CIDR, at most 100. */
  readonly podCidrs: readonly string[]
  /** Of the nodes: `amd64`, `arm64` …, each once. */
  readonly architectures: readonly string[]
}

/** Out of `hosts.facts`; null where there are none, or in no form that we know. */
export function readFacts(value: unknown): ClusterFacts | null {
  if (typeof value !== 'object' || value === null) return null
  const { version, apis, podSecurity, podCidrs, architectures } = value as Partial<Record<keyof ClusterFacts, unknown>>
  if (typeof version !== 'string') return null
  return {
    version,
    apis: texts(apis),
    podSecurity: podSecurity === true,
    podCidrs: texts(podCidrs),
    architectures: texts(architectures),
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
}
