import t from 'tap'
import type { Driver, StatsSample } from '../../../src/drivers/index.ts'
import { sleep } from '../../../src/lib/abort.ts'
import { createStatsHub } from '../../../src/modules/stats/index.ts'
import { quiet } from '../../lab/database.ts'
import { eventually } from '../../lab/run.ts'

const freely = new AbortController().signal
const of = (tenantId: string, nth: number) => ({
  id: `${tenantId}-${nth}`,
  nativeId: `c${nth}`,
  hostId: 'h1',
  tenantId,
})

const now = (): StatsSample => ({
  at: new Date().toISOString(),
  cpuNs: performance.now() * 1e6,
  cpuCores: 1,
  memoryBytes: 1,
  memoryLimitBytes: 2,
  receivedBytes: 0,
  sentBytes: 0,
  readBytes: 0,
  writtenBytes: 0,
})

/** A hub whose engines send a sample a second; `open` are the streams that they have. */
function scene(most?: { readonly tenant: number; readonly all: number }) {
  const engine = { open: 0 }
  const driver = {
    async *stats(_nativeId: string, _wanted: unknown, { signal }: { signal: AbortSignal }) {
      engine.open += 1
      try {
        for (; !signal.aborted; await sleep(1000, signal).catch(() => {})) yield now()
      } finally {
        engine.open -= 1
      }
    },
  } as unknown as Driver
  return { engine, hub: createStatsHub({ hosts: { connect: async () => driver }, log: quiet, ...(most && { most }) }) }
}

t.test(
  'who reads 900 containers of a host holds up no other tenant there, and those without a place say so',
  async (t) => {
    const { engine, hub } = scene()
    t.teardown(() => hub.close())
    const many = Promise.all(Array.from({ length: 900 }, async (_, nth) => await hub.read(of('greedy', nth), freely)))
    await eventually('all places are taken', () => engine.open === 100)
    const at = performance.now()
    const others = await Promise.all([1, 2, 3].map(async (nth) => await hub.read(of('other', nth), freely)))
    t.match(others, [{ problem: null }, { problem: null }, { problem: null }])
    t.ok(performance.now() - at < 4500, `${performance.now() - at} ms`)
    const readings = await many
    t.ok(performance.now() - at < 9000)
    const refused = readings.filter(({ usage }) => usage === null)
    t.ok(refused.length > 0 && refused.length < 800, `${refused.length}`)
    t.same(new Set(refused.map(({ problem }) => problem)), new Set(['too many reads of its host at once']))
    t.equal(engine.open, 0)
    t.match(await hub.read(of('greedy', 901), freely), { problem: null }, 'no place is lost')
  },
)

t.test('no tenant has all streams of a server: those beyond its own are refused, others have theirs', async (t) => {
  const { hub } = scene({ tenant: 2, all: 4 })
  t.teardown(() => hub.close())
  const first = hub.watch(of('greedy', 1))
  hub.watch(of('greedy', 2))
  const beyond = hub.watch(of('greedy', 3))
  t.match(beyond, { isRefused: true, reading: { usage: null, problem: /as many containers of one tenant/ } })
  t.match(hub.watch(of('greedy', 1)), { isRefused: false }, 'who looks at what is looked at needs no more')
  t.match(hub.watch(of('other', 1)), { isRefused: false })
  t.equal(hub.streams, 3)
  first.release()
  first.release()
  t.match(hub.watch(of('greedy', 3)), { isRefused: true }, 'the second one looks on')
  const again = hub.watch(of('other', 2))
  t.match(hub.watch(of('third', 1)), { isRefused: true, reading: { problem: /as many containers as it can/ } })
  again.release()
  t.match(hub.watch(of('third', 1)), { isRefused: false }, 'as soon as one is free')
})
