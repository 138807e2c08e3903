import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createDriver } from '../../src/drivers/index.ts'
import { names } from '../../src/planning/index.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages, IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { containerStep, desiredApp, freely, networkStep, service, volumeStep } from './build.ts'

if (await requireEngines(t)) {
  const engine = await startEngine({ tcp: false })
  t.teardown(async () => await engine.stop())
  await buildImages(engine)
  const identity = { installation: randomUUID(), hostId: randomUUID() }
  const { installation } = identity
  const driver = createDriver('docker', { endpoint: { socketPath: engine.socketPath }, identity })
  t.teardown(async () => await driver.close())
  const call = freely()
  const ours = `moorage.io/installation=${installation}`

  t.test('objects of a wanted name that carry no label of ours are field_conflict, and stay', async (t) => {
    const desired = desiredApp({ installation, volumes: { data: { labels: {} } } })
    const create = containerStep(desired, 'create_container')
    const network = names.network(desired)
    await engine.docker(['network', 'create', '--subnet', '10.240.0.0/24', network])
    await engine.docker(['volume', 'create', names.volume(desired, 'data')])
    await t.rejects(driver.execute(networkStep(desired, 'create_network'), desired, call), { code: 'field_conflict' })
    await t.rejects(
      driver.execute(create, desired, call),
      { code: 'field_conflict' },
      'no container gets into a foreign network',
    )
    await t.rejects(driver.execute(volumeStep(desired, 'create_volume', 'data'), desired, call), {
      code: 'field_conflict',
    })
    await t.rejects(driver.execute(networkStep(desired, 'remove_network', network), desired, call), {
      code: 'field_conflict',
    })
    await t.rejects(driver.execute(volumeStep(desired, 'remove_volume', 'data'), desired, call), {
      code: 'field_conflict',
    })
    await engine.docker(['network', 'rm', network])
    await driver.execute(networkStep(desired, 'create_network'), desired, call)
    await engine.docker(['run', '-d', '--name', create.target, IMAGES.web1])
    for (const action of [
      'create_container',
      'start_container',
      'stop_container',
      'remove_container',
      'promote',
      'withdraw',
    ] as const) {
      await t.rejects(driver.execute(containerStep(desired, action), desired, call), { code: 'field_conflict' }, action)
    }
    t.match(await engine.docker(['ps', '--format', '{{.Names}}']), create.target)
    t.match(await engine.docker(['volume', 'ls', '-q']), names.volume(desired, 'data'))
  })

  t.test('what carries our installation but not the rest of the labels is not taken for an instance', async (t) => {
    await engine.docker(['run', '-d', '--name', 'half', '--label', ours, IMAGES.web1])
    await engine.docker([
      'run',
      '-d',
      '--name',
      'odd',
      ...['--label', ours, '--label', 'moorage.io/tenant-id=t', '--label', 'moorage.io/app-id=a'],
      ...[
        '--label',
        'moorage.io/service=web',
        '--label',
        'moorage.io/service-digest=d',
        '--label',
        'moorage.io/ordinal=one',
      ],
      IMAGES.web1,
    ])
    await engine.docker(['volume', 'create', '--label', ours, 'half'])
    const { instances, objects } = await driver.observe({}, call)
    t.same(
      instances.filter(({ name }) => name === 'half' || name === 'odd'),
      [],
    )
    t.same(
      objects.filter(({ name }) => name === 'half'),
      [],
    )
    const half = (await engine.docker(['inspect', '--format', '{{.Id}}', 'half'])).trim()
    t.equal(await driver.inspect(half, call), null)
  })

  t.test('a marker volume that is not ours is a field_conflict', async (t) => {
    const other = { installation: randomUUID(), hostId: randomUUID() }
    const stranger = createDriver('docker', { endpoint: { socketPath: engine.socketPath }, identity: other })
    t.teardown(async () => await stranger.close())
    await engine.docker(['volume', 'create', `mrg-${other.installation.slice(0, 8)}-marker`])
    t.equal((await stranger.probe(call)).markerHostId, null)
    await t.rejects(stranger.mark(call), { code: 'field_conflict' })
    await stranger.unmark(call)
    t.match(await engine.docker(['volume', 'ls', '-q']), `mrg-${other.installation.slice(0, 8)}-marker`)
  })

  t.test('a spec reaches the engine as it is meant', async (t) => {
    const web = service({
      environment: { B: 'two words', A: '1' },
      labels: { team: 'blue', 'moorage.io/app-id': 'forged' },
      command: ['/bin/web'],
      user: '0:0',
      workingDir: '/tmp',
      hostname: 'box',
      readOnly: true,
      init: true,
      capDrop: ['ALL'],
      capAdd: ['NET_BIND_SERVICE'],
      groupAdd: ['10'],
      extraHosts: [{ host: 'db', ip: '10.9.9.9' }],
      ulimits: { nofile: { soft: 512, hard: 1024 } },
      shmSizeBytes: 32 * 1024 * 1024,
      stopSignal: 'SIGINT',
      stopGracePeriodNs: 2_500_000_000,
      restart: { policy: 'on-failure', maxAttempts: 3 },
      resources: {
        cpus: 0.5,
        memoryBytes: 64 * 1024 * 1024,
        pids: 100,
        reservedCpus: null,
        reservedMemoryBytes: 32 * 1024 * 1024,
      },
      mounts: [
        { type: 'volume', source: 'data', target: '/data', readOnly: true, noCopy: true },
        { type: 'tmpfs', target: '/scratch', sizeBytes: 1024 * 1024, mode: 0o1777 },
      ],
      ports: [{ containerPort: 80, hostPort: null, hostIp: '127.0.0.1', protocol: 'tcp' }],
      expose: ['9000-9001/udp', '81'],
      aliases: ['www'],
    })
    const desired = desiredApp({ installation, services: { web }, volumes: { data: { labels: {} } } })
    await driver.execute(networkStep(desired, 'create_network'), desired, call)
    await driver.execute(volumeStep(desired, 'create_volume', 'data'), desired, call)
    const create = containerStep(desired, 'create_container')
    await driver.execute(create, desired, call)
    await driver.execute(containerStep(desired, 'start_container'), desired, call)
    const [info] = JSON.parse(await engine.docker(['inspect', create.target]))
    t.match(info, {
      State: { Running: true },
      Config: {
        User: '0:0',
        WorkingDir: '/tmp',
        Hostname: 'box',
        StopSignal: 'SIGINT',
        StopTimeout: 3,
        Labels: { team: 'blue', 'moorage.io/app-id': desired.app.id },
      },
      HostConfig: {
        ReadonlyRootfs: true,
        Init: true,
        CapDrop: ['ALL'],
        CapAdd: [/NET_BIND_SERVICE/],
        SecurityOpt: ['no-new-privileges'],
        Memory: 64 * 1024 * 1024,
        MemoryReservation: 32 * 1024 * 1024,
        NanoCpus: 5e8,
        PidsLimit: 100,
        ShmSize: 32 * 1024 * 1024,
        RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
        LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
        Ulimits: [{ Name: 'nofile', Soft: 512, Hard: 1024 }],
        ExtraHosts: ['db:10.9.9.9'],
      },
    })
    t.same(Object.keys(info.Config.ExposedPorts).toSorted(), ['80/tcp', '81/tcp', '9000/udp', '9001/udp'])
    t.same(info.Config.Env.slice(0, 2), ['A=1', 'B=two words'])
    const inside = await engine.docker([
      'exec',
      create.target,
      'sh',
      '-c',
      'id; grep -E "scratch|/data" /proc/mounts; touch /data/x 2>&1; touch /x 2>&1; touch /scratch/x && echo written; ls /data',
    ])
    t.match(inside, /tmpfs \/scratch tmpfs rw.*size=1024k/)
    t.match(inside, /\/data \S+ ro/)
    t.match(inside, /written/)
    t.notMatch(inside, /seed/, 'nocopy keeps the volume empty')
    t.equal(inside.match(/Read-only file system/g)?.length, 2)
    t.match((await driver.observe({ appId: desired.app.id }, call)).instances, [
      { ports: [{ containerPort: 80, hostIp: '127.0.0.1' }] },
    ])
  })

  t.test('a terminal’s output is read raw, long lines and all, within 8 KiB', async (t) => {
    const script = 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "line $i"; done; printf "{\\"json\\":true}"'
    for (const tty of [true, false]) {
      const desired = desiredApp({
        installation,
        services: { web: service({ tty, command: ['/bin/sh', '-c', script] }) },
      })
      await driver.execute(networkStep(desired, 'create_network'), desired, call)
      await driver.execute(containerStep(desired, 'create_container'), desired, call)
      await driver.execute(containerStep(desired, 'start_container'), desired, call)
      const name = containerStep(desired, 'create_container').target
      await eventually('it has ended', async () => (await driver.inspect(name, call))?.state === 'exited')
      t.same(await driver.tail(name, 2, call), ['line 3000', '{"json":true}'])
      const many = await driver.tail(name, 3000, call)
      t.ok(many.join('\n').length <= 8192 && many.length > 500)
    }
  })

  t.test('a paused container is started by going on', async (t) => {
    const desired = desiredApp({ installation })
    await driver.execute(networkStep(desired, 'create_network'), desired, call)
    await driver.execute(containerStep(desired, 'create_container'), desired, call)
    await driver.execute(containerStep(desired, 'start_container'), desired, call)
    const { target } = containerStep(desired, 'start_container')
    await engine.docker(['pause', target])
    t.match(await driver.inspect(target, call), { state: 'paused' })
    await driver.execute(containerStep(desired, 'start_container'), desired, call)
    t.match(await driver.inspect(target, call), { state: 'running' })
    await engine.docker(['pause', target])
    await driver.execute(containerStep(desired, 'stop_container'), desired, call)
    t.match(await driver.inspect(target, call), { state: 'exited' })
  })

  t.test('forty containers are made and observed side by side, each at its own address', async (t) => {
    const desired = desiredApp({ installation, services: { web: service({ command: ['/bin/sleep', '600'] }) } })
    await driver.execute(networkStep(desired, 'create_network'), desired, call)
    const ordinals = Array.from({ length: 40 }, (_, nth) => nth + 1)
    await Promise.all(
      ordinals.map(
        async (ordinal) => await driver.execute(containerStep(desired, 'create_container', { ordinal }), desired, call),
      ),
    )
    t.equal((await driver.observe({ appId: desired.app.id }, call)).instances.length, 40)
    const addresses = await engine.docker(['ps', '-aq', '--filter', `label=moorage.io/app-id=${desired.app.id}`])
    const inspected: unknown[] = JSON.parse(await engine.docker(['inspect', ...addresses.trim().split('\n')]))
    const given = JSON.stringify(inspected).match(/"IPv4Address":"[^"]+"/g) ?? []
    t.equal(new Set(given).size, 40)
  })
}
