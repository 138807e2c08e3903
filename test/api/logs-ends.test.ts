import t from 'tap'
import { newId } from '../../src/lib/ids.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { logScene, type LogClient } from './logs-scene.ts'

const STREAMS_OF_APP = 50
const INSTANCES = 100

if (await requireEngines(t)) {
  const engine = await startEngine({ tcp: false })
  t.teardown(async () => await engine.stop())
  await buildImages(engine)

  await t.test('one instance that is followed ends with it; the app goes on, for another may join', async (t) => {
    const scene = await logScene(t, engine)
    const { instance } = scene.api.db.prisma
    const short = await scene.start('echo begun; while [ ! -e /tmp/end ]; do usleep 20000; done; echo last', {
      ...{ name: 'short', flags: ['--tmpfs', '/tmp'] },
    })
    const unread = await scene.start('sleep 1000', { name: 'unread', flags: ['--log-driver', 'none'] })
    const one = await scene.open(`?follow=true&instance=${short.id}`)
    const none = await scene.open(`?follow=true&instance=${unread.name}`)
    const all = await scene.open('?follow=true')
    await eventually('all get lines', () => [one, all].every(({ text }) => text.includes('short | begun')))
    await eventually('a log that can not be read is over', () => none.over)
    t.match(none.lines, [/^moorage: unread: .*keeps nothing/])
    // Its container is stopped and started again at once: that is no end.
    await engine.docker(['restart', '-t', '0', short.nativeId])
    await eventually('it goes on', () => one.text.split('begun').length === 3)
    await engine.docker(['exec', short.nativeId, 'touch', '/tmp/end'])
    await eventually('its last line comes', () => one.text.includes('short | last'))
    t.notOk(one.over, 'not before it is seen to have ended')
    await instance.update({ where: { id: short.id }, data: { state: 'exited' } })
    await eventually('it ends', () => one.over, 15_000)
    t.notMatch(one.text, /moorage: /, 'as a log that is read to its end')
    t.equal(one.text.split('last').length, 2, 'no line twice')
    t.notOk(all.over)
    await scene.start('echo joined; sleep 1000', { name: 'third' })
    await eventually('another joins', () => all.text.includes('third | joined'), 10_000)
    const late = await scene.open('?follow=true&instance=short')
    await eventually('one that has ended already is told, and over', () => late.over, 15_000)
    t.match(late.text, /short \| last\n$/)
    all.leave()
    await eventually('nothing is open', () => scene.engineStreams() === 0)
  })

  await t.test(
    '429 says that an app is read too often, or has too many instances, and counts no stream twice',
    async (t) => {
      const scene = await logScene(t, engine)
      const { prisma } = scene.api.db
      const { id: firstId } = await scene.start('echo hello; sleep 1000', { name: 'first' })
      const clients: LogClient[] = []
      for (let nth = 0; nth < STREAMS_OF_APP; nth += 1) clients.push(await scene.open('?follow=true'))
      t.ok(clients.every(({ status }) => status === 200))
      const more = await scene.open('?follow=true')
      t.equal(more.status, 429)
      await eventually('it says why', () => more.over)
      t.match(JSON.parse(more.text), { code: 'too_many_streams', detail: /50 streams of this app's logs/ })
      for (const client of clients) client.leave()
      await eventually('there is room again', async () => (await scene.open()).status === 200)
      const { hostId, appId, image } = await prisma.instance.findUniqueOrThrow({ where: { id: firstId } })
      const common = { hostId, appId, image, service: 'many', serviceDigest: 'd', state: 'running', serving: true }
      await prisma.instance.createMany({
        data: Array.from({ length: INSTANCES }, (_, nth) => ({
          ...{
            ...common,
            id: newId(),
            nativeId: `gone-${nth}`,
            name: `many-${nth}`,
            ordinal: nth,
            observedAt: new Date(),
          },
        })),
      })
      for (const query of ['', '?follow=true']) {
        const many = await scene.open(query)
        await eventually('it says why', () => many.over)
        t.match(JSON.parse(many.text), { status: 429, code: 'too_many_streams', detail: /101 instances/ })
      }
      t.equal(await scene.read('?service=web'), 'first | hello\n', 'those of a service are answered')
      t.equal(await scene.read('?service=many'), '')
    },
  )
}
