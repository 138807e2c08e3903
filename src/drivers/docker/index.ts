import type { CallOptions, Driver, Probe, StepOutcome } from '../driver.ts'
import type { DriverOptions } from '../kinds.ts'
import type { Step } from '../../planning/index.ts'
import { AppError } from '../../errors/app-error.ts'
import { KeyedLock } from '../../lib/limit.ts'
import { capacityReader } from './capacity.ts'
import { createContainer, removeContainer, startContainer, stopContainer } from './containers.ts'
import type { Context, Work } from './context.ts'
import { connectEngine } from './engine.ts'
import { follow } from './events.ts'
import { exec } from './exec.ts'
import { pullImage } from './images.ts'
import { inventory } from './inventory.ts'
import { logsReader, tail } from './logs.ts'
import { mapRefusal, mapTimeout, Refusal } from './map-error.ts'
import { readMarker, removeMarker, writeMarker } from './marker.ts'
import { createNetwork, removeNetwork } from './networks.ts'
import { observe, observeContainer } from './observe.ts'
import { statsReader } from './stats.ts'
import { swap } from './swap.ts'
import { createVolume, removeVolume } from './volumes.ts'

/** All of a probe's calls together; its promise is 5 s. */
const PROBE_MS = 4800
/** Of one tenant on one engine. */
const PULLS = 4
const STOPS = 16

/**
 * Drives one Docker engine (20.10 or newer) by its API, over a unix socket or TCP. Connects at the first call.
 * Throws `unsupported` for an endpoint that isn't one of Docker's.
 */
export function createDockerDriver(options: DriverOptions): Driver {
  const engine = connectEngine(options.endpoint)
  const capacity = capacityReader(engine)
  const context: Context = {
    engine,
    identity: options.identity,
    networks: new KeyedLock(),
    given: new Set(),
    pulls: new KeyedLock(PULLS),
    stops: new KeyedLock(STOPS),
    digests: new Map(),
  }
  return {
    capabilities: { kind: 'docker', subnets: true, ownIdentity: false },
    probe: async (call) => await edge('probe', async () => await probe(context, capacity, call)),
    mark: async (call) => await edge('mark the engine', async () => await writeMarker(context, call)),
    unmark: async (call) => await edge('unmark the engine', async () => await removeMarker(context, call)),
    observe: async (filter, call) => await edge('observe', async () => await observe(context, filter, call)),
    execute: async (step, desired, call) =>
      await edge(toWords(step), async () => await execute({ ...context, step, desired, call })),
    progress: async (step) => {
      throw notCalled(step)
    },
    inspect: async (nativeId, call) =>
      await edge('inspect', async () => await observeContainer(context, nativeId, call)),
    tail: async (nativeId, lines, call) =>
      await edge('read the log', async () => await tail(context, nativeId, lines, call)),
    follow: async (call) => await edge('follow', async () => await follow(context, call)),
    logs: logsReader(context),
    stats: statsReader(context),
    exec: async (nativeId, wanted, call) =>
      await edge('run a command', async () => await exec(context, nativeId, wanted, call)),
    inventory: async (kind, call) => await edge(`list ${kind}`, async () => await inventory(context, kind, call)),
    close: async () => engine.close(),
  }
}

/** Where engine's words end: a refusal that no part took for an outcome becomes an AppError here, once. */
async function edge<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof Refusal ? mapRefusal(error, doing) : error
  }
}

async function probe(
  context: Context,
  askCapacity: ReturnType<typeof capacityReader>,
  { signal, guard }: CallOptions,
): Promise<Probe> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(mapTimeout('probe', PROBE_MS)), PROBE_MS)
  const call: CallOptions = { signal: AbortSignal.any([signal, deadline.signal]), guard }
  try {
    const { minor, version } = await context.engine.negotiate(call, true)
    const [capacity, markerHostId] = await Promise.all([askCapacity(call), readMarker(context, call)])
    return { version, apiVersion: `1.${minor}`, capacity, markerHostId, facts: null }
  } finally {
    clearTimeout(timer)
  }
}

async function execute(work: Work): Promise<StepOutcome> {
  switch (work.step.action) {
    case 'create_network':
      return await createNetwork(work)
    case 'remove_network':
      return await removeNetwork(work)
    case 'create_volume':
      return await createVolume(work)
    case 'remove_volume':
      return await removeVolume(work)
    case 'pull_image':
      return await pullImage(work)
    case 'create_container':
      return await createContainer(work)
    case 'start_container':
      return await startContainer(work)
    case 'stop_container':
      return await stopContainer(work)
    case 'remove_container':
      return await removeContainer(work)
    case 'promote':
      return await swap(work, true)
    case 'withdraw':
      return await swap(work, false)
    case 'await_healthy':
    case 'await_completed':
    case 'apply_object':
    case 'delete_object':
    case 'await_rollout':
    case 'await_gone':
    case 'wait':
      throw notCalled(work.step)
  }
}

function notCalled({ id }: Step): AppError {
  return new AppError('internal', { detail: `the step ${id} is no call to a Docker engine` })
}

function toWords({ action, target }: Step): string {
  return `${action.replace('_', ' ')} ${target}`
}
