import { randomBytes, randomUUID } from 'node:crypto'
import type { CallOptions } from '../../src/drivers/index.ts'
import type { DesiredApp, Step, StepAction } from '../../src/planning/index.ts'
import { names } from '../../src/planning/index.ts'
import { digestOf } from '../../src/lib/canonical.ts'
import type { ServiceSpec, VolumeSpec } from '../../src/spec/index.ts'
import { IMAGES } from '../lab/images.ts'
import { BARE_SERVICE } from '../lab/bare-service.ts'

/** A service with every default, and what a test wants different. */
export function service(different: Partial<ServiceSpec> = {}): ServiceSpec {
  return {
    image: IMAGES.web1,
    pullPolicy: 'never',
    ...BARE_SERVICE,
    stopGracePeriodNs: 1_000_000_000,
    restart: { policy: 'no', maxAttempts: null },
    healthcheck: null,
    update: { parallelism: 1, delayNs: 0, order: 'start-first', monitorNs: 5_000_000_000 },
    ...different,
  }
}

/** In the names of this process's apps: others may be on the same engine, and a cluster knows apps by their names. */
const MINE = `x${randomBytes(3).toString('hex')}`
let apps = 0

export interface DesiredInput {
  readonly installation: string
  readonly app?: string
  readonly tenant?: string
  readonly services?: Readonly<Record<string, ServiceSpec>>
  readonly volumes?: Readonly<Record<string, VolumeSpec>>
  readonly subnet?: string | null
}

/** An app with a subnet of its own (by default), to be given to steps. */
export function desiredApp(input: DesiredInput): DesiredApp {
  const nth = apps++
  return {
    installation: input.installation,
    tenant: { id: randomUUID(), name: input.tenant ?? 'acme' },
    app: { id: randomUUID(), name: input.app ?? `shop-${nth}-${MINE}` },
    host: { id: randomUUID(), name: 'lab' },
    subnet: input.subnet === undefined ? `10.201.${Math.floor(nth / 4)}.${(nth % 4) * 64}/26` : input.subnet,
    spec: {
      services: input.services ?? { web: service() },
      volumes: input.volumes ?? {},
      placement: { hosts: {}, kinds: [] },
      progressDeadlineNs: null,
    },
    replicas: {},
    running: true,
    restartGeneration: 0,
    removeVolumes: false,
    notes: [],
    objects: null,
    force: false,
  }
}

/** A step about an object by its name. */
export function step(action: StepAction, target: string, different: Partial<Step> = {}): Step {
  return {
    id: `${target}:${action}`,
    action,
    service: null,
    ordinal: null,
    target,
    cause: 'the test says so',
    after: [],
    nativeId: null,
    serviceDigest: null,
    serving: null,
    waitMs: null,
    ...different,
  }
}

/** A step about a service's container. */
export function containerStep(
  desired: DesiredApp,
  action: StepAction,
  different: Partial<Step> & { readonly version?: string } = {},
): Step {
  const { version = '1', ...rest } = different
  const name = rest.service ?? 'web'
  const ordinal = rest.ordinal ?? 1
  const serviceDigest = rest.serviceDigest ?? digestOf({ name, version })
  const target = names.container(desired, name, ordinal, serviceDigest)
  return step(action, target, {
    service: name,
    ordinal,
    serviceDigest,
    serving: action === 'create_container' ? true : null,
    ...rest,
  })
}

export function networkStep(
  desired: DesiredApp,
  action: 'create_network' | 'remove_network',
  nativeId: string | null = null,
): Step {
  return step(action, names.network(desired), { nativeId })
}

export function volumeStep(desired: DesiredApp, action: 'create_volume' | 'remove_volume', key: string): Step {
  const target = names.volume(desired, key)
  return step(action, target, { nativeId: action === 'remove_volume' ? target : null })
}

/** A call that nothing aborts. */
export function freely(): CallOptions {
  return { signal: new AbortController().signal }
}

/** What work is rejected with, null where it is not, and after how long. */
export async function failure(work: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const began = performance.now()
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return { error, ms: performance.now() - began }
}

/** Everything that comes, once it has ended. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
