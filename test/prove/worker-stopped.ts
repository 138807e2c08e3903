import { rollingUpdate, stepsToTry, toldUpdate } from './rolling-update.ts'
import { type Outcome, Scene } from './scene.ts'
import { sleep } from '../../src/lib/abort.ts'
import type { LabServer } from '../lab/server.ts'

/**
 * SIGSTOP of the worker at each step of a rolling update of 4 replicas, SIGCONT 30 s later beside its successor: the operation ends, the
 * wanted containers run, and no other of ours exists. The short form takes two steps, and 15 s: longer than a lease.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  const stoppedMs = long ? 30_000 : 15_000
  return await Scene.run(async (scene) => {
    const current: LabServer[] = []
    const { worker, update, steps } = await rollingUpdate(scene, { long, first: (first) => current.push(first) })
    const lines = [`steps of the update: ${steps}`]
    let outcome = true
    for (const seq of stepsToTry(steps, 2, long)) {
      const stopped = current.pop()
      const result = await update(seq, async () => {
        stopped?.kill('SIGSTOP')
        current.push(await worker())
        await sleep(stoppedMs)
        stopped?.kill('SIGCONT')
      })
      // It let go of what it held, and ends as an operator would end it.
      const code = await stopped?.stop()
      outcome &&= result.holds && code === 0
      lines.push(`${toldUpdate(`SIGSTOP for ${stoppedMs / 1000} s at step ${seq}`, result)}; it ended with ${code}`)
    }
    return { outcome, lines }
  })
}
