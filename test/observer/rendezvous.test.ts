import fc from 'fast-check'
import t from 'tap'
import { ownerOf } from '../../src/observer/rendezvous.ts'

const workers = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 12 })

t.test('everybody says the same owner, in whatever order the workers are known', async (t) => {
  fc.assert(
    fc.property(fc.uuid(), workers, (host, all) => {
      const owner = ownerOf(host, all)
      return owner !== null && all.includes(owner) && ownerOf(host, all.toReversed()) === owner
    }),
  )
  t.equal(ownerOf('a host', []), null)
})

t.test('a worker that goes gives up only its own hosts, one that comes takes only what is its own', async (t) => {
  fc.assert(
    fc.property(fc.uuid(), workers, fc.nat(), (host, all, nth) => {
      const gone = all[nth % all.length]
      const owner = ownerOf(host, all)
      const after = ownerOf(
        host,
        all.filter((one) => one !== gone),
      )
      return owner === gone ? after !== gone : after === owner
    }),
  )
  t.pass()
})

t.test('hosts are spread about evenly', async (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.uuid(), { minLength: 2, maxLength: 8 }), (all) => {
      const counts = new Map(all.map((one) => [one, 0]))
      for (let nth = 0; nth < 2000; nth += 1) {
        const owner = ownerOf(`host ${nth}`, all) ?? ''
        counts.set(owner, (counts.get(owner) ?? 0) + 1)
      }
      const fair = 2000 / all.length
      // Six standard deviations of a fair choice.
      return [...counts.values()].every((count) => Math.abs(count - fair) < 6 * Math.sqrt(fair))
    }),
    { numRuns: 20 },
  )
  t.pass()
})
