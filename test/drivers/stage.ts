import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { CallOptions, Driver, Identity, ObservedInstance, Probe } from '../../src/drivers/index.ts'
import { declareOn, type UndeclaredApp } from '../../src/drivers/kinds.ts'
import type { DesiredApp, ObservedApp } from '../../src/planning/index.ts'
import type { ServiceSpec } from '../../src/spec/index.ts'
import { eventually } from '../lab/run.ts'
import { bring, type BringOptions, lookAt } from './bring.ts'
import { desiredApp, type DesiredInput, freely, service } from './build.ts'

/** What engines differ in, where each is right. */
export interface ContractTraits {
  /** `one`: the engine does not tell a container's outputs apart in its log. */
  readonly outputs: 'apart' | 'one'
  /** The input of a command can be ended while it runs. */
  readonly endsInput: boolean
  /** A command that is let go of is killed, with all that it started. */
  readonly killsCommands: boolean
  /** It counts what containers use. */
  readonly stats: boolean
  /** Where published ports answer; null: nothing is published, and no container reaches another (there is no network). */
  readonly address: string | null
}

/** One kind of host, as the suite wants it: an engine with `IMAGES`, and drivers to it. */
export interface ContractSubject {
  readonly name: string
  /** As `declareOn` takes it. */
  readonly kind: string
  readonly settings?: unknown
  /** A driver of another identity to the same engine, at each call. */
  readonly connect: (identity: Identity) => Driver
  /** Takes away what an installation still has there. Left out: it goes with the engine. */
  readonly forget?: (installation: string) => Promise<void>
  readonly traits: ContractTraits
}

/** An installation of a test's own on a subject's engine, with a driver to it. */
export interface Stage {
  readonly subject: ContractSubject
  readonly driver: Driver
  readonly identity: Identity
  readonly call: CallOptions
  /** An app as it is wanted there. */
  want(input?: Omit<DesiredInput, 'installation'>): Promise<DesiredApp>
  /** The same app, wanted otherwise. */
  change(desired: DesiredApp, changes: Partial<UndeclaredApp>): Promise<DesiredApp>
  bring(desired: DesiredApp, options?: BringOptions): Promise<void>
  /** An app that is there. */
  up(input?: Omit<DesiredInput, 'installation'>): Promise<DesiredApp>
  /** Takes all of it away. */
  remove(desired: DesiredApp, options?: BringOptions): Promise<void>
  lookAt(desired: DesiredApp): Promise<ObservedApp>
  instances(desired: DesiredApp): Promise<readonly ObservedInstance[]>
  /** The one instance that it has, but for what is on its way out. */
  instance(desired: DesiredApp): Promise<ObservedInstance>
  /** Another driver to the same engine, closed with the test. */
  connect(different?: Partial<Identity>): Driver
}

export function stageOf(t: Test, subject: ContractSubject): Stage {
  const identity = { installation: randomUUID(), hostId: randomUUID() }
  const call = freely()
  const open: Driver[] = []
  const connect = (different: Partial<Identity> = {}): Driver => {
    const driver = subject.connect({ ...identity, ...different })
    open.push(driver)
    return driver
  }
  const driver = connect()
  t.teardown(async () => {
    await subject.forget?.(identity.installation)
    await Promise.all(open.map(async (one) => await one.close()))
  })
  let asked: Promise<Probe> | null = null
  const declare = async (undeclared: UndeclaredApp): Promise<DesiredApp> => {
    // A machine that all tests share may be too busy for a probe's few seconds, which no test here is about.
    asked ??= eventually('the engine tells of itself', async () => await driver.probe(call).catch(() => null))
    return declareOn(subject.kind, undeclared, { facts: (await asked).facts, settings: subject.settings ?? {} })
  }
  const instances = async (desired: DesiredApp): Promise<readonly ObservedInstance[]> =>
    (await driver.observe({ appId: desired.app.id }, call)).instances

  const stage: Stage = {
    subject,
    driver,
    identity,
    call,
    connect,
    instances,
    want: async (input = {}) =>
      await declare(desiredApp({ installation: identity.installation, services: { web: steady() }, ...input })),
    change: async (desired, changes) => await declare({ ...desired, notes: [], ...changes }),
    bring: async (desired, options) => await bring(driver, desired, options),
    up: async (input) => {
      const desired = await stage.want(input)
      await bring(driver, desired)
      return desired
    },
    remove: async (desired, options) =>
      await bring(driver, await stage.change(desired, { spec: null, removeVolumes: true }), options),
    lookAt: async (desired) => await lookAt(driver, desired, call),
    instance: async (desired) => {
      const [one, ...others] = (await instances(desired)).filter(({ state }) => state !== 'removing')
      if (!one || others.length > 0) throw new Error(`it has ${one ? 1 + others.length : 0} instances`)
      return one
    },
  }
  return stage
}

/** A service that runs on, and is ready soon where nothing checks its health. */
export function steady(different: Partial<ServiceSpec> = {}): ServiceSpec {
  return service({
    restart: { policy: 'unless-stopped', maxAttempts: null },
    update: { parallelism: 1, delayNs: 0, order: 'start-first', monitorNs: 500_000_000 },
    ...different,
  })
}

/** The same app with its one service `web` otherwise. */
export function withWeb(desired: DesiredApp, different: Partial<ServiceSpec>): Partial<UndeclaredApp> {
  const { spec } = desired
  if (!spec?.services.web) throw new Error('the app has no service `web`')
  return { spec: { ...spec, services: { ...spec.services, web: { ...spec.services.web, ...different } } } }
}
