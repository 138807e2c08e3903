import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { toObservedApp, type CallOptions } from '../../src/drivers/index.ts'
import { isAppError } from '../../src/errors/app-error.ts'
import { names, type DesiredApp } from '../../src/planning/index.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { all, containerStep, desiredApp, freely, networkStep, service, step, volumeStep } from './build.ts'
import { containerFollowContract } from './container-follow.ts'
import type { ContractSubject } from './stage.ts'

/** What drivers of engines promise that run single containers, which planning moves one by one: each step has its own outcome. */
export function containerContract(t: Test, subject: ContractSubject): void {
  const { connect } = subject
  const name = `${subject.name}, step by step`
  const installation = randomUUID()
  const hostId = randomUUID()
  const driver = connect({ installation, hostId })
  const call = freely()
  t.teardown(async () => await driver.close())

  const run = async (desired: DesiredApp, ...steps: ReturnType<typeof step>[]): Promise<void> => {
    for (const one of steps) {
      const { result } = await driver.execute(one, desired, call)
      if (result !== 'done') throw new Error(`${one.id}: ${result}`)
    }
  }
  const up = async (desired: DesiredApp, different: Parameters<typeof containerStep>[2] = {}): Promise<void> =>
    await run(
      desired,
      networkStep(desired, 'create_network'),
      containerStep(desired, 'create_container', different),
      containerStep(desired, 'start_container', different),
    )
  const lookAt = async (desired: DesiredApp): Promise<ReturnType<typeof toObservedApp>> =>
    toObservedApp(await driver.observe({ appId: desired.app.id }, call))

  void t.test(`${name}: probe tells version, capacity and marker, before and after it is left`, async (t) => {
    const first = await driver.probe(call)
    t.match(first, { version: /^\d+\.\d+/, apiVersion: /^1\.\d+$/, markerHostId: null })
    t.ok(first.capacity && first.capacity.cpus > 0 && first.capacity.memory > 1_000_000)
    t.equal(await driver.mark(call), hostId)
    t.equal(await driver.mark(call), hostId, 'a second time is the same')
    t.equal((await driver.probe(call)).markerHostId, hostId)
    const second = connect({ installation, hostId: randomUUID() })
    t.equal(await second.mark(call), hostId, 'a second host of the installation learns who was first')
    await second.unmark(call)
    t.equal((await driver.probe(call)).markerHostId, hostId, 'and can not take the mark away')
    const stranger = connect({ installation: randomUUID(), hostId: randomUUID() })
    t.equal((await stranger.probe(call)).markerHostId, null, "another installation's marker is not ours")
    await driver.unmark(call)
    await driver.unmark(call)
    t.equal((await driver.probe(call)).markerHostId, null)
    await Promise.all([second.close(), stranger.close()])
  })

  void t.test(`${name}: an app comes up, is observed as it is, and leaves nothing behind`, async (t) => {
    const web = service({
      mounts: [{ type: 'volume', source: 'data', target: '/srv', readOnly: false, noCopy: false }],
      healthcheck: {
        disabled: false,
        test: ['CMD', '/bin/check'],
        intervalNs: 1e8,
        timeoutNs: 2e9,
        startPeriodNs: 0,
        retries: 50,
      },
      restart: { policy: 'unless-stopped', maxAttempts: null },
    })
    const desired = desiredApp({ installation, services: { web }, volumes: { data: { labels: { team: 'blue' } } } })
    await run(desired, networkStep(desired, 'create_network'), volumeStep(desired, 'create_volume', 'data'))
    await run(desired, step('pull_image', web.image, { service: 'web' }))
    await run(desired, containerStep(desired, 'create_container'))
    t.match((await lookAt(desired)).containers, [
      { state: 'created', serving: true, exitCode: null, runningForMs: null },
    ])
    await run(desired, containerStep(desired, 'start_container'))
    const healthy = await eventually('it is healthy', async () => {
      const [container] = (await lookAt(desired)).containers
      return container?.health === 'healthy' && container
    })
    t.match(healthy, { service: 'web', ordinal: 1, state: 'running', serving: true, exitCode: null, restarts: 0 })
    t.ok(healthy.runningForMs !== null && healthy.runningForMs < 60_000)
    t.match(await driver.inspect(healthy.nativeId, call), { nativeId: healthy.nativeId, health: 'healthy' })
    t.match(await driver.inspect(healthy.name, call), { nativeId: healthy.nativeId }, 'by its name as well')
    const seen = await lookAt(desired)
    t.match(seen, { network: { subnet: desired.subnet }, volumes: [{ key: 'data' }] })
    const { instances } = await driver.observe({}, call)
    t.match(
      instances.find(({ appId }) => appId === desired.app.id),
      {
        tenantId: desired.tenant.id,
        image: web.image,
        imageDigest: /^sha256:/,
        addresses: [/^10\.201\./],
        restartGeneration: 0,
      },
    )
    const { nativeId } = healthy
    await run(desired, containerStep(desired, 'stop_container', { nativeId }))
    t.match((await lookAt(desired)).containers, [{ state: 'exited', exitCode: 0, runningForMs: null }])
    await run(desired, containerStep(desired, 'remove_container', { nativeId }))
    t.equal(await driver.inspect(nativeId, call), null)
    await run(
      desired,
      networkStep(desired, 'remove_network', seen.network?.nativeId),
      volumeStep(desired, 'remove_volume', 'data'),
    )
    t.same(await lookAt(desired), { network: null, volumes: [], containers: [], objects: [] })
  })

  void t.test(`${name}: every step may be repeated`, async (t) => {
    const desired = desiredApp({ installation, volumes: { data: { labels: {} } } })
    const twice = async (one: ReturnType<typeof step>): Promise<void> => await run(desired, one, one)
    await twice(networkStep(desired, 'create_network'))
    await twice(volumeStep(desired, 'create_volume', 'data'))
    await twice(step('pull_image', IMAGES.web1, { service: 'web' }))
    await twice(containerStep(desired, 'create_container', { serving: false }))
    await twice(containerStep(desired, 'start_container'))
    const seen = await lookAt(desired)
    const [container] = seen.containers
    t.match(seen.containers, [{ state: 'running', serving: false }])
    const nativeId = container?.nativeId ?? null
    await twice(containerStep(desired, 'promote', { nativeId }))
    t.match((await lookAt(desired)).containers, [{ serving: true }])
    await twice(containerStep(desired, 'withdraw', { nativeId }))
    t.match((await lookAt(desired)).containers, [{ serving: false, state: 'running' }])
    await twice(containerStep(desired, 'stop_container', { nativeId }))
    await twice(containerStep(desired, 'remove_container', { nativeId }))
    await twice(containerStep(desired, 'withdraw', { nativeId }))
    await twice(networkStep(desired, 'remove_network', seen.network?.nativeId))
    await twice(volumeStep(desired, 'remove_volume', 'data'))
    t.same(await lookAt(desired), { network: null, volumes: [], containers: [], objects: [] })
  })

  void t.test(`${name}: an installation never sees or touches another's, with equal names`, async (t) => {
    const desired = desiredApp({ installation, volumes: { data: { labels: {} } } })
    await up(desired)
    await run(desired, volumeStep(desired, 'create_volume', 'data'))
    const [ours] = (await lookAt(desired)).containers
    // The same eight digits, so that all names are equal.
    const theirs = connect({ installation: `${installation.slice(0, 8)}${randomUUID().slice(8)}`, hostId })
    t.teardown(async () => await theirs.close())
    const foreign = { ...desired, installation: `${installation.slice(0, 8)}-0000-4000-8000-000000000000` }
    t.same(await theirs.observe({}, call), { instances: [], objects: [] })
    t.equal(await theirs.inspect(ours?.nativeId ?? '', call), null)
    t.same(await theirs.tail(ours?.nativeId ?? '', 5, call), [])
    const nativeId = ours?.nativeId ?? null
    const steps = [
      networkStep(foreign, 'create_network'),
      networkStep(foreign, 'remove_network'),
      volumeStep(foreign, 'create_volume', 'data'),
      volumeStep(foreign, 'remove_volume', 'data'),
      containerStep(foreign, 'create_container'),
      ...(['start_container', 'stop_container', 'remove_container', 'promote', 'withdraw'] as const).map((action) =>
        containerStep(foreign, action, { nativeId }),
      ),
    ]
    for (const one of steps) {
      await t.rejects(theirs.execute(one, foreign, call), { code: 'field_conflict' }, one.action)
    }
    t.match((await lookAt(desired)).containers, [{ nativeId, state: 'running', serving: true }], 'ours is as it was')
    t.match(await lookAt(desired), { network: { subnet: desired.subnet }, volumes: [{ key: 'data' }] })
  })

  void t.test(
    `${name}: an object of a wanted name that is another tenant's is a field_conflict, and left alone`,
    async (t) => {
      const desired = desiredApp({ installation, volumes: { data: { labels: {} } } })
      await up(desired)
      await run(desired, volumeStep(desired, 'create_volume', 'data'))
      const other: DesiredApp = {
        ...desired,
        tenant: { id: randomUUID(), name: desired.tenant.name },
        app: { id: randomUUID(), name: desired.app.name },
      }
      for (const one of [
        networkStep(other, 'create_network'),
        volumeStep(other, 'create_volume', 'data'),
        containerStep(other, 'create_container'),
      ]) {
        await t.rejects(driver.execute(one, other, call), { code: 'field_conflict' }, one.action)
      }
      t.match((await lookAt(desired)).containers, [{ state: 'running' }])
    },
  )

  void t.test(`${name}: a subnet that is in use is an outcome`, async (t) => {
    const first = desiredApp({ installation })
    await run(first, networkStep(first, 'create_network'))
    const second = desiredApp({ installation, subnet: first.subnet })
    t.same(await driver.execute(networkStep(second, 'create_network'), second, call), { result: 'subnet_taken' })
    t.equal((await lookAt(second)).network, null)
  })

  void t.test(`${name}: errors are those of the table`, async (t) => {
    const missing = desiredApp({ installation, services: { web: service({ image: 'mrg-test/none:1' }) } })
    await run(missing, networkStep(missing, 'create_network'))
    const pull = step('pull_image', 'mrg-test/none:1', { service: 'web' })
    await t.rejects(driver.execute(pull, missing, call), { code: 'image_not_found' }, 'a pull that the policy forbids')
    await t.rejects(driver.execute(containerStep(missing, 'create_container'), missing, call), {
      code: 'image_not_found',
    })
    const ports = [{ containerPort: 80, hostPort: 18_080, hostIp: null, protocol: 'tcp' as const }]
    const [one, two] = [
      desiredApp({ installation, services: { web: service({ ports }) } }),
      desiredApp({ installation, services: { web: service({ ports }) } }),
    ]
    await up(one)
    await run(two, networkStep(two, 'create_network'), containerStep(two, 'create_container'))
    await t.rejects(driver.execute(containerStep(two, 'start_container'), two, call), { code: 'port_conflict' })
    t.match((await driver.observe({ appId: one.app.id }, call)).instances, [
      { ports: [{ containerPort: 80, hostPort: 18_080, protocol: 'tcp' }] },
    ])
    await run(one, containerStep(one, 'remove_container'))
    await run(two, containerStep(two, 'start_container'), containerStep(two, 'remove_container'))
    const bad = desiredApp({ installation, services: { web: service({ command: ['/no/such/program'] }) } })
    await run(bad, networkStep(bad, 'create_network'), containerStep(bad, 'create_container'))
    await t.rejects(driver.execute(containerStep(bad, 'start_container'), bad, call), { code: 'unsupported' })
  })

  void t.test(
    `${name}: an aborted call rejects at once with the signal's reason, a guarded one sends nothing`,
    async (t) => {
      const stubborn = service({
        command: ['/bin/sh', '-c', 'trap "" TERM; while :; do sleep 1; done'],
        stopGracePeriodNs: 60e9,
      })
      const desired = desiredApp({ installation, services: { web: stubborn } })
      await up(desired)
      const [container] = (await lookAt(desired)).containers
      const nativeId = container?.nativeId ?? null
      const abort = new AbortController()
      const reason = new Error('enough')
      const stopping = driver.execute(containerStep(desired, 'stop_container', { nativeId }), desired, {
        signal: abort.signal,
      })
      const began = performance.now()
      setTimeout(() => abort.abort(reason), 300)
      await t.rejects(stopping, reason)
      t.ok(performance.now() - began < 5000, 'and not only after the grace of 60 s')
      await t.rejects(driver.observe({}, { signal: abort.signal }), reason, 'an abort before the call counts too')
      const over = new Error('the lease is over')
      const guarded: CallOptions = {
        signal: call.signal,
        guard: () => {
          throw over
        },
      }
      await t.rejects(driver.execute(containerStep(desired, 'remove_container', { nativeId }), desired, guarded), over)
      t.match(await driver.inspect(nativeId ?? '', call), { nativeId }, 'it is still there')
      let calls = 0
      await driver.observe({ appId: desired.app.id }, { signal: call.signal, guard: () => calls++ })
      t.ok(calls >= 5, 'each request asks the guard')
      await run(desired, containerStep(desired, 'remove_container', { nativeId }))
    },
  )

  void t.test(`${name}: the inventory tells ours from foreign`, async (t) => {
    const desired = desiredApp({ installation, volumes: { data: { labels: {} } } })
    await up(desired)
    await run(desired, volumeStep(desired, 'create_volume', 'data'))
    const stranger = connect({ installation: randomUUID(), hostId })
    t.teardown(async () => await stranger.close())
    for (const kind of ['containers', 'networks', 'volumes'] as const) {
      const named = names.network(desired)
      const ours = (await driver.inventory(kind, call)).filter((item) => item.name.startsWith(named))
      t.match(ours, [{ managed: true, tenant: desired.tenant.name, app: desired.app.name }], kind)
      const foreign = (await stranger.inventory(kind, call)).filter((item) => item.name.startsWith(named))
      t.match(foreign, [{ managed: false, tenant: null, app: null }], kind)
    }
    const images = await driver.inventory('images', call)
    t.match(
      images.find((image) => image.name === IMAGES.web1),
      { managed: false, sizeBytes: Number },
    )
  })

  void t.test(
    `${name}: a command in a container that was never started is a conflict, one that is not there says so`,
    async (t) => {
      const desired = desiredApp({ installation })
      await run(desired, networkStep(desired, 'create_network'), containerStep(desired, 'create_container'))
      const nativeId = (await lookAt(desired)).containers[0]?.nativeId ?? ''
      await t.rejects(driver.exec(nativeId, { command: ['true'], tty: false }, call), { code: 'conflict' })
      await run(desired, containerStep(desired, 'start_container'))
      const said = await all((await driver.exec(nativeId, { command: ['/no/such'], tty: false }, call)).output)
      t.match(said.map(({ stream, data }) => `${stream} ${data.toString()}`).join(''), /^stdout .*no such file/)
      await run(desired, containerStep(desired, 'remove_container', { nativeId }))
    },
  )

  void t.test(
    `${name}: a container that went away while it was wanted is an error that the runner tries again`,
    async (t) => {
      const nowhere = desiredApp({ installation })
      for (const action of ['start_container', 'promote'] as const) {
        const error: unknown = await driver
          .execute(containerStep(nowhere, action), nowhere, call)
          .catch((e: unknown) => e)
        t.ok(isAppError(error) && error.retryable, action)
      }
    },
  )

  containerFollowContract(t, subject)
}
