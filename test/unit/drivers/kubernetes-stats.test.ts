import fc from 'fast-check'
import t from 'tap'
import { type Figures, UsageCourse } from '../../../src/drivers/kubernetes/stats-course.ts'
import { ofPodMetrics, ofSummary } from '../../../src/drivers/kubernetes/stats-figures.ts'

const network = (at: string, receivedBytes: number, sentBytes = 0) => ({ at, receivedBytes, sentBytes })
const figures = (at: string, cores: number, different: Partial<Figures> = {}): Figures => ({
  ...{ at, cores, memoryBytes: 100, network: null },
  ...different,
})

t.test("a kubelet's summary is read as Kubernetes 1.20 gives it, also of a pod that has just begun", async (t) => {
  const cpu = { time: '2026-11-28T08:08:39Z', usageNanoCores: 983449698, usageCoreNanoSeconds: 38771157415 }
  const memory = { time: '2026-11-28T08:08:39Z', usageBytes: 225280, workingSetBytes: 225280, rssBytes: 57344 }
  const eth0 = { name: 'eth0', rxBytes: 446, rxErrors: 0, txBytes: 70, txErrors: 0 }
  const found = ofSummary({
    pods: [
      {
        podRef: { name: 'busy', namespace: 'shop', uid: '616d11f2-1192-4c2b-8a5f-3d6f5e4603fd' },
        containers: [
          { name: 'web', cpu, memory },
          { name: 'new', memory },
        ],
        network: { time: '2026-11-28T08:08:35Z', ...eth0 },
      },
      {
        podRef: { name: 'begun', namespace: 'shop' },
        containers: [{ name: 'web', cpu: { ...cpu, usageNanoCores: 0 }, memory }],
        network: { time: '2026-11-28T08:07:58Z' },
      },
      { podRef: { name: 'beginning', namespace: 'shop' }, containers: null },
      {},
    ],
  })
  t.same(Object.fromEntries(found), {
    'shop/busy/web': {
      ...{ at: cpu.time, cores: 0.983449698, memoryBytes: 225280 },
      network: { at: '2026-11-28T08:08:35Z', receivedBytes: 446, sentBytes: 70 },
    },
    'shop/begun/web': { at: cpu.time, cores: 0, memoryBytes: 225280, network: null },
  })
  t.equal(ofSummary({}).size + ofSummary({ pods: null }).size, 0)
})

t.test('metrics.k8s.io tells CPU and memory as quantities, and nothing else', async (t) => {
  const item = (name: string, usage: { cpu?: string; memory?: string }) => ({
    metadata: { name, namespace: 'shop', creationTimestamp: '2026-11-28T08:08:39Z' },
    ...{ timestamp: '2026-11-28T08:08:30Z', window: '15s', containers: [{ name: 'web', usage }] },
  })
  const found = ofPodMetrics({
    items: [
      item('a', { cpu: '983449698n', memory: '220Ki' }),
      item('b', { cpu: '1', memory: '2Mi' }),
      item('c', {}),
      {},
    ],
  })
  const at = '2026-11-28T08:08:30Z'
  t.same(Object.fromEntries(found), {
    'shop/a/web': { at, cores: 0.983449698, memoryBytes: 225280, network: null },
    'shop/b/web': { at, cores: 1, memoryBytes: 2097152, network: null },
  })
})

t.test('cores are counted on between two measurements', async (t) => {
  const course = new UsageCourse()
  t.equal(course.at(0), null, 'of nothing, nothing is told')
  course.learn(figures('a', 0.5), 1000)
  t.match(course.at(3000), { cpuNs: 1e9, memoryBytes: 100, receivedBytes: null, sentBytes: null })
  course.learn(figures('b', 2, { memoryBytes: 7 }), 4000)
  t.match(course.at(5000), { cpuNs: 1.5e9 + 2e9, memoryBytes: 7 })
  t.match(course.at(4500), { cpuNs: 3.5e9 }, 'never back')
  t.equal(course.changedAtMs, 4000)
  course.learn(figures('b', 2), 9000)
  t.equal(course.changedAtMs, 4000, 'the same measurement is no news')
})

t.test('a counter goes from one measurement to the next in the time between them', async (t) => {
  const course = new UsageCourse()
  const at = (ms: number) => course.at(ms)?.receivedBytes
  course.learn(figures('a', 0, { network: network('a', 1000) }), 0)
  t.equal(at(500), null, 'one alone says nothing of a rate')
  course.learn(figures('b', 0), 5000)
  course.learn(figures('c', 0, { network: network('b', 3000, 5) }), 10_000)
  t.same([10_000, 15_000, 20_000, 30_000].map(at), [1000, 2000, 3000, 3000])
  course.learn(figures('d', 0, { network: network('b', 3000, 5) }), 15_000)
  t.equal(at(15_000), 2000, 'what is told again changes nothing')
  course.learn(figures('e', 0, { network: network('c', 4000) }), 20_000)
  t.same([20_000, 25_000, 30_000].map(at), [3000, 3500, 4000])
  course.learn(figures('f', 0, { network: network('d', 10) }), 30_000)
  t.same([30_000, 35_000].map(at), [10, 10], 'a new begin is no traffic')
})

t.test(
  'whatever a cluster says, and whenever it is asked: what is counted goes back with its own count alone',
  async () => {
    const step = fc.record({
      ms: fc.integer({ min: 0, max: 20_000 }),
      cores: fc.double({ min: 0, max: 64, noNaN: true }),
      received: fc.option(fc.integer({ min: 0, max: 1_000_000 })),
      ask: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const course = new UsageCourse()
        let now = 0
        let total = 0
        let before = { cpuNs: 0, received: 0 }
        for (const [nth, { ms, cores, received, ask }] of steps.entries()) {
          now += ms
          if (received !== null) total += received
          const seen = received === null ? null : network(String(nth), total)
          course.learn(figures(String(nth), cores, { network: seen }), now)
          const use = ask ? course.at(now) : null
          if (!use) continue
          const counted = use.receivedBytes ?? before.received
          if (use.cpuNs < before.cpuNs || counted < before.received || counted > total)
            throw new Error(JSON.stringify({ use, before, total }))
          before = { cpuNs: use.cpuNs, received: counted }
        }
      }),
    )
  },
)
