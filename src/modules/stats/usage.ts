import type { StatsSample } from '../../drivers/streams.ts'
import type { Usage } from './stats.schemas.ts'

/** Less than this between two samples says nothing of a rate; an engine's clock that was set back leaves less as well. */
const SHORTEST_MS = 100

/** What a host has; null: it never said. */
export interface Capacity {
  readonly cpus: number | null
  readonly memory: number | null
}

/** Some use of a host. */
export interface Share {
  readonly hostId: string
  readonly capacity: Capacity
  readonly usage: Usage
}

/**
 * The use at the time of `now`, with its rates since `before`. What was counted from a new begin (a restart, an interface that was taken
 * away) has a rate of 0 this once: never a negative one, and none that is more than what was counted between the two. What one of the
 * two samples does not know is null. Pure.
 */
export function usageOf(before: StatsSample, now: StatsSample): Usage {
  const elapsedMs = Date.parse(now.at) - Date.parse(before.at)
  const perSecond = (from: number, to: number): number =>
    elapsedMs < SHORTEST_MS || to < from ? 0 : ((to - from) * 1000) / elapsedMs
  const rate = (counter: 'receivedBytes' | 'sentBytes' | 'readBytes' | 'writtenBytes'): number | null => {
    const from = before[counter]
    const to = now[counter]
    return from === null || to === null ? null : perSecond(from, to)
  }
  return {
    cpu: cpuOf(perSecond(before.cpuNs, now.cpuNs) / 1e9, now.cpuCores),
    memory: { bytes: now.memoryBytes, limitBytes: now.memoryLimitBytes },
    network: whole({
      receivedBytes: now.receivedBytes,
      sentBytes: now.sentBytes,
      receivedBytesPerSecond: rate('receivedBytes'),
      sentBytesPerSecond: rate('sentBytes'),
    }),
    blockIo: whole({
      readBytes: now.readBytes,
      writtenBytes: now.writtenBytes,
      readBytesPerSecond: rate('readBytes'),
      writtenBytesPerSecond: rate('writtenBytes'),
    }),
  }
}

/** null where one of them is not known. */
function whole<Key extends string>(figures: Readonly<Record<Key, number | null>>): Record<Key, number> | null {
  const isWhole = (some: Readonly<Record<Key, number | null>>): some is Record<Key, number> =>
    !Object.values(some).includes(null)
  return isWhole(figures) ? figures : null
}

/**
 * Several together. Their limits are added, but no host gives more than it has: three without a limit may use one host's cores, not
 * three times those. Of network and block I/O, what is known; null where none of them knows it. Pure; of none it is zero.
 */
export function sumOf(shares: readonly Share[]): Usage {
  const total = (of: (usage: Usage) => number): number => shares.reduce((sum, { usage }) => sum + of(usage), 0)
  return {
    cpu: cpuOf(
      total(({ cpu }) => cpu.cores),
      together(
        shares,
        ({ cpu }) => cpu.limitCores,
        ({ cpus }) => cpus,
      ),
    ),
    memory: {
      bytes: total(({ memory }) => memory.bytes),
      limitBytes: together(
        shares,
        ({ memory }) => memory.limitBytes,
        ({ memory }) => memory,
      ),
    },
    network: sumOfKnown(
      { receivedBytes: 0, sentBytes: 0, receivedBytesPerSecond: 0, sentBytesPerSecond: 0 },
      shares.map(({ usage }) => usage.network),
    ),
    blockIo: sumOfKnown(
      { readBytes: 0, writtenBytes: 0, readBytesPerSecond: 0, writtenBytesPerSecond: 0 },
      shares.map(({ usage }) => usage.blockIo),
    ),
  }
}

function sumOfKnown<Key extends string>(
  sums: Record<Key, number>,
  some: readonly (Readonly<Record<Key, number>> | null)[],
): Record<Key, number> | null {
  const known = some.filter((one) => one !== null)
  if (known.length === 0 && some.length > 0) return null
  for (const one of known) for (const key of Object.keys(sums) as Key[]) sums[key] += one[key]
  return sums
}

/** A throttled container runs over its limit by some per mille before it is stopped: never more than all of it. */
function cpuOf(cores: number, limitCores: number): Usage['cpu'] {
  return { cores, limitCores, ofLimit: limitCores > 0 ? Math.min(1, cores / limitCores) : 0 }
}

function together(
  shares: readonly Share[],
  limitOf: (usage: Usage) => number,
  mostOf: (capacity: Capacity) => number | null,
): number {
  const byHost = new Map<string, { sum: number; most: number }>()
  for (const { hostId, capacity, usage } of shares) {
    const host = byHost.get(hostId) ?? { sum: 0, most: mostOf(capacity) ?? Number.POSITIVE_INFINITY }
    byHost.set(hostId, { ...host, sum: host.sum + limitOf(usage) })
  }
  return [...byHost.values()].reduce((total, { sum, most }) => total + Math.min(sum, most), 0)
}
