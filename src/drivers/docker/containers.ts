import type { StepOutcome } from '../driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { sleep, withDeadline } from '../../lib/abort.ts'
import { gone, inspectContainer, notOurs, ownContainer, type ContainerInfo, type Work } from './context.ts'
import type { EngineRequest } from './engine.ts'
import { appLabels, isOf, LABELS, readIdentity } from '../labels.ts'
import { Refusal, refused } from './map-error.ts'
import { checkImageDefaults } from './image-defaults.ts'
import { networkName, ownNetwork, pickAddress, withAddress } from './networks.ts'
import { connect, disconnect, serviceNames } from './swap.ts'
import { toContainer } from './translate.ts'
import { volumeOf } from './volumes.ts'

const DEFAULT_GRACE_S = 10
/** Beside the grace: what an engine under load takes to kill a container and to put its files away. */
const STOP_MARGIN_MS = 60_000
const REMOVAL_MS = 60_000
const REMOVAL_POLL_MS = 50

/** Makes a container in the app's network, with the service's names or without. One of this identity that is there already is an outcome. */
export async function createContainer(work: Work): Promise<StepOutcome> {
  for (let last = false; ; last = true) {
    try {
      await create(work)
      return { result: 'done' }
    } catch (error) {
      if (!refused(error, 409, /name .*already in use|already exists/i)) throw error
      const holder = await inspectContainer(work, work.step.target)
      if (holder && !isWanted(work, holder)) throw notOurs('container', work.step.target)
      if (holder && !isHalfDead(holder)) return { result: 'done', message: 'it was there already' }
      if (last) throw error
      if (holder) await remove(work, holder.Id)
    }
  }
}

async function create(work: Work): Promise<void> {
  const { engine, call, step, desired, identity } = work
  const { service: name, ordinal, serviceDigest } = step
  const service = name === null ? undefined : desired.spec?.services[name]
  if (!service || name === null || serviceDigest === null || ordinal === null) {
    throw new AppError('internal', { detail: `the spec has no service for the container ${step.target}` })
  }
  const health = checkImageDefaults(work, service)
  health.catch(() => {})
  await withAddress(work, step.target, async (network, address) => {
    const body = toContainer(service, {
      network: network.Name,
      address,
      aliases: step.serving ? serviceNames(work) : [],
      healthIntervalNs: await health,
      volume: (key) => volumeOf(desired, identity.installation, key),
      labels: {
        ...appLabels(desired, identity.installation),
        [LABELS.service]: name,
        [LABELS.ordinal]: String(ordinal),
        [LABELS.serviceDigest]: serviceDigest,
        [LABELS.restartGeneration]: String(desired.restartGeneration),
      },
    })
    await engine.request(call, { method: 'POST', path: '/containers/create', query: { name: step.target }, body })
  })
}

/** It is the very container that the step would make. */
function isWanted({ step, desired, identity }: Work, info: ContainerInfo): boolean {
  const found = readIdentity(info.Config.Labels, identity.installation)
  return (
    isOf(desired, identity.installation, info.Config.Labels) &&
    found?.service === step.service &&
    found?.ordinal === step.ordinal &&
    found?.serviceDigest === step.serviceDigest
  )
}

function isHalfDead({ State }: ContainerInfo): boolean {
  return State.Dead || State.Status === 'dead' || State.Status === 'removing'
}

export async function startContainer(work: Work): Promise<StepOutcome> {
  const { engine, call, step } = work
  const info = await ownContainer(work)
  if (!info) throw gone('container', step.target)
  const path = `/containers/${info.Id}/${info.State.Paused ? 'unpause' : 'start'}`
  try {
    await engine.request(call, { method: 'POST', path })
  } catch (error) {
    if (isHalfStarted(error)) {
      await remove(work, info.Id)
      throw gone('container', step.target)
    }
    if (!isAddressTaken(error)) throw error
    await readdress(work, info)
    await engine.request(call, { method: 'POST', path })
  }
  return { result: 'done' }
}

/**
 * An engine that was killed while it started the container knows nothing of it, and what it runs containers with still has its task:
 * this container never starts again, another one does.
 */
function isHalfStarted(error: unknown): boolean {
  return refused(error, 500, /\btask \w+: already exists/i)
}

/** A stranger was connected to our network, and got the address of this container while it was down. (Ports say `bind:` or `listen`.) */
function isAddressTaken(error: unknown): boolean {
  return (
    error instanceof Refusal &&
    /address already in use/i.test(error.message) &&
    !/bind|listen|port/i.test(error.message)
  )
}

async function readdress(work: Work, info: ContainerInfo): Promise<void> {
  const name = networkName(work.desired)
  await work.networks.run(name, work.call.signal, async () => {
    const network = await ownNetwork(work, name)
    const endpoint = info.NetworkSettings.Networks[name]
    await disconnect(work, network.Id, info.Id)
    const address = await pickAddress(work, network, info.Name.slice(1))
    await connect(work, network.Id, info.Id, { address, aliases: endpoint?.Aliases ?? [], mac: null })
  })
}

/** Stops it with its stop signal, and kills it after the grace that it was made with. */
export async function stopContainer(work: Work): Promise<StepOutcome> {
  const { engine, call, desired, stops } = work
  const info = await ownContainer(work)
  if (!info) return { result: 'done', message: 'it was gone already' }
  const graceMs = (info.Config.StopTimeout ?? DEFAULT_GRACE_S) * 1000
  const request: EngineRequest = {
    method: 'POST',
    path: `/containers/${info.Id}/stop`,
    timeoutMs: graceMs + STOP_MARGIN_MS,
    long: true,
  }
  await stops.run(desired.tenant.id, call.signal, async () => await engine.find(call, request))
  return { result: 'done' }
}

/** Kills and removes it with its anonymous volumes, and returns once it is gone. */
export async function removeContainer(work: Work): Promise<StepOutcome> {
  const info = await ownContainer(work)
  if (!info) return { result: 'done', message: 'it was gone already' }
  await remove(work, info.Id)
  return { result: 'done' }
}

async function remove(work: Work, id: string): Promise<void> {
  const { engine, call } = work
  try {
    await engine.find(call, { method: 'DELETE', path: `/containers/${id}`, query: { force: true, v: true } })
  } catch (error) {
    if (!refused(error, 409, /already in progress/i)) throw error
  }
  const deadline = withDeadline(REMOVAL_MS, call.signal)
  while (await inspectContainer(work, id)) {
    if (deadline.aborted && !call.signal.aborted) {
      throw new AppError('internal', {
        detail: `the engine did not finish removing ${work.step.target} in ${REMOVAL_MS / 1000} s`,
      })
    }
    await sleep(REMOVAL_POLL_MS, call.signal)
  }
}
