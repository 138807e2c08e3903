import { isAppError } from '../../src/errors/app-error.ts'
import { parseCompose } from '../../src/spec/index.ts'
import { BOMBS } from '../unit/spec/bombs.ts'
import type { Outcome } from './scene.ts'

const GOAL_MS = 100
const TIMES = 5

/** Compose bombs (deep aliases, megabytes, 10,000 services …) are refused in less than 100 ms each; the median of five. */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  // The first document pays for the schema's compilation, once in a process.
  parseCompose({ compose: 'services: { web: { image: a } }' })
  const results = BOMBS.map((bomb) => {
    const input = bomb.make()
    const times = Array.from({ length: TIMES }, () => {
      const startedAt = performance.now()
      const refused = refuses(input)
      return { ms: performance.now() - startedAt, refused }
    }).toSorted((a, b) => a.ms - b.ms)
    return {
      name: bomb.name,
      ms: times[Math.floor(TIMES / 2)]?.ms ?? Number.NaN,
      refused: times.every(({ refused }) => refused),
    }
  })
  const slowest = results.toSorted((a, b) => b.ms - a.ms)
  return {
    outcome: results.every(({ refused, ms }) => refused && (!long || ms < GOAL_MS)),
    lines: [
      `${results.length} bombs, refused ${results.filter(({ refused }) => refused).length}, the slowest (goal ${GOAL_MS} ms):`,
      ...slowest.slice(0, 5).map(({ name, ms }) => `  ${ms.toFixed(1)} ms  ${name}`),
    ],
  }
}

function refuses(input: Parameters<typeof parseCompose>[0]): boolean {
  try {
    parseCompose(input)
    return false
  } catch (error) {
    return isAppError(error)
  }
}
