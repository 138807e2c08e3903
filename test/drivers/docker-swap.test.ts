import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createDriver } from '../../src/drivers/index.ts'
import { names, type StepAction } from '../../src/planning/index.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages, IMAGES, readClient } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { containerStep, desiredApp, freely, networkStep, service } from './build.ts'

const withoutTimes = (log: string): string => log.replaceAll(/^\S+ /gm, '')

if (await requireEngines(t)) {
  const engine = await startEngine({ tcp: false })
  t.teardown(async () => await engine.stop())
  await buildImages(engine)
  const installation = randomUUID()
  const driver = createDriver('docker', {
    endpoint: { socketPath: engine.socketPath },
    identity: { installation, hostId: randomUUID() },
  })
  t.teardown(async () => await driver.close())
  const call = freely()
  const healthcheck = {
    disabled: false,
    test: ['CMD', '/bin/check'],
    intervalNs: 1e8,
    timeoutNs: 2e9,
    startPeriodNs: 0,
    retries: 50,
  }

  t.test('clients that ask by name get every answer through 20 swaps, and a live connection goes on', async (t) => {
    const web = service({ healthcheck, aliases: ['www'] })
    const client = service({ image: IMAGES.client, environment: { COUNT: '100000' }, stopGracePeriodNs: 0 })
    // One connection to the echo service for all the time: it ends, and its container with it, when the connection is cut.
    const ticks = 'n=0; while :; do n=$((n+1)); echo $n; usleep 50000; done | nc web 7'
    const live = service({ image: IMAGES.client, command: ['/bin/sh', '-c', ticks], stopGracePeriodNs: 0 })
    const desired = desiredApp({ installation, services: { web, client, live } })
    const act = async (action: StepAction, different: Parameters<typeof containerStep>[2]): Promise<void> => {
      t.match(await driver.execute(containerStep(desired, action, different), desired, call), { result: 'done' })
    }
    const bring = async (different: Parameters<typeof containerStep>[2]): Promise<void> => {
      await act('create_container', different)
      await act('start_container', different)
    }
    const [first, second] = [{ version: '1' }, { version: '2' }]
    await driver.execute(networkStep(desired, 'create_network'), desired, call)
    await bring({ ...first, serving: true })
    await act('create_container', { ...second, serving: false })
    await act('start_container', second)
    const observed = async () => (await driver.observe({ appId: desired.app.id }, call)).instances
    await eventually('both are healthy', async () => (await observed()).every(({ health }) => health === 'healthy'))
    const before = await observed()
    const clients = [1, 2, 3].map((ordinal) => ({ service: 'client', ordinal, serving: true }))
    for (const one of clients) await bring(one)
    const log = async (one: (typeof clients)[number]) =>
      await engine.docker([
        'logs',
        '--timestamps',
        names.container(desired, 'client', one.ordinal, containerStep(desired, 'wait', one).serviceDigest ?? ''),
      ])
    const output = async (one: (typeof clients)[number]) => readClient(withoutTimes(await log(one)))
    const failures = async (one: (typeof clients)[number]) =>
      (await log(one)).split('\n').filter((line) => line.includes('wget'))
    await eventually('the clients ask', async () => (await Promise.all(clients.map(output))).every(({ n }) => n >= 25))

    const connection = containerStep(desired, 'create_container', { service: 'live' })
    await bring({ service: 'live' })
    const echoed = async () => Number((await driver.tail(connection.target, 1, call))[0] ?? 0)
    await eventually('the connection is live', async () => (await echoed()) > 5)

    for (let nth = 0; nth < 10; nth++) {
      const [next, last] = nth % 2 === 0 ? [second, first] : [first, second]
      await act('promote', next)
      await act('withdraw', last)
    }
    const echoes = await echoed()
    await eventually('the same connection goes on', async () => (await echoed()) > echoes + 20)
    t.match(await driver.inspect(connection.target, call), { state: 'running', restarts: 0 })
    const asked = await Promise.all(clients.map(output))
    await eventually('each client goes on', async () =>
      (await Promise.all(clients.map(output))).every(({ n }, nth) => n >= (asked[nth]?.n ?? 0) + 50),
    )
    for (const one of clients) t.same(await failures(one), [], `of ${(await output(one)).n} requests`)
    const after = await observed()
    t.same(
      after.map(({ name, addresses }) => ({ name, addresses })).filter(({ name }) => name.includes('_web_')),
      before.map(({ name, addresses }) => ({ name, addresses })),
      'each kept its address',
    )
    t.same(
      after
        .filter((one) => one.service === 'web')
        .map(({ serviceDigest, serving }) => ({ serviceDigest, serving }))
        .toSorted((a, b) => Number(a.serving) - Number(b.serving)),
      [first, second]
        .toReversed()
        .map((one) => ({ serviceDigest: containerStep(desired, 'wait', one).serviceDigest, serving: one === first })),
    )
  })

  t.test('a swap that a dead process left half done is finished by the next', async (t) => {
    const desired = desiredApp({ installation, services: { web: service({ aliases: ['www'] }) } })
    const network = names.network(desired)
    const one = containerStep(desired, 'promote')
    for (const step of [
      networkStep(desired, 'create_network'),
      containerStep(desired, 'create_container'),
      containerStep(desired, 'start_container'),
    ]) {
      await driver.execute(step, desired, call)
    }
    const [made] = (await driver.observe({ appId: desired.app.id }, call)).instances
    await engine.docker(['network', 'disconnect', network, one.target])
    const [left] = (await driver.observe({ appId: desired.app.id }, call)).instances
    t.match(left, { state: 'running', serving: false, addresses: [] })
    await driver.execute(one, desired, call)
    const [found] = (await driver.observe({ appId: desired.app.id }, call)).instances
    t.match(found, { state: 'running', serving: true })
    t.same(found?.addresses, made?.addresses, 'at the address that it had')
    const aliases = await engine.docker(['inspect', '--format', '{{json .NetworkSettings.Networks}}', one.target])
    t.match(aliases, /"web".*"www"/)
    await engine.docker(['network', 'disconnect', network, one.target])
    await driver.execute(containerStep(desired, 'withdraw'), desired, call)
    t.match((await driver.observe({ appId: desired.app.id }, call)).instances, [
      { serving: false, addresses: made?.addresses },
    ])
  })

  t.test('a swap that was begun is ended even when its caller turns away', async (t) => {
    const desired = desiredApp({ installation })
    for (const step of [
      networkStep(desired, 'create_network'),
      containerStep(desired, 'create_container'),
      containerStep(desired, 'start_container'),
    ]) {
      await driver.execute(step, desired, call)
    }
    const abort = new AbortController()
    const reason = new Error('cancelled')
    let requests = 0
    // inspect, network, disconnect, connect: turns away as the third leaves
    const guard = (): void => {
      if (++requests === 3) setImmediate(() => abort.abort(reason))
    }
    await t.rejects(
      driver.execute(containerStep(desired, 'withdraw'), desired, { signal: abort.signal, guard }),
      reason,
    )
    await eventually('it is connected again, without the name', async () => {
      const [instance] = (await driver.observe({ appId: desired.app.id }, call)).instances
      return instance?.serving === false && instance.addresses.length === 1
    })
    t.equal(requests, 4, 'the guard was asked for the last request too')
  })

  t.test('an address that a stranger took while a container was down is replaced at its start', async (t) => {
    const desired = desiredApp({ installation })
    const network = names.network(desired)
    const [create, start] = [containerStep(desired, 'create_container'), containerStep(desired, 'start_container')]
    await driver.execute(networkStep(desired, 'create_network'), desired, call)
    await driver.execute(create, desired, call)
    const address = (
      await engine.docker([
        'inspect',
        '--format',
        '{{range .NetworkSettings.Networks}}{{.IPAMConfig.IPv4Address}}{{end}}',
        create.target,
      ])
    ).trim()
    await engine.docker(['run', '-d', '--name', 'stranger', '--network', network, '--ip', address, IMAGES.web1])
    t.match(await driver.execute(start, desired, call), { result: 'done' })
    const [instance] = (await driver.observe({ appId: desired.app.id }, call)).instances
    t.match(instance, { state: 'running', serving: true })
    t.not(instance?.addresses[0], address)
    t.equal(
      (await engine.docker(['inspect', '--format', '{{.State.Running}}', 'stranger'])).trim(),
      'true',
      'the stranger was left alone',
    )
    await driver.execute(containerStep(desired, 'remove_container'), desired, call)
    await driver.execute(networkStep(desired, 'remove_network'), desired, call)
    t.equal(
      (await engine.docker(['inspect', '--format', '{{.State.Running}}', 'stranger'])).trim(),
      'true',
      'and runs on without our network',
    )
    t.equal((await driver.observe({ appId: desired.app.id }, call)).objects.length, 0)
    await engine.docker(['rm', '-f', 'stranger'])
  })

  t.test('containers keep their addresses and names over a restart of the engine', async (t) => {
    const restart = { policy: 'always' as const, maxAttempts: null }
    const desired = desiredApp({ installation, services: { web: service({ restart }) } })
    await driver.execute(networkStep(desired, 'create_network'), desired, call)
    const ordinals = [1, 2, 3, 4, 5]
    for (const ordinal of ordinals) {
      await driver.execute(containerStep(desired, 'create_container', { ordinal, serving: false }), desired, call)
      await driver.execute(containerStep(desired, 'start_container', { ordinal }), desired, call)
    }
    for (const ordinal of [5, 3, 1]) await driver.execute(containerStep(desired, 'promote', { ordinal }), desired, call)
    const look = async () =>
      (await driver.observe({ appId: desired.app.id }, call)).instances.map(
        ({ ordinal, addresses, serving, state }) => ({ ordinal, addresses, serving, state }),
      )
    const before = await look()
    t.equal(new Set(before.flatMap(({ addresses }) => addresses)).size, 5)
    await engine.kill()
    await engine.restart()
    await eventually('all run again', async () => (await look()).every(({ state }) => state === 'running'))
    t.same(await look(), before)
  })
}
