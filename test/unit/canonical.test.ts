import t from 'tap'
import { canonicalJson, digestOf } from '../../src/lib/canonical.ts'

t.test('canonical JSON does not depend on the order of keys', async (t) => {
  t.equal(
    canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined, aa: true }),
    '{"aa":true,"b":[1,{"c":"x","d":null}]}',
  )
  t.equal(digestOf({ a: 1, b: 2 }), digestOf({ b: 2, a: 1 }))
  t.throws(() => canonicalJson(Number.NaN), TypeError)
  t.throws(() => canonicalJson({ a: 1n }), TypeError)
})
