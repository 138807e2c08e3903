import t from 'tap'
import { requireEngines } from '../lab/engines.ts'
import { clusterObstacle, type ClusterOptions } from '../lab/kube.ts'
import type { Outcome } from '../prove/scene.ts'

/** Runs a proof's short form as a test: its outcome must hold; its figures are printed. `engines`: it needs real ones. */
export async function proofTest(
  promise: string,
  prove: (options: { long: boolean }) => Promise<Outcome>,
  { engines = true } = {},
): Promise<void> {
  await t.test(promise, async (t) => {
    if (engines && !(await requireEngines(t))) return
    const { outcome, lines } = await prove({ long: false })
    for (const line of lines) t.comment(line)
    t.ok(outcome, lines.join('\n'))
  })
}

/** The same with the cluster of the tests, which the proof finds by itself. */
export async function clusterProof(
  promise: string,
  prove: (options: { long: boolean }) => Promise<Outcome>,
  options: ClusterOptions = {},
): Promise<void> {
  const reason = await clusterObstacle(options)
  if (reason === null) return await proofTest(promise, prove)
  if (process.env.CI === 'true') t.fail(`no cluster for this test: ${reason}`)
  else t.plan(0, `no cluster for this test: ${reason}`)
}
