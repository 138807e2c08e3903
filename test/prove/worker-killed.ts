import { rollingUpdate, stepsToTry, toldUpdate } from './rolling-update.ts'
import { type Outcome, Scene } from './scene.ts'
import type { LabServer } from '../lab/server.ts'

/**
 * `kill -9` of the worker at each step of a rolling update of 4 replicas: the operation ends, the wanted containers run, and no other of
 * ours exists. The short form takes four steps.
 */
export async function prove({ long }: { long: boolean }): Promise<Outcome> {
  return await Scene.run(async (scene) => {
    const current: LabServer[] = []
    const { worker, update, steps } = await rollingUpdate(scene, { long, first: (first) => current.push(first) })
    const lines = [`steps of the update: ${steps}`]
    let outcome = true
    for (const seq of stepsToTry(steps, 4, long)) {
      const result = await update(seq, async () => {
        const killed = current.pop()
        killed?.kill('SIGKILL')
        await killed?.exited
        current.push(await worker())
      })
      outcome &&= result.holds
      lines.push(toldUpdate(`kill -9 at step ${seq}`, result))
    }
    return { outcome, lines }
  })
}
