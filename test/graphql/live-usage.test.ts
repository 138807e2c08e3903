import t from 'tap'
import { logScene } from '../api/logs-scene.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { liveClient, subscribe } from './live-client.ts'

const LOGS = `subscription ($service: String, $tail: Int) {
  logs(tenant: "acme", app: "shop", service: $service, tail: $tail) { text stream service instance instanceId notice { code } }
}`
const STATS = `subscription {
  stats(tenant: "acme", app: "shop") { at usage { cpu { cores } memory { bytes } } instances { name } }
}`

if (await requireEngines(t)) {
  const engine = await startEngine({ tcp: false })
  t.teardown(async () => await engine.stop())
  await buildImages(engine)
  const scene = await logScene(t, engine)
  const address = scene.api.app.server.address()
  if (address === null || typeof address === 'string') throw new TypeError('it listens')
  const url = `ws://127.0.0.1:${address.port}/graphql`
  const lines = 'echo first; while :; do [ -e /tmp/more ] && { rm /tmp/more; echo second >&2; }; usleep 20000; done'
  const web = await scene.start(lines, { service: 'web', flags: ['--tmpfs', '/tmp'] })
  const db = await scene.start('echo third; sleep 1000', { service: 'db' })

  await t.test(
    'logs: the last lines, then each that a container writes; who leaves closes the engine stream',
    async (t) => {
      const client = liveClient(t, url, scene.acme.viewer)
      const [all, ofWeb, fromNow] = [
        subscribe(client, LOGS),
        subscribe(client, LOGS, { service: 'web' }),
        subscribe(client, LOGS, { service: 'web', tail: 0 }),
      ]
      const textsOf = ({ data }: typeof all) => data.map(({ logs }) => logs.text)
      await eventually('what was written', () => textsOf(all).length === 2 && textsOf(ofWeb).length === 1)
      t.match(
        all.data.map(({ logs }) => logs).toSorted((a, b) => (a.service < b.service ? -1 : 1)),
        [
          { text: 'third', stream: 'stdout', service: 'db', instance: db.name, instanceId: db.id, notice: null },
          { text: 'first', stream: 'stdout', service: 'web', instance: web.name, instanceId: web.id, notice: null },
        ],
      )
      // The third one has said nothing yet by which it is seen to be open: one stream for each instance that each of them reads.
      await eventually('all are open', () => scene.engineStreams() === 4)
      await engine.docker(['exec', web.nativeId, 'touch', '/tmp/more'])
      await eventually('what is written', () => [all, ofWeb, fromNow].every((one) => textsOf(one).includes('second')))
      t.same(textsOf(ofWeb), ['first', 'second'])
      t.same(textsOf(fromNow), ['second'])
      t.match(fromNow.data[0].logs, { stream: 'stderr', service: 'web', instanceId: web.id })
      t.same([...all.errors, ...ofWeb.errors, ...fromNow.errors], [])
      ofWeb.leave()
      fromNow.leave()
      await eventually('those of who left are closed', () => scene.engineStreams() === 2)
      await client.dispose()
      await eventually('and so are those of a socket that is closed', () => scene.engineStreams() === 0)
    },
  )

  await t.test('stats: a sample arrives, and the next; who leaves last closes the engine streams', async (t) => {
    const client = liveClient(t, url, scene.acme.viewer)
    const [one, other] = [subscribe(client, STATS), subscribe(client, STATS)]
    await eventually('samples of both instances', () =>
      [one, other].every(
        ({ data }) =>
          data.filter(({ stats }) => stats.instances.length === 2 && stats.usage.memory.bytes > 0).length >= 2,
      ),
    )
    const { stats } = one.data.at(-1)
    t.same(stats.instances.map(({ name }: { name: string }) => name).toSorted(), [web.name, db.name].toSorted())
    t.ok(stats.usage.cpu.cores >= 0 && Date.parse(stats.at) > Date.now() - 60_000)
    t.equal(scene.engineStreams(), 2, 'both subscriptions share a stream for each instance')
    one.leave()
    const told = other.data.length
    await eventually('the other goes on', () => other.data.length > told + 1)
    t.equal(scene.engineStreams(), 2)
    other.leave()
    await eventually('nothing is open', () => scene.engineStreams() === 0)
    t.same([...one.errors, ...other.errors], [])
  })
}
