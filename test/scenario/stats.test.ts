import { readFile } from 'node:fs/promises'
import t from 'tap'
import { openStream, type OpenStream } from '../events/sse.ts'
import { type LabEngine, requireEngines } from '../lab/engines.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually, LAB_TOKEN } from '../lab/server.ts'
import { addHost, deploy, must, Scene } from '../prove/scene.ts'

const shell = (command: string, more: object = {}) => ({
  image: IMAGES.web1,
  pull_policy: 'never',
  command: ['/bin/sh', '-c', command],
  stop_grace_period: '1s',
  ...more,
})
const limits = (cpus: string, memory: string) => ({ deploy: { resources: { limits: { cpus, memory } } } })
const SERVICES = {
  burn: shell('while :; do :; done', limits('0.5', '64m')),
  // So little that it gets all of it on a machine that is busy with other tests.
  sip: shell('while :; do :; done', limits('0.1', '64m')),
  hold: shell('x=$$(head -c 20000000 /dev/zero | tr "\\0" a); while :; do sleep 1; done', limits('0.5', '256m')),
  files: shell(
    'mkdir /tmp/www; dd if=/dev/zero of=/tmp/www/index.html bs=1k count=500; exec httpd -f -p 80 -h /tmp/www',
    limits('0.5', '64m'),
  ),
  fetch: shell('while :; do wget -q -O /dev/null http://files/index.html; usleep 300000; done', limits('0.5', '64m')),
}
const COUNT = Object.keys(SERVICES).length
const path = '/v1/tenants/acme/apps/load/stats'

// oxlint-disable-next-line typescript/no-explicit-any -- documents as a stock client reads them
type Document = any
const documents = ({ events }: OpenStream): Document[] =>
  events.filter(({ event }) => event === 'stats').map(({ data }) => JSON.parse(data))
const usageOf = (document: Document, service: string) =>
  document.services.find((one: { service: string }) => one.service === service)?.usage

/** Established connections of this machine to an engine's port. */
async function connections({ address }: LabEngine): Promise<number> {
  const hex = Buffer.from(address.split('.').map(Number).toReversed()).toString('hex').toUpperCase()
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n')
  return lines.filter((line) => line.includes(` ${hex}:${(2375).toString(16).toUpperCase().padStart(4, '0')} 01 `))
    .length
}

/** CPU that a process has used. */
async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** What the stock CLI says of a service's container. */
async function cliStats(engine: LabEngine, name: string) {
  const out = JSON.parse(await engine.docker(['stats', '--no-stream', '--format', '{{json .}}', name]))
  const [used = '', limit = ''] = String(out.MemUsage).split(' / ')
  return { cores: Number.parseFloat(out.CPUPerc) / 100, memory: bytesOf(used), memoryLimit: bytesOf(limit) }
}
function bytesOf(text: string): number {
  const [, value = '', unit = ''] = /^([\d.]+)(\w+)$/.exec(text) ?? []
  return Number(value) * ({ B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }[unit] ?? Number.NaN)
}

t.test('stats must tell what containers use, share one stream each, and get over what dies', async (t) => {
  if (!(await requireEngines(t))) return
  await Scene.run(async (scene) => {
    const engine = await scene.engine()
    const databaseUrl = await scene.database()
    const env = { MOORAGE_OBSERVE_SECONDS: '1', MOORAGE_RESYNC_SECONDS: '3600' }
    const api = await scene.server({ databaseUrl, env, roles: 'api' })
    const worker = await scene.server({ databaseUrl, env, roles: 'worker' })
    await addHost(api, 'h1', engine, 'tcp')
    await must(api, 'POST', '/v1/tenants', { name: 'acme' })
    t.equal((await deploy(api, 'acme', 'load', { services: SERVICES })).status, 'succeeded')
    const follow = async () => await openStream(`${api.url}${path}?follow=true`, LAB_TOKEN)

    const readAt = performance.now()
    t.equal((await must(api, 'GET', path)).instances.length, COUNT)
    t.comment(`a read: ${(performance.now() - readAt).toFixed(0)} ms`)
    const beganAt = performance.now()
    const first = await follow()
    await eventually('something is told', () => documents(first).length > 0)
    const firstMs = performance.now() - beganAt
    const full = await eventually('all of it is told', () => {
      const last = documents(first).at(-1)
      return last?.instances.length === COUNT && usageOf(last, 'fetch').network.receivedBytes > 1e6 && last
    })
    t.same(full.missing, [])

    const most = await Promise.all(Array.from({ length: 50 }, follow))
    await eventually('50 are told', () => most.every((stream) => documents(stream).length > 2), 120_000)
    const open = await connections(engine)
    const [cpuBefore, seenBefore] = [await cpuSeconds(api.pid), performance.now()]
    const told = documents(first).length
    await eventually('ten documents more', () => documents(first).length > told + 10)
    const percent = (((await cpuSeconds(api.pid)) - cpuBefore) / ((performance.now() - seenBefore) / 1000)) * 100
    t.comment(`the first document after ${firstMs.toFixed(0)} ms; 51 who watch: ${percent.toFixed(1)} % of a core`)
    t.ok(open >= COUNT && open < 30, `${open} connections to the engine for 51 who watch ${COUNT} containers`)
    for (const stream of most) stream.leave()

    const last = documents(first).slice(-5)
    const middle = (of: (document: Document) => number) => last.map(of).toSorted((a, b) => a - b)[2] ?? Number.NaN
    const cores = (service: string) => middle((document) => usageOf(document, service).cpu.cores)
    const ofLimit = middle((document) => usageOf(document, 'sip').cpu.ofLimit)
    t.ok(cores('burn') > 0.03 && cores('burn') < 0.6, `a busy loop under a limit of 0.5 uses ${cores('burn')} cores`)
    t.ok(cores('sip') > 0.05 && cores('sip') < 0.15, `one under a limit of 0.1 uses ${cores('sip')} cores`)
    t.ok(ofLimit > 0.5 && ofLimit <= 1, `${ofLimit} of its limit`)
    const held = middle((document) => usageOf(document, 'hold').memory.bytes)
    t.ok(held > 20e6 && held < 256 * 1024 ** 2, `20 MB are held in ${held} bytes`)
    t.equal(usageOf(last[0], 'hold').memory.limitBytes, 256 * 1024 ** 2)
    const received = middle((document) => usageOf(document, 'fetch').network.receivedBytesPerSecond)
    const sent = middle((document) => usageOf(document, 'files').network.sentBytesPerSecond)
    t.ok(received > 100_000 && sent > 100_000, `${received} bytes a second come, ${sent} leave`)

    const askedFor = performance.now()
    t.equal((await must(api, 'GET', '/v1/tenants/acme/stats')).apps.length, 1)
    t.comment(`a read beside a stream: ${(performance.now() - askedFor).toFixed(0)} ms`)
    const { instances } = await must(api, 'GET', path)
    for (const service of ['burn', 'hold']) {
      const { name, usage } = instances.find((one: { service: string }) => one.service === service)
      const cli = await cliStats(engine, name)
      t.ok(Math.abs(usage.memory.bytes - cli.memory) < 5e6, `${usage.memory.bytes} here, ${cli.memory} by the CLI`)
      t.equal(usage.memory.limitBytes, cli.memoryLimit)
      t.ok(Math.abs(usage.cpu.cores - cli.cores) < 0.25, `${usage.cpu.cores} here, ${cli.cores} by the CLI`)
    }

    const before = documents(first).length
    const { name: burning } = instances.find((one: { service: string }) => one.service === 'burn')
    await engine.docker(['restart', '--time', '0', burning])
    await eventually('it is told again', () => {
      const again = documents(first)
        .slice(before + 3)
        .at(-1)
      return again?.instances.length === COUNT && usageOf(again, 'burn').cpu.cores > 0.02
    })
    const rates = documents(first)
      .slice(before)
      .flatMap((document) => usageOf(document, 'burn')?.cpu.cores ?? [])
    t.ok(
      rates.every((rate) => rate >= 0 && rate < 1),
      `a restart makes no rate negative or huge: ${rates.join(' ')}`,
    )

    const history = async () => await must(api, 'GET', `${path}?history=true`)
    const kept = await eventually('the worker has kept samples', async () => {
      const told = await history()
      const all = told.instances.map(({ samples }: { samples: unknown[] }) => samples.length) as number[]
      return all.length === COUNT && all.every((length) => length > 1) && told
    })
    const samplesOf = (service: string) =>
      kept.instances.find((one: { service: string }) => one.service === service).samples as Document[]
    t.equal(kept.resolutionSeconds, 10)
    t.ok(samplesOf('burn').every(({ cpuCores }) => cpuCores >= 0 && cpuCores < 1))
    t.ok((samplesOf('fetch').at(-1).receivedBytesPerSecond as number) > 100_000)

    worker.kill('SIGSTOP')
    // An answer is given again for some seconds; then the worker is asked.
    const nobody = await eventually('the worker that hangs is asked', async () => {
      const askedAt = performance.now()
      const told = await history()
      return told.instances.length === 0 && { told, tookMs: performance.now() - askedAt }
    })
    t.match(
      nobody.told.missing,
      Array.from({ length: COUNT }, () => ({ host: 'h1', reason: String })),
    )
    t.ok(nobody.tookMs < 6000, 'a worker that hangs holds nobody up')
    worker.kill('SIGCONT')
    await eventually('it answers again', async () => (await history()).instances.length === COUNT)
    const asked = history()
    worker.kill('SIGKILL')
    t.ok((await asked).resolutionSeconds > 0, 'nor does one that dies while it is asked')
    const none = await eventually('nobody answers', async () => {
      const told = await history()
      return told.instances.length === 0 && told
    })
    t.match(none.missing, [{ reason: String }, {}, {}, {}, {}])

    await engine.cutOff()
    const cut = await eventually('nothing is known', () => {
      const document = documents(first).at(-1)
      return document.instances.length === 0 && document
    })
    t.equal(cut.missing.length, COUNT)
    await engine.heal()
    await eventually('it is back', () => documents(first).at(-1).instances.length === COUNT, 120_000)

    await engine.kill()
    await eventually('a killed engine is known', () => documents(first).at(-1).missing.length === COUNT)
    const exited = api.stop()
    await first.ended
    t.match(first.problem, { code: 'unavailable' })
    t.equal(await exited, 0)
    await eventually('nothing is left at the engine', async () => (await connections(engine)) === 0)
  })
})
