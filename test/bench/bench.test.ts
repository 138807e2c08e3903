import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { requireEngines } from '../lab/engines.ts'
import type { Figure } from '../../bench/bench.ts'

await t.test('every benchmark runs, and says its figures as one array and nothing else', async (t) => {
  if (!(await requireEngines(t))) return
  const { NODE_OPTIONS: _, ...env } = process.env
  const cwd = new URL('../..', import.meta.url).pathname
  const child = spawn(process.execPath, ['scripts/bench.ts', 'all', '--short', '--json'], { cwd, env, stdio: 'pipe' })
  const [stdout, notes] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  t.equal(child.exitCode, 0, notes)
  const figures: Figure[] = JSON.parse(stdout)
  t.ok(figures.length > 0)
  t.equal(new Set(figures.map(({ name }) => name)).size, figures.length, 'each has a name of its own')
  for (const { name, ours, reference, ratio, ...rest } of figures) {
    t.ok(Number.isFinite(ours) && ours > 0, `${name}: ${ours}`)
    t.equal(reference === null, ratio === null, name)
    if (reference !== null) t.ok(Number.isFinite(reference) && reference > 0 && Number.isFinite(ratio), name)
    t.same(Object.keys(rest).toSorted(), ['goal', 'holds', 'unit'], name)
  }
})
