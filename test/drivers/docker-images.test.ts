import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createDriver } from '../../src/drivers/index.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages, IMAGES } from '../lab/images.ts'
import { containerStep, desiredApp, freely, networkStep, service } from './build.ts'

if (await requireEngines(t)) {
  const engine = await startEngine({ tcp: false })
  t.teardown(async () => await engine.stop())
  await buildImages(engine)
  const identity = { installation: randomUUID(), hostId: randomUUID() }
  const driver = createDriver('docker', { endpoint: { socketPath: engine.socketPath }, identity })
  t.teardown(async () => await driver.close())
  const made = (await engine.docker(['create', IMAGES.web1])).trim()
  const image = async (name: string, change: string) => await engine.docker(['commit', '--change', change, made, name])
  const create = async (wanted: ReturnType<typeof service>) => {
    const desired = desiredApp({ installation: identity.installation, services: { web: wanted } })
    await driver.execute(networkStep(desired, 'create_network'), desired, freely())
    const step = containerStep(desired, 'create_container')
    await driver.execute(step, desired, freely())
    return JSON.parse(await engine.docker(['inspect', '--format', '{{json .Config}}', step.target])) as {
      WorkingDir: string
      Healthcheck?: { Test: string[]; Interval?: number }
    }
  }

  t.test(
    'an image whose health check would run every millisecond gets a sane interval, and keeps its check',
    async (t) => {
      await image('mrg-test/restless:1', 'HEALTHCHECK --interval=1ms CMD /bin/check')
      const { Healthcheck } = await create(service({ image: 'mrg-test/restless:1' }))
      t.match(Healthcheck, { Test: ['CMD-SHELL', '/bin/check'], Interval: 500_000_000 })
      await image('mrg-test/calm:1', 'HEALTHCHECK --interval=7s CMD /bin/check')
      t.match((await create(service({ image: 'mrg-test/calm:1' }))).Healthcheck, { Interval: 7_000_000_000 })
      t.notOk((await create(service({ image: IMAGES.web1 }))).Healthcheck?.Interval)
    },
  )

  t.test('an image that begins in /proc is unsupported, unless the service says where to begin', async (t) => {
    await image('mrg-test/climber:1', 'WORKDIR /proc/self/fd/8')
    await t.rejects(create(service({ image: 'mrg-test/climber:1' })), { code: 'unsupported' })
    const { WorkingDir } = await create(service({ image: 'mrg-test/climber:1', workingDir: '/tmp' }))
    t.equal(WorkingDir, '/tmp')
  })
}
