import { isAlive, serves } from './readiness.ts'
import { Chain, subjectOf, type Steps } from './steps.ts'
import type { ObservedContainer } from './types.ts'

/** How long a container that was withdrawn goes on: a request that was on its way is sent again within it (docs/decisions/0001). */
const DRAIN_MS = 3000

/**
 * Takes a container away: out of the service's names, drained, stopped, removed, as far as it isn't already. Without
 * `others` that serve meanwhile there is nothing to hand over, and it is stopped as it is.
 */
export function retire(
  steps: Steps,
  container: ObservedContainer,
  { after, cause, others }: { after: readonly string[]; cause: string; others: boolean },
): readonly string[] {
  const chain = new Chain(steps, after)
  const subject = subjectOf(container)
  if (others && container.state === 'running') {
    // One that does not serve may have been withdrawn a moment ago, by an attempt that was cut off; unless it never was well.
    const drains = serves(container) || container.health === null || container.health === 'healthy'
    if (serves(container)) chain.add('withdraw', subject, cause)
    if (drains) chain.add('wait', subject, 'its last requests come to an end', { waitMs: DRAIN_MS })
  }
  if (isAlive(container)) chain.add('stop_container', subject, cause)
  chain.add('remove_container', subject, cause)
  return chain.tail
}
