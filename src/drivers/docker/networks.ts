import type Docker from 'dockerode'
import { names, type DesiredApp } from '../../planning/index.ts'
import type { StepOutcome } from '../driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { freeAddress, gatewayOf } from './addresses.ts'
import { gone, notOurs, part, type Work } from './context.ts'
import { appLabels, filterOf, isOf, LABELS } from '../labels.ts'
import { refused } from './map-error.ts'

export type NetworkInfo = Docker.NetworkInspectInfo

/** Makes the app's network with its subnet; one that is there already is checked to be the app's. */
export async function createNetwork(work: Work): Promise<StepOutcome> {
  const { engine, call, step, desired, identity } = work
  const { subnet } = desired
  if (subnet === null) throw new AppError('internal', { detail: 'the network has no subnet yet' })
  const body = {
    Name: step.target,
    Driver: 'bridge',
    CheckDuplicate: true,
    IPAM: { Driver: 'default', Config: [{ Subnet: subnet, Gateway: gatewayOf(subnet) }] },
    Labels: { ...appLabels(desired, identity.installation), [LABELS.key]: 'default' },
  }
  try {
    await engine.request(call, { method: 'POST', path: '/networks/create', body })
    return { result: 'done' }
  } catch (error) {
    if (refused(error, 403, /overlap/i) || refused(error, 400, /overlap/i) || refused(error, 500, /overlap/i))
      return { result: 'subnet_taken' }
    if (!refused(error, 409)) throw error
    await ownNetwork(work, step.target)
    return { result: 'done', message: 'it was there already' }
  }
}

/** Takes the app's network away. Endpoints of others in it are cut off, for the network is ours; the containers are left alone. */
export async function removeNetwork(work: Work): Promise<StepOutcome> {
  const { engine, call, step, desired, identity } = work
  const path = `/networks/${part(step.nativeId ?? step.target)}`
  const network = await engine.find<NetworkInfo>(call, { method: 'GET', path })
  if (!network) return { result: 'done', message: 'it was gone already' }
  if (!isOf(desired, identity.installation, network.Labels)) throw notOurs('network', network.Name)
  try {
    await engine.find(call, { method: 'DELETE', path })
  } catch (error) {
    if (!refused(error, 403, /active endpoints/i)) throw error
    await disconnectForeign(work, network.Id)
    await engine.find(call, { method: 'DELETE', path })
  }
  return { result: 'done' }
}

async function disconnectForeign({ engine, call, desired, identity }: Work, id: string): Promise<void> {
  const network = await engine.find<NetworkInfo>(call, { method: 'GET', path: `/networks/${part(id)}` })
  const ours = await engine.request<Docker.ContainerInfo[]>(call, {
    method: 'GET',
    path: '/containers/json',
    query: { all: true, filters: filterOf(identity.installation, desired.app.id) },
  })
  for (const [containerId, endpoint] of Object.entries(network?.Containers ?? {})) {
    if (ours.some((container) => container.Id === containerId)) continue
    // The engine names a container that it has lost `ep-…`: the endpoint's own name still works.
    const body = { Container: containerId.startsWith('ep-') ? endpoint.Name : containerId, Force: true }
    await engine.find(call, { method: 'POST', path: `/networks/${part(id)}/disconnect`, body })
  }
}

/** The app's network by its name. Throws `field_conflict` where another one has the name, `internal` (look again) where there is none. */
export async function ownNetwork({ engine, call, desired, identity }: Work, name: string): Promise<NetworkInfo> {
  const network = await engine.find<NetworkInfo>(call, { method: 'GET', path: `/networks/${part(name)}` })
  if (!network) throw gone('network', name)
  if (!isOf(desired, identity.installation, network.Labels)) throw notOurs('network', name)
  return network
}

export function networkName(desired: DesiredApp): string {
  return names.network(desired)
}

/**
 * Makes a container with an address of its own in the app's network. Those that are made side by side wait for each other only while
 * an address is picked, not while the engine makes them: what is given out counts as used until then.
 */
export async function withAddress(
  work: Work,
  container: string,
  make: (network: NetworkInfo, address: string) => Promise<void>,
): Promise<void> {
  const name = networkName(work.desired)
  const given = await work.networks.run(name, work.call.signal, async () => {
    const [network, listed] = await Promise.all([ownNetwork(work, name), listAddresses(work)])
    const address = pick(work, network, container, listed)
    const held = { network: name, address }
    work.given.add(held)
    return { network, address, held }
  })
  try {
    await make(given.network, given.address)
  } finally {
    work.given.delete(given.held)
  }
}

/**
 * An address in the app's network that no container has, running or not: an address once given is a container's for its
 * life, so that neither a swap nor a restart of the engine finds it taken. Call it with the network's lock held.
 */
export async function pickAddress(work: Work, network: NetworkInfo, container: string): Promise<string> {
  return pick(work, network, container, await listAddresses(work))
}

interface Listed {
  readonly containers: readonly Docker.ContainerInfo[]
  /** Given out before the list was asked for: one that is made meanwhile is in neither, later. */
  readonly given: readonly { readonly network: string; readonly address: string }[]
}

async function listAddresses({ engine, call, desired, identity, given }: Work): Promise<Listed> {
  const before = [...given]
  const containers = await engine.request<Docker.ContainerInfo[]>(call, {
    method: 'GET',
    path: '/containers/json',
    query: { all: true, filters: filterOf(identity.installation, desired.app.id) },
  })
  return { containers, given: before }
}

function pick({ desired, given }: Work, network: NetworkInfo, container: string, listed: Listed): string {
  const [block] = network.IPAM?.Config ?? []
  const subnet = block?.Subnet ?? desired.subnet
  if (!subnet) throw new AppError('internal', { detail: `the network ${network.Name} has no subnet` })
  const used = new Set<string | undefined>([gatewayOf(subnet), block?.Gateway])
  for (const one of [...listed.given, ...given]) if (one.network === network.Name) used.add(one.address)
  for (const { Names, NetworkSettings } of listed.containers) {
    if (Names.includes(`/${container}`)) continue
    const endpoint = NetworkSettings?.Networks[network.Name]
    used.add(endpoint?.IPAMConfig?.IPv4Address).add(endpoint?.IPAddress)
  }
  for (const endpoint of Object.values(network.Containers ?? {})) {
    if (endpoint.Name !== container) used.add(endpoint.IPv4Address.split('/')[0])
  }
  const free = freeAddress(subnet, new Set([...used].filter((address) => address !== undefined)), container)
  if (free === null) {
    throw new AppError('insufficient_capacity', {
      detail: `the app's network ${subnet} has no address left for another container`,
    })
  }
  return free
}
