import type { Tx } from '../../db/types.ts'
import { type ReleaseKey, specsAt } from './views.repository.ts'
import type { JudgingSpec } from './workloads.ts'

/** Of all specs that are kept. About 10 MB. */
const KEPT_SERVICES = 20_000

export type SpecKey = ReleaseKey & { readonly digest: string }

/** What judging needs of the specs of these releases, by digest; a release that is gone has none. */
export type KeptSpecs = (keys: readonly SpecKey[]) => Promise<ReadonlyMap<string, JudgingSpec>>

/**
 * Reads a spec once, however often it is asked for: a digest stands for one spec for ever. What is kept is what judging needs (no
 * environment, no commands), of `services` services at most; what was not asked for the longest goes first.
 */
export function createKeptSpecs(tx: Tx, { services = KEPT_SERVICES } = {}): KeptSpecs {
  const kept = new Map<string, JudgingSpec>()
  let held = 0
  const keep = (digest: string, spec: JudgingSpec): void => {
    const before = kept.get(digest)
    if (before) held -= sizeOf(before)
    kept.delete(digest)
    kept.set(digest, spec)
    held += sizeOf(spec)
    for (const [oldest, { services: gone }] of kept) {
      if (held <= services) return
      kept.delete(oldest)
      held -= Object.keys(gone).length
    }
  }
  return async (keys) => {
    const found = new Map<string, JudgingSpec>()
    const missing = new Map<string, SpecKey>()
    for (const key of keys) {
      const spec = kept.get(key.digest)
      if (spec) found.set(key.digest, spec)
      else missing.set(key.digest, key)
    }
    for (const [digest, spec] of found) keep(digest, spec)
    if (missing.size > 0)
      for (const { digest, spec } of await specsAt(tx, [...missing.values()])) {
        const judging = judgingOf(spec)
        found.set(digest, judging)
        keep(digest, judging)
      }
    return found
  }
}

function judgingOf({ services }: JudgingSpec): JudgingSpec {
  return {
    services: Object.fromEntries(
      Object.entries(services).map(([name, { replicas, restart, dependsOn, update }]) => [
        name,
        { replicas, restart, dependsOn, update },
      ]),
    ),
  }
}

function sizeOf({ services }: JudgingSpec): number {
  return Object.keys(services).length
}
