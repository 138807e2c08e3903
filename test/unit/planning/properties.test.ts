import fc from 'fast-check'
import t from 'tap'
import {
  isReady,
  reconcile,
  effectiveDigest,
  names,
  type DesiredApp,
  type ObservedApp,
  type ObservedContainer,
  type Step,
} from '../../../src/planning/index.ts'
import { isCompleted, runsToCompletion, serves } from '../../../src/planning/readiness.ts'
import { countDown, simulate, type SimulatedApp, type SimulateOptions } from '../../../src/planning/simulate.ts'
import { updateOrder } from '../../../src/planning/slots.ts'
import type { AppSpec, ServiceSpec } from '../../../src/spec/index.ts'
import { after, app, desired, EMPTY, port, service, volume } from './build.ts'

const NAMES = ['db', 'job', 'api', 'web'] as const
type Name = (typeof NAMES)[number]
/** A release of this version has no service that gets ready (but for the job). */
const BROKEN = '3'
const RUNS = 1000

const conditions = fc.constantFrom('service_started' as const, 'service_healthy' as const)

const serviceOf = (name: Name): fc.Arbitrary<ServiceSpec> =>
  fc
    .record({
      version: fc.constantFrom('1', '2', BROKEN),
      replicas: fc.integer({ min: 0, max: 3 }),
      parallelism: fc.integer({ min: 0, max: 2 }),
      delayNs: fc.constantFrom(0, 1e9),
      order: fc.constantFrom('start-first' as const, 'stop-first' as const),
      forced: fc.constantFrom('no', 'no', 'port', 'volume', 'shared volume'),
      checked: fc.boolean(),
      restart: fc.constantFrom('unless-stopped' as const, 'unless-stopped' as const, 'no' as const),
      dependencies: fc.subarray(NAMES.slice(0, NAMES.indexOf(name))),
      condition: conditions,
    })
    .map(({ version, replicas, parallelism, delayNs, order, forced, checked, restart, dependencies, condition }) => {
      const isJob = name === 'job'
      return service({
        // The name is there so that equal services differ in their digest, and with it in what their containers do.
        environment: { NAME: name, VERSION: isJob && version === BROKEN ? '1' : version },
        replicas: forced === 'port' ? Math.min(1, replicas) : replicas,
        update: { parallelism, delayNs, order },
        ports: forced === 'port' ? [port(8000 + NAMES.indexOf(name))] : [],
        mounts: forced === 'volume' ? [volume(name)] : forced === 'shared volume' ? [volume('shared', true)] : [],
        ...(isJob || !checked ? { healthcheck: null } : {}),
        restart: { policy: isJob ? 'no' : restart, maxAttempts: null },
        dependsOn: Object.fromEntries(
          dependencies.map((other) => [other, after(other === 'job' ? 'service_completed_successfully' : condition)]),
        ),
      })
    })

const specs: fc.Arbitrary<AppSpec> = fc
  .record({
    db: serviceOf('db'),
    job: serviceOf('job'),
    api: serviceOf('api'),
    web: serviceOf('web'),
    there: fc.subarray([...NAMES]),
  })
  .map(({ there, ...services }) => app(Object.fromEntries(there.map((name) => [name, services[name]]))))

const wanted: fc.Arbitrary<DesiredApp> = fc
  .record({
    spec: fc.option(specs, { freq: 8 }),
    running: fc.integer({ min: 0, max: 6 }).map((n) => n > 0),
    restartGeneration: fc.integer({ min: 0, max: 2 }),
    removeVolumes: fc.boolean(),
  })
  .map(({ spec, ...changes }) => desired(spec, changes))

/** Wanted without a service that never gets ready. */
const good = wanted.filter(({ spec }) =>
  Object.values(spec?.services ?? {}).every(({ environment }) => environment.VERSION !== BROKEN),
)

/** A process that takes up a plan, in some order of its steps, and is killed after `most` of them. */
const attempts = fc.array(
  fc.record({
    to: wanted,
    most: fc.nat({ max: 30 }),
    order: fc.infiniteStream(fc.nat({ max: 7 })),
    again: fc.boolean(),
  }),
  { maxLength: 4 },
)
const last = fc.record({ to: good, order: fc.infiniteStream(fc.nat({ max: 7 })) })

/** What the engine's containers do, for every digest that any of these may have. */
function behaviour(all: readonly DesiredApp[], stopCode: number): SimulateOptions {
  const neverReady = new Set<string>()
  const exits = new Map<string, number>()
  for (const { spec, restartGeneration } of all) {
    for (const [name, one] of Object.entries(spec?.services ?? {})) {
      const digest = effectiveDigest(one, restartGeneration)
      if (name === 'job') exits.set(digest, 0)
      else if (one.environment.VERSION === BROKEN) neverReady.add(digest)
    }
  }
  return { neverReady, exits, stopCode }
}

function keyOf({ service: name, ordinal, serviceDigest }: ObservedContainer): string {
  return `${name}/${ordinal}@${serviceDigest}`
}

/** Plans, walks up to `most` steps, and checks after each what must never be broken on the way. */
function attempt(
  to: DesiredApp,
  from: SimulatedApp,
  { most, choose, options }: { most?: number; choose: () => number; options: SimulateOptions },
) {
  const plan = reconcile(to, from)
  const services = to.running ? Object.entries(to.spec?.services ?? {}) : []
  const downAtFirst = new Map(services.map(([name]) => [name, countDown(to, from, name)]))
  let before: ObservedApp = from
  const seen = (now: SimulatedApp, step: Step): void => {
    const keys = now.containers.map(keyOf)
    if (new Set(keys).size < keys.length)
      throw new Error(`${step.id} made a second container of one ordinal and digest`)
    for (const [name, one] of services) {
      if (runsToCompletion(to.spec as AppSpec, name)) continue
      const { stopFirst } = updateOrder(one)
      const [down, was] = [countDown(to, now, name), countDown(to, before, name)]
      if (!stopFirst && down > was) throw new Error(`${step.id} took a container of ${name} down, start-first`)
      const most = Math.max(downAtFirst.get(name) ?? 0, one.update.parallelism || Infinity)
      if (down > most) throw new Error(`${step.id} took ${down} containers of ${name} down, ${most} are allowed`)
    }
    checkStep(to, before, now, step)
    before = now
  }
  return { plan, ...simulate({ plan, desired: to, observed: from, options, choose, most, seen }) }
}

function checkStep({ spec, ...to }: DesiredApp, before: ObservedApp, now: ObservedApp, step: Step): void {
  const destructive = ['withdraw', 'stop_container', 'remove_container', 'remove_network', 'remove_volume'].includes(
    step.action,
  )
  if (destructive && step.nativeId === null) throw new Error(`${step.id} names no object that was observed`)
  const one = spec?.services[step.service ?? '']
  if (!spec || !to.running || !one || !step.service || !step.ordinal || step.ordinal > one.replicas) return
  const name = step.service
  const { stopFirst } = updateOrder(one)
  const completes = Object.values(spec.services).some(
    ({ dependsOn }) => dependsOn[name]?.condition === 'service_completed_successfully',
  )
  const digest = effectiveDigest(one, to.restartGeneration)
  const here = now.containers.filter((other) => other.service === name && other.ordinal === step.ordinal)
  if (destructive && step.serviceDigest !== digest && !stopFirst && !completes) {
    const replaced = here.some(
      (other) =>
        other.serviceDigest === digest &&
        (isCompleted(spec, name, other) || (serves(other) && isReady(spec, name, other))),
    )
    if (!replaced) throw new Error(`${step.id}: nothing serves in its place`)
  }
  if (step.action === 'start_container' && (stopFirst || completes)) {
    const beside = before.containers.some(
      (other) =>
        other.service === name &&
        other.ordinal === step.ordinal &&
        other.name !== step.target &&
        other.state === 'running',
    )
    if (beside) throw new Error(`${step.id}: the old one still runs beside it`)
  }
}

const stopCodes = fc.constantFrom(0, 143)

t.test('a plan that is carried out leaves nothing to do, after whatever was begun and cut off before', async () => {
  fc.assert(
    fc.property(attempts, last, stopCodes, (tries, { to, order }, stopCode) => {
      const options = behaviour([...tries.map((one) => one.to), to], stopCode)
      let observed: SimulatedApp = EMPTY
      for (const one of tries) {
        const choose = (): number => one.order.next().value as number
        observed = attempt(one.to, observed, { most: one.most, choose, options }).observed
        if (one.again) observed = attempt(one.to, observed, { choose, options }).observed
      }
      finish(to, observed, options, () => order.next().value as number)
    }),
    { numRuns: RUNS },
  )
})

/** Carries a plan out, and plans again: nothing may be left to do, and what is there must be what is wanted. */
function finish(to: DesiredApp, from: SimulatedApp, options: SimulateOptions, choose: () => number): void {
  const { observed, failed } = attempt(to, from, { choose, options })
  if (failed !== null) throw new Error(`a step failed: ${failed}`)
  const left = reconcile(to, observed).steps
  if (left.length > 0) throw new Error(`left to do: ${left.map(({ id, cause }) => `${id} (${cause})`).join(', ')}`)
  if (!to.running && to.spec) return
  const there = observed.containers.map(({ name }) => name).toSorted()
  const expected = Object.entries(to.spec?.services ?? {}).flatMap(([name, one]) =>
    Array.from({ length: one.replicas }, (_, at) =>
      names.container(to, name, at + 1, effectiveDigest(one, to.restartGeneration)),
    ),
  )
  if (there.join() !== expected.toSorted().join()) throw new Error(`there is ${there.join()}`)
  if (!to.spec && (observed.network || (to.removeVolumes && observed.volumes.length > 0)))
    throw new Error('something is left behind')
}

const containers = (pool: readonly DesiredApp[]): fc.Arbitrary<ObservedContainer[]> => {
  const digests = pool.flatMap(({ spec, restartGeneration }) =>
    Object.entries(spec?.services ?? {}).map(([name, one]) => ({
      name,
      digest: effectiveDigest(one, restartGeneration),
      checked: one.healthcheck !== null,
    })),
  )
  if (digests.length === 0) return fc.constant([])
  const one = fc.record({
    of: fc.constantFrom(...digests),
    ordinal: fc.integer({ min: 1, max: 4 }),
    state: fc.constantFrom(
      'running' as const,
      'running' as const,
      'created' as const,
      'exited' as const,
      'paused' as const,
      'restarting' as const,
      'dead' as const,
    ),
    health: fc.constantFrom('starting' as const, 'healthy' as const, 'healthy' as const, 'unhealthy' as const),
    exitCode: fc.constantFrom(0, 1, 137),
    runningForMs: fc.constantFrom(0, 60_000),
    serving: fc.boolean(),
  })
  const key = ({ of, ordinal }: { of: { name: string; digest: string }; ordinal: number }): string =>
    `${of.name}/${ordinal}@${of.digest}`
  return fc.uniqueArray(one, { selector: key, maxLength: 14 }).map((all) =>
    all.map(({ of, ordinal, state, health, exitCode, runningForMs, serving }, at) => ({
      nativeId: `x-${at}`,
      name: names.container(desired(null), of.name, ordinal, of.digest),
      service: of.name,
      ordinal,
      serviceDigest: of.digest,
      state,
      health: of.checked && state !== 'created' ? health : null,
      exitCode: state === 'exited' || state === 'dead' ? exitCode : null,
      restarts: 0,
      runningForMs: state === 'running' ? runningForMs : null,
      serving,
    })),
  )
}

t.test('from whatever state an engine is found in, one plan is enough', async () => {
  const found = fc
    .tuple(good, good)
    .chain(([to, other]) =>
      fc.tuple(
        fc.constant(to),
        fc.constant(other),
        containers([to, other]),
        fc.boolean(),
        fc.infiniteStream(fc.nat({ max: 7 })),
      ),
    )
  fc.assert(
    fc.property(found, stopCodes, ([to, other, there, bare, order], stopCode) => {
      const network =
        bare && there.every(({ state }) => state === 'exited' || state === 'created')
          ? null
          : { nativeId: 'n', name: names.network(to), subnet: null }
      const volumes = Object.keys(other.spec?.volumes ?? {}).map((key) => ({ nativeId: `v-${key}`, key }))
      finish(
        to,
        { network, volumes, containers: there, objects: [] },
        behaviour([to, other], stopCode),
        () => order.next().value as number,
      )
    }),
    { numRuns: RUNS * 2 },
  )
})

t.test('a release that never gets ready leaves what served before it serving, start-first', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 3 }),
      fc.boolean(),
      (replicas, parallelism, checked) => {
        const release = (version: string): DesiredApp =>
          desired(
            app({
              web: service({
                replicas,
                update: { parallelism },
                environment: { VERSION: version },
                ...(checked ? {} : { healthcheck: null }),
              }),
            }),
          )
        const [from, to] = [release('1'), release(BROKEN)]
        const options = behaviour([from, to], 143)
        const choose = (): number => 0
        const running = attempt(from, EMPTY, { choose, options }).observed
        const { failed, observed } = attempt(to, running, { choose, options })
        if (failed === null) throw new Error('it did not fail')
        if (countDown(from, observed, 'web') > 0) throw new Error('something went down')
        const back = attempt(from, observed, { choose, options })
        if (back.failed !== null || reconcile(from, back.observed).steps.length > 0)
          throw new Error('it did not come back')
        if (back.plan.steps.some(({ action }) => action === 'create_container'))
          throw new Error('what still served was made again')
      },
    ),
    { numRuns: 60 },
  )
})
