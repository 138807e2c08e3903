import type { FakeEngine } from './fake-driver.ts'
import type { CallOptions, EngineChange, Identity } from '../../src/drivers/index.ts'
import { AppError } from '../../src/errors/app-error.ts'

const LOOK_MS = 3

/** What changed of an installation's containers since it was asked, as an engine tells it: by comparing what they are every few ms. */
export function followFake(
  engine: FakeEngine,
  { installation }: Identity,
  { signal }: CallOptions,
): AsyncIterable<EngineChange> {
  const look = () =>
    new Map(
      engine
        .containers(undefined, installation)
        .map(({ runningForMs: _, ...one }) => [one.nativeId, { appId: one.appId, text: JSON.stringify(one) }]),
    )
  let before = look()
  return {
    async *[Symbol.asyncIterator]() {
      engine.followers += 1
      try {
        while (!signal.aborted) {
          if (engine.away) throw new AppError('host_unreachable', { detail: 'the fake engine went away' })
          const now = look()
          const changed = [...new Map([...before, ...now])].filter(
            ([nativeId]) => before.get(nativeId)?.text !== now.get(nativeId)?.text,
          )
          before = now
          if (!engine.silent) for (const [nativeId, { appId }] of changed) yield { appId, nativeId }
          await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
        }
      } finally {
        engine.followers -= 1
      }
    },
  }
}
