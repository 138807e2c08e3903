import { readFileSync } from 'node:fs'
import t from 'tap'
import { digestOf } from '../../../src/lib/canonical.ts'
import { parseCompose } from '../../../src/spec/index.ts'
import { CORPUS } from './corpus.ts'

const read = (name: string): string => readFileSync(new URL(`corpus/${name}`, import.meta.url), 'utf8')

for (const [name, variables] of Object.entries(CORPUS)) {
  t.test(`${name} has the expected model`, async (t) => {
    const { spec, digest, notes } = parseCompose({ compose: read(`${name}.yaml`), variables })
    t.strictSame({ spec, notes }, JSON.parse(read(`${name}.json`)))
    t.equal(digest, digestOf(spec))
    t.strictSame(Object.keys(spec.services), Object.keys(spec.services).toSorted(), 'keys are sorted')
  })
}

t.test('short and long forms have one digest', async (t) => {
  const [short, long] = ['everything-short', 'everything-long'].map((name) =>
    parseCompose({ compose: read(`${name}.yaml`), variables: CORPUS['everything-short'] ?? {} }),
  )
  t.equal(short?.digest, long?.digest)
})
