import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import t from 'tap'
import type { LogLine } from '../../../src/drivers/index.ts'
import type { ClusterClient } from '../../../src/drivers/kubernetes/client.ts'
import type { Context } from '../../../src/drivers/kubernetes/context.ts'
import { logsReader } from '../../../src/drivers/kubernetes/logs.ts'
import { Refusal } from '../../../src/drivers/kubernetes/refusal.ts'
import { failure, freely } from '../../drivers/build.ts'
import { eventually } from '../../lab/run.ts'

const installation = randomUUID()
const NATIVE_ID = 'shop/web-1/1234'
const timeOf = (nth: number): string => `2026-11-28T08:00:00.${String(nth).padStart(9, '0')}Z`

/** A container of a pod, as the test says it is: its log, and those who follow it. */
interface Run {
  readonly lines: string[]
  readonly followers: Set<PassThrough>
  state: object
}

/** An API server that ends, breaks and refuses logs as the test says: no real one can be made to. */
function scene() {
  const runs: Run[] = []
  const there = { gone: false, deadLine: '' }
  const status = () => {
    const at = runs.length - 1
    const ended = { exitCode: 1, finishedAt: timeOf(0).replace('00:00.', '00:59.'), containerID: `c${at - 1}` }
    const lastState = at > 0 ? { terminated: ended } : {}
    const state = runs[at]?.state ?? { waiting: { reason: 'ContainerCreating' } }
    return [{ name: 'web', ready: true, restartCount: Math.max(0, at), containerID: `c${at}`, state, lastState }]
  }
  const labels = {
    'moorage.io/installation': installation,
    'moorage.io/tenant-id': randomUUID(),
    'moorage.io/app-id': randomUUID(),
    'moorage.io/service': 'web',
  }
  const annotations = { 'moorage.io/service-digest': 'a'.repeat(64) }
  const pod = () => ({
    metadata: { name: 'web-1', namespace: 'shop', uid: '1234', labels, annotations },
    spec: { containers: [{ name: 'web', image: 'web:1' }], restartPolicy: 'Always' },
    status: { phase: 'Running', containerStatuses: status() },
  })
  const client: Pick<ClusterClient, 'find' | 'stream'> = {
    async find<T>() {
      return (there.gone ? null : pod()) as T | null
    },
    async stream({ signal }, { query = {} }) {
      const run = runs.at(query.previous === true ? -2 : -1)
      if (!run) throw new Refusal(400, 'BadRequest', 'container "web" is waiting to start: ContainerCreating')
      const body = new PassThrough()
      body.on('error', () => {})
      signal.addEventListener('abort', () => body.destroy(signal.reason), { once: true })
      const { tailLines: most = run.lines.length } = query
      body.write(run.lines.slice(run.lines.length - Math.min(Number(most), run.lines.length)).join(''))
      if (query.follow === true && 'running' in run.state) run.followers.add(body)
      else body.end()
      return body as object as IncomingMessage
    },
  }
  const owners = { has: async () => true }
  const context = { client, identity: { installation, hostId: randomUUID() }, owners } as object as Context
  return {
    logs: logsReader(context),
    runs,
    there,
    begin: () => runs.push({ lines: [], followers: new Set(), state: { running: { startedAt: timeOf(0) } } }),
    say(nth: number) {
      const text = `${timeOf(nth)} line ${nth}\n`
      runs.at(-1)?.lines.push(text)
      for (const one of runs.at(-1)?.followers ?? []) one.write(text)
    },
    /** The API server ends what is followed, while the container goes on. */
    cut(error: Error | null = null) {
      for (const one of runs.at(-1)?.followers ?? []) void (error ? one.destroy(error) : one.end())
      runs.at(-1)?.followers.clear()
    },
  }
}

function read(batches: AsyncIterable<readonly LogLine[]>) {
  const lines: string[] = []
  const seen = { marks: 0 }
  const ended = (async () => {
    for await (const batch of batches) {
      lines.push(...batch.map(({ text }) => text))
      if (batch.length === 0) seen.marks += 1
    }
  })()
  ended.catch(() => {})
  return { lines, seen, ended }
}

const upTo = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, nth) => `line ${first + nth}`)

for (const tail of [0, 2, Infinity])
  t.test(`a followed log (tail ${tail}) that the API server ends is gone on with: each line once`, async (t) => {
    const { logs, begin, say, cut, there } = scene()
    begin()
    for (let nth = 1; nth <= 3; nth++) say(nth)
    const { lines, seen, ended } = read(logs(NATIVE_ID, { tail, follow: true }, freely()))
    await eventually('what was there has come', () => seen.marks === 1)
    const first = tail === 0 ? 4 : tail === 2 ? 2 : 1
    t.same(lines, upTo(first, 3))
    say(4)
    cut()
    say(5)
    await eventually('it goes on', () => lines.length === 6 - first)
    say(6)
    await eventually('and on', () => lines.length === 7 - first)
    t.same(lines, upTo(first, 6))
    there.gone = true
    cut()
    await ended
    t.equal(seen.marks, 1)
  })

t.test('what a container said last before it was followed by another, and what that one said, all comes', async (t) => {
  const { logs, begin, say, cut, there, runs } = scene()
  const { lines, seen, ended } = read(logs(NATIVE_ID, { tail: 10, follow: true }, freely()))
  await eventually('a pod that has not begun says at once that there is nothing', () => seen.marks === 1)
  begin()
  say(1)
  await eventually('it is read', () => lines.length === 1)
  const before = runs.at(-1)
  cut()
  // Said while nobody read, and then the container was another.
  before?.lines.push(`${timeOf(2)} line 2\n`)
  begin()
  say(3)
  await eventually('all came', () => lines.length === 3)
  t.same(lines, upTo(1, 3))
  there.gone = true
  cut()
  await ended
})

t.test(
  'a connection that breaks is host_unreachable; an abort ends it by its return, and the stream at once',
  async (t) => {
    const { logs, begin, say, cut, runs } = scene()
    begin()
    say(1)
    const broken = read(logs(NATIVE_ID, { tail: 1, follow: true }, freely()))
    await eventually('it came', () => broken.seen.marks === 1)
    cut(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
    t.match(await failure(broken.ended), { error: { code: 'host_unreachable' } })
    const abort = new AbortController()
    const { ended, seen } = read(logs(NATIVE_ID, { tail: 1, follow: true }, { signal: abort.signal }))
    await eventually('it came', () => seen.marks === 1)
    const followers = [...(runs[0]?.followers ?? [])]
    abort.abort(new Error('enough'))
    t.ok(followers.length === 1 && followers.every(({ destroyed }) => destroyed))
    await ended
  },
)
