import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Test } from 'tap'
import { effectiveDigest, formatPlan, type DesiredApp, type Plan } from '../../../src/planning/index.ts'

const FOLDER = new URL('golden/', import.meta.url)

/**
 * Compares a plan's text with `golden/<name>.txt`, where the first eight hex digits of a wanted digest read `wanted`.
 * With `MOORAGE_TEST_GOLDEN=write` it writes the file, to be read before it is committed.
 */
export function matchesGolden(t: Test, name: string, plan: Plan, wanted: DesiredApp): void {
  const digests = Object.values(wanted.spec?.services ?? {}).map((service) => effectiveDigest(service, wanted.restartGeneration))
  const text = digests.reduce((all, digest) => all.replaceAll(digest.slice(0, 8), 'wanted'), `${formatPlan(plan)}\n`)
  const file = new URL(`${name}.txt`, FOLDER)
  if (process.env.MOORAGE_TEST_GOLDEN === 'write') {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(file, text)
  }
  t.equal(text, readFileSync(file, 'utf8'), name)
}
