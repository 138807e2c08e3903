import fc from 'fast-check'
import t from 'tap'
import { Ring, RING_SIZE, unpack } from '../../../src/modules/stats/ring.ts'
import { sumOf } from '../../../src/modules/stats/usage.ts'

const usageOf = (cores: number, bytes: number) => {
  const none = sumOf([])
  return { ...none, cpu: { ...none.cpu, cores }, memory: { bytes, limitBytes: 0 } }
}

t.test('a ring keeps the newest samples, oldest first, and tells them as they were to seven digits', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3 * RING_SIZE }), fc.integer({ min: 0, max: 1000 }), (pushed, since) => {
      const ring = new Ring()
      for (let at = 0; at < pushed; at += 1) ring.push(at, usageOf(at / 7, at * 1_000_003))
      const told = unpack(JSON.parse(JSON.stringify(ring.pack(since))))
      const first = Math.max(0, since, pushed - RING_SIZE)
      const expected = Array.from({ length: Math.max(0, pushed - first) }, (_, index) => first + index)
      if (told.length !== expected.length || ring.length !== Math.min(pushed, RING_SIZE))
        throw new Error(`${told.length} of ${expected.length}`)
      for (const [index, { at, cpuCores, memoryBytes, sentBytesPerSecond }] of told.entries()) {
        const wanted = expected[index] ?? -1
        if (
          Date.parse(at) !== wanted ||
          Math.abs(cpuCores - wanted / 7) > 1e-4 ||
          Math.abs(memoryBytes - wanted * 1_000_003) > 1e-6 * memoryBytes ||
          sentBytesPerSecond !== 0
        )
          throw new Error(JSON.stringify(told[index]))
      }
    }),
    { numRuns: 50 },
  )
})

t.test('what is not known stays so, also on its way from one process to another', async (t) => {
  const ring = new Ring()
  ring.push(1, { ...usageOf(0.5, 10), network: null })
  ring.push(2, { ...usageOf(0.5, 10), blockIo: null })
  t.match(unpack(JSON.parse(JSON.stringify(ring.pack(0)))), [
    { cpuCores: 0.5, receivedBytesPerSecond: null, sentBytesPerSecond: null, readBytesPerSecond: 0 },
    { memoryBytes: 10, sentBytesPerSecond: 0, readBytesPerSecond: null, writtenBytesPerSecond: null },
  ])
})
