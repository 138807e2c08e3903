import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Test } from 'tap'
import { effectiveDigest, formatPlan, type DesiredApp, type Plan } from '../../../src/planning/index.ts'

const FOLDER = new URL('golden/', import.meta.url)

/**
 * Compares a plan's text with `golden/<name>.txt`, where the first eight hex digits of a wanted digest read `wanted`, and
 * those of what was wanted `before` read `before`: so that a new field of the spec changes no text.
 * With `MOORAGE_TEST_GOLDEN=write` it writes the file, to be read before it is committed.
 */
export function matchesGolden(t: Test, name: string, plan: Plan, wanted: DesiredApp, before?: DesiredApp): void {
  const name8 = (all: string, from: DesiredApp | undefined, word: string): string =>
    Object.values(from?.spec?.services ?? {})
      .map((service) => effectiveDigest(service, from?.restartGeneration ?? 0).slice(0, 8))
      .reduce((text, digest) => text.replaceAll(digest, word), all)
  const text = name8(
    name8(
      `${formatPlan(plan)}
`,
      wanted,
      'wanted',
    ),
    before,
    'before',
  )
  const file = new URL(`${name}.txt`, FOLDER)
  if (process.env.MOORAGE_TEST_GOLDEN === 'write') {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(file, text)
  }
  t.equal(text, readFileSync(file, 'utf8'), name)
}
