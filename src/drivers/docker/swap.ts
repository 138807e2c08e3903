import type { CallOptions, StepOutcome } from '../driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { gone, ownContainer, part, type ContainerInfo, type Work } from './context.ts'
import { Refusal, refused } from './map-error.ts'
import { networkName, ownNetwork, pickAddress, type NetworkInfo } from './networks.ts'

/** From this API version on, an endpoint's MAC address can be asked for; before, it follows from the IPv4 address. */
const MAC_API = 44

interface Endpoint {
  readonly address: string
  readonly mac: string | null
  readonly aliases: readonly string[]
}

/**
 * Gives a running container the service's names, or takes them from it. An engine can't change the names of a connection, so
 * it is ended and made again with the same address: live connections go on (TCP sends again what was lost in between), and
 * who had just looked the address up gets through. Where a process died in between, the next one finds the container without
 * a connection and makes it.
 */
export async function swap(work: Work, serving: boolean): Promise<StepOutcome> {
  const { call, step, desired, networks } = work
  const name = networkName(desired)
  const swapped = networks.run(name, call.signal, async (): Promise<StepOutcome> => {
    const info = await ownContainer(work)
    if (!info && serving) throw gone('container', step.target)
    if (!info) return { result: 'done', message: 'it was gone already' }
    const endpoint = info.NetworkSettings.Networks[name]
    const wanted = serving ? serviceNames(work) : []
    if (endpoint && isServing(endpoint, step.service) === serving)
      return { result: 'done', message: 'it was so already' }
    const network = await ownNetwork(work, name)
    await exchange(work, network, info, endpoint, wanted)
    return { result: 'done' }
  })
  // What is half done is brought to its end even when the caller turns away (but not when the guard forbids it): 0.1 s without
  // a connection is nothing, being left without one is a gap.
  return await abortable(swapped, call.signal)
}

/** The names by which the app's network knows a serving container. */
export function serviceNames({ step, desired }: Work): string[] {
  const { service } = step
  if (service === null) throw new AppError('internal', { detail: `the step ${step.id} names no service` })
  return [...new Set([service, ...(desired.spec?.services[service]?.aliases ?? [])])]
}

/** One of the endpoint's names is the service's. */
export function isServing(endpoint: { readonly Aliases?: readonly string[] | null }, service: string | null): boolean {
  return service !== null && (endpoint.Aliases ?? []).includes(service)
}

async function exchange(
  work: Work,
  network: NetworkInfo,
  info: ContainerInfo,
  endpoint: ContainerInfo['NetworkSettings']['Networks'][string] | undefined,
  aliases: readonly string[],
): Promise<void> {
  const container = info.Name.slice(1)
  const { minor } = await work.engine.negotiate(work.call)
  const kept = endpoint?.IPAMConfig?.IPv4Address || endpoint?.IPAddress || null
  const address = kept ?? (await pickAddress(work, network, container))
  const wanted = { address, mac: kept !== null && minor >= MAC_API ? (endpoint?.MacAddress ?? null) : null, aliases }
  work.call.signal.throwIfAborted()
  const call: CallOptions = { ...work.call, signal: new AbortController().signal }
  const toTheEnd: Work = { ...work, call }
  if (endpoint) await disconnect(toTheEnd, network.Id, info.Id)
  try {
    await connect(toTheEnd, network.Id, info.Id, wanted)
  } catch (error) {
    if (refused(error, 404)) throw gone('container', container)
    // Once more: at the same address, unless that is what was refused.
    const taken = error instanceof Refusal && /address/i.test(error.message)
    const again = taken ? { ...wanted, mac: null, address: await pickAddress(toTheEnd, network, container) } : wanted
    await connect(toTheEnd, network.Id, info.Id, again)
  }
}

export async function disconnect({ engine, call }: Work, network: string, container: string): Promise<void> {
  try {
    await engine.find(call, {
      method: 'POST',
      path: `/networks/${part(network)}/disconnect`,
      body: { Container: container, Force: false },
    })
  } catch (error) {
    if (!(error instanceof Refusal && /is not connected/i.test(error.message))) throw error
  }
}

export async function connect(
  { engine, call }: Work,
  network: string,
  container: string,
  endpoint: Endpoint,
): Promise<void> {
  const { address, mac, aliases } = endpoint
  const body = {
    Container: container,
    EndpointConfig: {
      IPAMConfig: { IPv4Address: address },
      Aliases: [...aliases],
      ...(mac === null ? {} : { MacAddress: mac }),
    },
  }
  try {
    await engine.request(call, { method: 'POST', path: `/networks/${part(network)}/connect`, body })
  } catch (error) {
    // The one before had come through after all.
    if (!(error instanceof Refusal && /already exists in network|already connected/i.test(error.message))) throw error
  }
}

async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const onAbort = (): void => reject(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  return await promise
}
