import fc from 'fast-check'
import t from 'tap'
import type { StatsSample } from '../../../src/drivers/index.ts'
import { type Share, sumOf, usageOf } from '../../../src/modules/stats/usage.ts'
import type { Usage } from '../../../src/modules/stats/stats.schemas.ts'

const COUNTERS = ['cpuNs', 'receivedBytes', 'sentBytes', 'readBytes', 'writtenBytes'] as const

const SAMPLE: StatsSample = {
  at: '2026-01-01T00:00:00.000Z',
  cpuNs: 0,
  cpuCores: 2,
  memoryBytes: 100,
  memoryLimitBytes: 1000,
  receivedBytes: 0,
  sentBytes: 0,
  readBytes: 0,
  writtenBytes: 0,
}

const count = fc.integer({ min: 0, max: 2 ** 50 })
const sample = fc.record({
  at: fc.integer({ min: 0, max: 100_000 }).map((ms) => new Date(1_700_000_000_000 + ms).toISOString()),
  cpuNs: count,
  cpuCores: fc.constantFrom(0.25, 0.5, 1, 4, 128),
  memoryBytes: count,
  memoryLimitBytes: count,
  receivedBytes: count,
  sentBytes: count,
  readBytes: count,
  writtenBytes: count,
})

const ratesOf = ({ cpu, network, blockIo }: Usage): number[] => [
  cpu.cores * 1e9,
  network?.receivedBytesPerSecond ?? Number.NaN,
  network?.sentBytesPerSecond ?? Number.NaN,
  blockIo?.readBytesPerSecond ?? Number.NaN,
  blockIo?.writtenBytesPerSecond ?? Number.NaN,
]

t.test('a rate is what was counted between two samples, by the second', async (t) => {
  const now = { ...SAMPLE, at: '2026-01-01T00:00:02.000Z', cpuNs: 1e9, receivedBytes: 4096, writtenBytes: 10 }
  t.match(usageOf(SAMPLE, now), {
    cpu: { cores: 0.5, limitCores: 2, ofLimit: 0.25 },
    memory: { bytes: 100, limitBytes: 1000 },
    network: { receivedBytes: 4096, receivedBytesPerSecond: 2048, sentBytesPerSecond: 0 },
    blockIo: { writtenBytes: 10, writtenBytesPerSecond: 5 },
  })
})

t.test('whatever two samples say, no rate is negative, nor more than what the second one has counted', async () => {
  fc.assert(
    fc.property(sample, sample, (before, now) => {
      const seconds = (Date.parse(now.at) - Date.parse(before.at)) / 1000
      const usage = usageOf(before, now)
      for (const [index, rate] of ratesOf(usage).entries()) {
        const counter = COUNTERS[index] ?? 'cpuNs'
        if (!Number.isFinite(rate) || rate < 0) throw new Error(`${counter}: ${rate}`)
        if (seconds < 0.1 || now[counter] < before[counter]) {
          if (rate !== 0) throw new Error(`${counter} was counted from a new begin, and its rate is ${rate}`)
        } else if (Math.abs(rate * seconds - (now[counter] - before[counter])) > 1e-6 * now[counter] + 1)
          throw new Error(`${counter}: ${rate} in ${seconds} s`)
      }
      if (usage.cpu.ofLimit < 0 || usage.cpu.ofLimit > 1) throw new Error(String(usage.cpu.ofLimit))
    }),
  )
})

t.test('a restart, whose counters begin at 0 again, is no use at all, and no huge one', async (t) => {
  const before = { ...SAMPLE, cpuNs: 5e12, receivedBytes: 2 ** 40, sentBytes: 10, readBytes: 2 ** 40, writtenBytes: 1 }
  const after = { ...SAMPLE, at: '2026-01-01T00:00:01.000Z', cpuNs: 2e8, receivedBytes: 500, sentBytes: 20 }
  t.same(ratesOf(usageOf(before, after)), [0, 0, 10, 0, 0])
})

t.test('parts add up to the whole, however they are put together', async () => {
  const usage = fc.tuple(sample, sample).map(([before, now]) => usageOf(before, now))
  const share: fc.Arbitrary<Share> = fc.record({
    hostId: fc.constantFrom('h1', 'h2'),
    capacity: fc.constant({ cpus: null, memory: null }),
    usage,
  })
  fc.assert(
    fc.property(fc.array(share, { maxLength: 12 }), fc.array(share, { maxLength: 12 }), (some, others) => {
      const whole = sumOf([...some, ...others])
      const both = [sumOf(some), sumOf(others)]
      for (const of of [
        (each: Usage) => each.cpu.cores,
        (each: Usage) => each.cpu.limitCores,
        (each: Usage) => each.memory.bytes,
        (each: Usage) => each.memory.limitBytes,
        (each: Usage) => each.network?.sentBytes ?? 0,
        (each: Usage) => each.blockIo?.readBytesPerSecond ?? 0,
      ]) {
        const sum = both.reduce((total, each) => total + of(each), 0)
        if (Math.abs(of(whole) - sum) > 1e-9 * Math.abs(sum)) throw new Error(`${of(whole)} is not ${sum}`)
      }
      if (whole.cpu.ofLimit < 0 || whole.cpu.ofLimit > 1) throw new Error(String(whole.cpu.ofLimit))
    }),
  )
})

t.test('what an engine does not know is null, and in a sum what is known counts', async (t) => {
  const later = { ...SAMPLE, at: '2026-01-01T00:00:01.000Z', receivedBytes: 100, sentBytes: 10, readBytes: 7 }
  const known = usageOf(SAMPLE, later)
  const partly = usageOf({ ...SAMPLE, readBytes: null }, { ...later, receivedBytes: null, sentBytes: null })
  t.match(partly, { cpu: { limitCores: 2 }, network: null, blockIo: null })
  t.match(usageOf({ ...SAMPLE, sentBytes: null }, later), { network: null, blockIo: { readBytesPerSecond: 7 } })
  const share = (usage: Usage): Share => ({ hostId: 'h1', capacity: { cpus: null, memory: null }, usage })
  t.match(sumOf([partly, known, known].map(share)), {
    memory: { bytes: 300 },
    network: { receivedBytes: 200, sentBytesPerSecond: 20 },
    blockIo: { readBytes: 14 },
  })
  t.match(sumOf([partly, partly].map(share)), { memory: { bytes: 200 }, network: null, blockIo: null })
  t.match(sumOf([]), { network: { receivedBytes: 0 }, blockIo: { writtenBytes: 0 } })
})

t.test('limits are added, but a host gives no more than it has', async (t) => {
  const of = (cpuCores: number, memoryLimitBytes: number) =>
    usageOf(SAMPLE, { ...SAMPLE, at: '2026-01-01T00:00:01.000Z', cpuNs: 1e9, cpuCores, memoryLimitBytes })
  const capacity = { cpus: 4, memory: 8000 }
  const unlimited = { hostId: 'h1', capacity, usage: of(4, 8000) }
  const small = { hostId: 'h1', capacity, usage: of(0.5, 100) }
  t.match(sumOf([unlimited, unlimited, small]), {
    cpu: { cores: 3, limitCores: 4, ofLimit: 0.75 },
    memory: { bytes: 300, limitBytes: 8000 },
  })
  t.match(sumOf([small, small]), { cpu: { limitCores: 1 }, memory: { limitBytes: 200 } })
  t.match(sumOf([unlimited, { ...unlimited, hostId: 'h2' }]), { cpu: { limitCores: 8 } }, 'each host its own')
  t.match(sumOf([unlimited, unlimited].map((each) => ({ ...each, capacity: { cpus: null, memory: null } }))), {
    cpu: { limitCores: 8 },
  })
  t.match(sumOf([]), { cpu: { cores: 0, limitCores: 0, ofLimit: 0 }, memory: { bytes: 0 } })
})
