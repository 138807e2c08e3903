import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { DesiredApp } from '../../src/planning/index.ts'
import { reconcile } from '../../src/planning/index.ts'
import type { HealthcheckSpec } from '../../src/spec/index.ts'
import { IMAGES } from '../lab/images.ts'
import { eventually } from '../lab/run.ts'
import { bring, isCall } from './bring.ts'
import { execContract } from './exec-contract.ts'
import { followContract } from './follow-contract.ts'
import { logContract } from './contract-logs.ts'
import { type ContractSubject, stageOf, steady, withWeb } from './stage.ts'
import { statsContract } from './contract-stats.ts'

export type { ContractSubject, ContractTraits } from './stage.ts'

const CHECKED: HealthcheckSpec = {
  disabled: false,
  test: ['CMD', '/bin/check'],
  intervalNs: 1e8,
  timeoutNs: 2e9,
  startPeriodNs: 0,
  retries: 50,
}
const DATA = { type: 'volume', source: 'data', target: '/srv', readOnly: false, noCopy: false } as const
const VOLUMES = { data: { labels: {} } }

/** What every driver promises (src/drivers/driver.ts), as tests against a real engine. */
export function driverContract(t: Test, subject: ContractSubject): void {
  appContract(t, subject)
  streamContract(t, subject)
}

/** Its second part: what comes as it happens, and commands. */
export function streamContract(t: Test, subject: ContractSubject): void {
  const stage = stageOf(t, subject)
  logContract(t, stage)
  statsContract(t, stage)
  followContract(t, subject)
  execContract(t, subject)
}

/** Its first part: what is desired is brought about by plans alone. */
export function appContract(t: Test, subject: ContractSubject): void {
  const { name, traits } = subject
  const stage = stageOf(t, subject)
  const { driver, call, identity } = stage

  void t.test(`${name}: probe tells version, capacity and who the engine is`, async (t) => {
    const hostId = await driver.mark(call)
    t.equal(await driver.mark(call), hostId, 'a second time is the same')
    const probe = await driver.probe(call)
    t.match(probe, { version: /^\d+\.\d+/, apiVersion: /^v?\d/, markerHostId: hostId })
    t.ok(probe.capacity && probe.capacity.cpus > 0 && probe.capacity.memory > 1_000_000)
    t.equal(driver.capabilities.kind, subject.kind)
    t.same((await driver.probe(call)).facts, probe.facts, 'what a declaration depends on is the same')
    const second = stage.connect({ hostId: randomUUID() })
    t.equal(await second.mark(call), hostId, 'a second host of the installation learns who was first')
    const stranger = stage.connect({ installation: randomUUID() })
    t.not((await stranger.probe(call)).markerHostId, hostId, "another installation's identity is not ours")
    await driver.unmark(call)
    await driver.unmark(call)
    const { ownIdentity } = driver.capabilities
    t.equal((await driver.probe(call)).markerHostId, ownIdentity ? hostId : null)
  })

  void t.test(`${name}: an app comes up, is observed as it is, and leaves nothing behind`, async (t) => {
    const web = steady({ mounts: [DATA], healthcheck: CHECKED })
    const desired = await stage.up({ services: { web }, volumes: { data: { labels: { team: 'blue' } } } })
    t.same(reconcile(desired, await stage.lookAt(desired)).steps, [], 'there is nothing left to do')
    const seen = await stage.instance(desired)
    t.match(seen, {
      service: 'web',
      ordinal: 1,
      state: 'running',
      health: 'healthy',
      serving: true,
      exitCode: null,
      restarts: 0,
      tenantId: desired.tenant.id,
      appId: desired.app.id,
      image: web.image,
      imageDigest: /^sha256:/,
      addresses: [/^\d+\.\d+\.\d+\.\d+$/],
      restartGeneration: 0,
      serviceDigest: /^[0-9a-f]{64}$/,
      startedAt: /^\d{4}-\d\d-\d\dT/,
      createdAt: /^\d{4}-\d\d-\d\dT/,
    })
    t.ok(seen.runningForMs !== null && seen.runningForMs < 120_000)
    t.match(await driver.inspect(seen.nativeId, call), { nativeId: seen.nativeId, health: 'healthy' })
    const { instances } = await driver.observe({}, call)
    t.ok(
      instances.some(({ nativeId }) => nativeId === seen.nativeId),
      'it is among all of the installation',
    )
    await stage.bring(await stage.change(desired, { spec: null, removeVolumes: false }))
    t.same(await stage.instances(desired), [])
    t.equal(await driver.inspect(seen.nativeId, call), null)
    const { objects } = await driver.observe({ appId: desired.app.id }, call)
    t.ok(
      objects.some(({ key }) => key.endsWith('data')),
      'its volume is still there',
    )
    await stage.remove(desired)
    t.same(await driver.observe({ appId: desired.app.id }, call), { instances: [], objects: [] })
  })

  void t.test(`${name}: every step may be repeated`, async (t) => {
    const web = steady({ mounts: [DATA] })
    const desired = await stage.want({ services: { web }, volumes: VOLUMES })
    await stage.bring(desired, { twice: true })
    t.match(await stage.instances(desired), [{ state: 'running', serving: true }])
    const more = await stage.change(desired, { ...withWeb(desired, { environment: { A: '1' } }), replicas: { web: 2 } })
    await stage.bring(more, { twice: true })
    t.match((await stage.instances(desired)).toSorted(byOrdinal), [
      { state: 'running', ordinal: 1 },
      { state: 'running', ordinal: 2 },
    ])
    await stage.remove(desired, { twice: true })
    t.same(await driver.observe({ appId: desired.app.id }, call), { instances: [], objects: [] })
  })

  void t.test(
    `${name}: scaled to three and back, nothing is lost of what stays, and an update replaces all of it`,
    async (t) => {
      const desired = await stage.up()
      const first = await stage.instance(desired)
      await stage.bring(await stage.change(desired, { replicas: { web: 3 } }))
      const three = await stage.instances(desired)
      t.equal(three.length, 3)
      t.ok(three.every(({ state }) => state === 'running'))
      t.ok(
        three.some(({ nativeId }) => nativeId === first.nativeId),
        'the first one runs on',
      )
      await stage.bring(desired)
      const kept = await stage.instance(desired)
      t.ok(
        three.some(({ nativeId }) => nativeId === kept.nativeId),
        'and one of them is what stays',
      )
      const newer = await stage.change(desired, withWeb(desired, { image: IMAGES.web2 }))
      await stage.bring(newer)
      const next = await stage.instance(newer)
      t.match(next, { image: IMAGES.web2, state: 'running', serving: true })
      t.not(next.nativeId, kept.nativeId)
      t.not(next.serviceDigest, kept.serviceDigest)
      await stage.bring(await stage.change(newer, { restartGeneration: 1 }))
      const again = await stage.instance(newer)
      t.match(again, { image: IMAGES.web2, state: 'running', restartGeneration: 1 })
      t.not(again.nativeId, next.nativeId, 'a restart is a new one too')
    },
  )

  void t.test(`${name}: what is stopped runs no more, and starts again`, async (t) => {
    const desired = await stage.up()
    const stopped = await stage.change(desired, { running: false })
    await stage.bring(stopped)
    t.ok((await stage.instances(desired)).every(({ state, serving }) => state === 'exited' || !serving))
    t.notOk((await stage.instances(desired)).some(({ state }) => state === 'running'))
    await stage.bring(desired)
    t.match(await stage.instance(desired), { state: 'running', serving: true })
  })

  void t.test(`${name}: an installation never sees or touches another's, with equal names`, async (t) => {
    const desired = await stage.up({ volumes: VOLUMES, services: { web: steady({ mounts: [DATA] }) } })
    const ours = await stage.instance(desired)
    // The same eight digits, so that all names are equal.
    const installation = `${identity.installation.slice(0, 8)}${randomUUID().slice(8)}`
    const theirs = stage.connect({ installation })
    const foreign = await stage.change(desired, { installation })
    t.same(await theirs.observe({}, call), { instances: [], objects: [] })
    t.equal(await theirs.inspect(ours.nativeId, call), null)
    t.same(await theirs.tail(ours.nativeId, 5, call), [])
    await t.rejects(bring(theirs, foreign), { code: 'field_conflict' }, 'nor makes what there is already')
    const gone = await stage.change(foreign, { spec: null, removeVolumes: true })
    const seen = await stage.lookAt(desired)
    for (const step of reconcile(gone, seen).steps.filter(isCall))
      await t.rejects(theirs.execute(step, gone, call), { code: 'field_conflict' }, step.id)
    t.same(await theirs.observe({}, call), { instances: [], objects: [] })
    t.match(await stage.instances(desired), [{ nativeId: ours.nativeId, state: 'running', serving: true }])
    t.same(reconcile(desired, await stage.lookAt(desired)).steps, [], 'ours is as it was')
  })

  void t.test(
    `${name}: an object of a wanted name that is another tenant's is a field_conflict, and left alone`,
    async (t) => {
      const desired = await stage.up()
      const ours = await stage.instance(desired)
      const other: DesiredApp = await stage.change(desired, {
        tenant: { id: randomUUID(), name: desired.tenant.name },
        app: { id: randomUUID(), name: desired.app.name },
      })
      await t.rejects(stage.bring(other), { code: 'field_conflict' })
      t.same(await driver.observe({ appId: other.app.id }, call), { instances: [], objects: [] })
      t.match(await stage.instances(desired), [{ nativeId: ours.nativeId, state: 'running' }])
      t.same(reconcile(desired, await stage.lookAt(desired)).steps, [])
    },
  )

  void t.test(`${name}: errors are those of the table`, async (t) => {
    const missing = await stage.want({ services: { web: steady({ image: 'mrg-test/none:1' }) } })
    await t.rejects(stage.bring(missing), { code: 'image_not_found' }, 'an image that the policy forbids to pull')
    const bad = await stage.want({ services: { web: steady({ command: ['/no/such/program'] }) } })
    await t.rejects(stage.bring(bad), { code: 'unsupported' }, 'a command that is not there')
    const sick = await stage.want({
      services: {
        web: steady({
          image: IMAGES.broken,
          healthcheck: { ...CHECKED, test: ['CMD', '/bin/false'], intervalNs: 1e9, retries: 1 },
        }),
      },
    })
    await t.rejects(stage.bring(sick), { code: 'health_timeout' }, 'a health check that never holds')
  })

  void t.test(`${name}: a container that ends says how, and its last lines`, async (t) => {
    const restart = { policy: 'no', maxAttempts: null } as const
    const desired = await stage.want({ services: { web: steady({ image: IMAGES.crash, restart }) } })
    await t.rejects(stage.bring(desired), { code: 'crash_loop' })
    const ended = await eventually('it is seen to have exited', async () => {
      const [one] = await stage.instances(desired)
      return one?.state === 'exited' && one
    })
    t.match(ended, { exitCode: 3, runningForMs: null, health: null, serving: Boolean, restarts: 0 })
    t.same((await driver.tail(ended.nativeId, 20, call)).toSorted(), ['it broke', 'one line'])
    t.equal((await driver.tail(ended.nativeId, 1, call)).length, 1)
    t.same(await driver.tail('no-such-container', 20, call), [])
  })

  void t.test(`${name}: what others await comes first, and runs once`, async (t) => {
    const restart = { policy: 'no', maxAttempts: null } as const
    const first = steady({ image: IMAGES.once, restart })
    const dependsOn = { job: { condition: 'service_completed_successfully', required: true } } as const
    const desired = await stage.up({ services: { job: first, web: steady({ dependsOn }) } })
    const instances = (await stage.instances(desired)).toSorted((a, b) => (a.service < b.service ? -1 : 1))
    t.match(instances, [
      { service: 'job', state: 'exited', exitCode: 0 },
      { service: 'web', state: 'running' },
    ])
    const [job, web] = instances
    t.ok(Date.parse(job?.createdAt ?? '') <= Date.parse(web?.createdAt ?? ''))
    t.same(reconcile(desired, await stage.lookAt(desired)).steps, [], 'and is not run again')
  })

  void t.test(
    `${name}: an aborted call rejects at once with the signal's reason, a guarded one sends nothing`,
    async (t) => {
      const desired = await stage.up()
      const { nativeId } = await stage.instance(desired)
      const reason = new Error('enough')
      const abort = new AbortController()
      const looking = driver.observe({}, { signal: abort.signal })
      abort.abort(reason)
      await t.rejects(looking, reason)
      await t.rejects(driver.inspect(nativeId, { signal: abort.signal }), reason, 'an abort before the call counts too')
      const over = new Error('the lease is over')
      const guard = (): never => {
        throw over
      }
      const gone = await stage.change(desired, { spec: null, removeVolumes: true })
      const steps = reconcile(gone, await stage.lookAt(desired)).steps.filter(isCall)
      t.ok(steps.length > 0)
      for (const step of steps) await t.rejects(driver.execute(step, gone, { ...call, guard }), over, step.id)
      await t.rejects(driver.observe({}, { ...call, guard }), over)
      t.match(await driver.inspect(nativeId, call), { nativeId, state: 'running' }, 'it is still there')
      let calls = 0
      await driver.observe({ appId: desired.app.id }, { ...call, guard: () => calls++ })
      t.ok(calls >= 2, 'each request asks the guard')
    },
  )

  void t.test(`${name}: the inventory tells ours from foreign`, async (t) => {
    const desired = await stage.up({ services: { web: steady({ mounts: [DATA] }) }, volumes: VOLUMES })
    const stranger = stage.connect({ installation: randomUUID() })
    for (const kind of ['containers', 'networks', 'volumes'] as const) {
      const ours = (await driver.inventory(kind, call)).filter(({ app }) => app === desired.app.name)
      t.ok(ours.length > 0, kind)
      t.ok(
        ours.every(({ managed, tenant }) => managed && tenant === desired.tenant.name),
        kind,
      )
      const ids = new Set(ours.map(({ id }) => id))
      const foreign = (await stranger.inventory(kind, call)).filter(({ id }) => ids.has(id))
      t.equal(foreign.length, ours.length, kind)
      t.ok(
        foreign.every(({ managed, tenant, app }) => !managed && tenant === null && app === null),
        kind,
      )
    }
    const image = await eventually('the image is told of', async () =>
      (await driver.inventory('images', call)).find((one) => one.name === IMAGES.web1),
    )
    t.match(image, { managed: false, sizeBytes: Number })
  })

  if (traits.address !== null) {
    void t.test(
      `${name}: a service answers by its name in its app, and outside at the port that it has published`,
      async (t) => {
        const ports = [{ containerPort: 80, hostPort: null, hostIp: null, protocol: 'tcp' }] as const
        const desired = await stage.up({ services: { web: steady({ ports, healthcheck: CHECKED }), other: steady() } })
        const instances = await stage.instances(desired)
        const web = instances.find(({ service }) => service === 'web')
        const other = instances.find(({ service }) => service === 'other')
        const { hostPort } = web?.ports.find(({ containerPort }) => containerPort === 80) ?? {}
        const answer = await eventually('its port answers', async () => {
          const reply = await fetch(`http://${traits.address}:${hostPort}/`, {
            signal: AbortSignal.timeout(2000),
          }).catch(() => null)
          return reply?.ok && (await reply.text())
        })
        t.match(answer, /^1 /)
        const ask = await driver.exec(
          other?.nativeId ?? '',
          { command: ['wget', '-q', '-O', '-', 'http://web/'], tty: false },
          call,
        )
        let said = ''
        for await (const { data } of ask.output) said += data.toString()
        t.equal(said, answer, 'the same one answers')
      },
    )
  }
}

function byOrdinal(a: { readonly ordinal: number }, b: { readonly ordinal: number }): number {
  return a.ordinal - b.ordinal
}
