import type { Teardown } from '../test/lab/database.ts'

/** Runs `work`, and then what it left to be taken down, the last first. */
export async function scope<T>(work: (t: Teardown) => Promise<T>): Promise<T> {
  const handlers: (() => Promise<void> | void)[] = []
  try {
    return await work({ teardown: (handler) => void handlers.push(handler) })
  } finally {
    for (const handler of handlers.toReversed()) await handler()
  }
}
