import t from 'tap'
import { requireEngines } from '../lab/engines.ts'
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
