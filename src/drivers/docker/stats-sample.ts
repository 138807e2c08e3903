import type { StatsSample } from '../streams.ts'

/** What an engine says of a container's use, as far as this reads it. What a cgroup version or a network mode lacks is left out or null. */
export interface EngineStats {
  readonly read?: string
  readonly cpu_stats?: {
    readonly cpu_usage?: { readonly total_usage?: number; readonly percpu_usage?: readonly number[] | null }
    readonly online_cpus?: number
  }
  readonly memory_stats?: {
    readonly usage?: number
    readonly limit?: number
    readonly stats?: Readonly<Record<string, number>> | null
  }
  readonly networks?: Readonly<Record<string, { readonly rx_bytes?: number; readonly tx_bytes?: number }>> | null
  readonly blkio_stats?: {
    readonly io_service_bytes_recursive?: readonly { readonly op: string; readonly value: number }[] | null
  }
}

/** Of a container's `HostConfig`. */
export interface CpuLimit {
  readonly NanoCpus?: number
  readonly CpuQuota?: number
  readonly CpuPeriod?: number
}

const PERIOD_US = 100_000

/**
 * An engine's figures as ours; null where the container does not run: the engine then tells of the year 1. Pure; cgroup v1 and v2.
 * Memory is counted as the docker CLI counts it.
 */
export function toSample(stats: EngineStats, limit: CpuLimit): StatsSample | null {
  const atMs = Date.parse(stats.read ?? '')
  if (Number.isNaN(atMs) || atMs <= 0) return null
  const { cpu_usage: cpu = {}, online_cpus: online } = stats.cpu_stats ?? {}
  const { usage = 0, limit: memoryLimit = 0, stats: parts } = stats.memory_stats ?? {}
  const interfaces = Object.values(stats.networks ?? {})
  return {
    at: new Date(atMs).toISOString(),
    cpuNs: cpu.total_usage ?? 0,
    cpuCores: coresOf(limit, online || cpu.percpu_usage?.length || 1),
    memoryBytes: workingSet(usage, parts ?? {}),
    memoryLimitBytes: memoryLimit,
    receivedBytes: sum(interfaces.map(({ rx_bytes: bytes = 0 }) => bytes)),
    sentBytes: sum(interfaces.map(({ tx_bytes: bytes = 0 }) => bytes)),
    readBytes: moved(stats, 'read'),
    writtenBytes: moved(stats, 'write'),
  }
}

function coresOf({ NanoCpus: nano = 0, CpuQuota: quota = 0, CpuPeriod: period = 0 }: CpuLimit, online: number): number {
  const limit = nano > 0 ? nano / 1e9 : quota > 0 ? quota / (period > 0 ? period : PERIOD_US) : online
  return Math.min(limit, online)
}

/** Without the page cache that could be given back: `total_inactive_file` of cgroup v1, `inactive_file` of v2. */
function workingSet(usage: number, parts: Readonly<Record<string, number>>): number {
  const cache = parts.total_inactive_file ?? parts.inactive_file ?? 0
  return cache < usage ? usage - cache : usage
}

/** cgroup v1 writes `Read`, v2 `read`, and v1 has sums beside them. */
function moved({ blkio_stats: io }: EngineStats, op: 'read' | 'write'): number {
  const entries = io?.io_service_bytes_recursive ?? []
  return sum(entries.filter((entry) => entry.op.toLowerCase() === op).map(({ value }) => value))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
