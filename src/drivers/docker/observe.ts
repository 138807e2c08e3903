import type Docker from 'dockerode'
import type { CallOptions, EngineObject, Observation, ObservedInstance } from '../driver.ts'
import type { ContainerState } from '../../planning/index.ts'
import { inspectContainer, type ContainerInfo, type Context } from './context.ts'
import { imageDigest } from './images.ts'
import { filterOf, readIdentity, readKey, readOwner, type Labels } from '../labels.ts'
import type { NetworkInfo } from './networks.ts'
import { isServing } from './swap.ts'

const STATES: ReadonlySet<string> = new Set<ContainerState>([
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
])

/** Everything of the installation, or of one of its apps, whose labels say what it is. */
export async function observe(
  context: Context,
  filter: { readonly appId?: string },
  call: CallOptions,
): Promise<Observation> {
  const { engine, identity } = context
  const filters = filterOf(identity.installation, filter.appId)
  const list = async <T>(path: string, query = {}): Promise<T> =>
    await engine.request<T>(call, { method: 'GET', path, query: { ...query, filters } })
  const [containers, networks, volumes, nowMs] = await Promise.all([
    list<Docker.ContainerInfo[]>('/containers/json', { all: true }),
    list<NetworkInfo[]>('/networks'),
    list<{ Volumes: Docker.VolumeInspectInfo[] | null }>('/volumes'),
    engine.clockMs(call),
  ])
  const instances = await Promise.all(containers.map(async ({ Id }) => await observeOne(context, Id, nowMs, call)))
  return {
    instances: instances.filter((instance) => instance !== null).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    objects: [
      ...networks.map(({ Id, Name, Labels, IPAM }) =>
        toObject('network', Id, Name, Labels, IPAM?.Config?.[0]?.Subnet ?? null),
      ),
      ...(volumes.Volumes ?? []).map(({ Name, Labels }) => toObject('volume', Name, Name, Labels, null)),
    ].filter((object) => object !== null),
  }
}

/** One container of the installation by id or name; null where there is none (any more). */
export async function observeContainer(
  context: Context,
  ref: string,
  call: CallOptions,
): Promise<ObservedInstance | null> {
  const look = { look: true }
  const [info, nowMs] = await Promise.all([
    inspectContainer({ ...context, call }, ref, look),
    context.engine.clockMs(call, look),
  ])
  return await describe(context, info, nowMs, call)
}

async function observeOne(
  context: Context,
  ref: string,
  nowMs: number,
  call: CallOptions,
): Promise<ObservedInstance | null> {
  return await describe(context, await inspectContainer({ ...context, call }, ref), nowMs, call)
}

async function describe(
  context: Context,
  info: ContainerInfo | null,
  nowMs: number,
  call: CallOptions,
): Promise<ObservedInstance | null> {
  if (!info || !readIdentity(info.Config.Labels, context.identity.installation)) return null
  return toInstance(info, {
    installation: context.identity.installation,
    nowMs,
    digest: await imageDigest(context, call, info.Image),
  })
}

/** What an engine says of a container, in our words. Pure; null where its labels don't say what it is. */
export function toInstance(
  info: ContainerInfo,
  {
    installation,
    nowMs,
    digest,
  }: { readonly installation: string; readonly nowMs: number; readonly digest: string | null },
): ObservedInstance | null {
  const identity = readIdentity(info.Config.Labels, installation)
  if (!identity) return null
  const { State, NetworkSettings, HostConfig, Config } = info
  const state = toState(State.Status)
  const isUp = state === 'running' || state === 'paused'
  const startedAt = toTime(State.StartedAt)
  // The network that it was made in, which stays written down when it is disconnected.
  const endpoint = NetworkSettings.Networks[HostConfig.NetworkMode ?? '']
  return {
    ...identity,
    nativeId: info.Id,
    name: info.Name.slice(1),
    state,
    health: toHealth(State.Health?.Status),
    exitCode: isUp || state === 'created' ? null : State.ExitCode,
    restarts: info.RestartCount ?? 0,
    runningForMs: isUp && startedAt !== null ? Math.max(0, nowMs - Date.parse(startedAt)) : null,
    serving: endpoint !== undefined && isServing(endpoint, identity.service),
    image: Config.Image,
    imageDigest: digest,
    addresses: Object.values(NetworkSettings.Networks).flatMap(({ IPAddress, GlobalIPv6Address }) =>
      [IPAddress, GlobalIPv6Address].filter(Boolean),
    ),
    ports: toPorts(NetworkSettings.Ports),
    startedAt,
    createdAt: toTime(info.Created),
  }
}

function toState(status: string): ContainerState {
  return STATES.has(status) ? (status as ContainerState) : 'dead'
}

function toHealth(status: string | undefined): ObservedInstance['health'] {
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : null
}

/** The engine's word for never is the year 1. */
function toTime(text: string | undefined): string | null {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) || ms <= 0 ? null : new Date(ms).toISOString()
}

function toPorts(ports: ContainerInfo['NetworkSettings']['Ports'] | null): ObservedInstance['ports'] {
  const found = new Map<string, ObservedInstance['ports'][number]>()
  for (const [key, bindings] of Object.entries(ports ?? {})) {
    const [containerPort = '', protocol = 'tcp'] = key.split('/')
    for (const { HostIp, HostPort } of bindings ?? []) {
      const port = { containerPort: Number(containerPort), hostPort: Number(HostPort), hostIp: HostIp, protocol }
      // `::` beside `0.0.0.0` is the same publication.
      const id = `${key}:${HostPort}:${HostIp === '::' ? '0.0.0.0' : HostIp}`
      if (HostPort !== '' && !found.has(id)) found.set(id, port)
    }
  }
  return [...found.values()]
}

function toObject(
  kind: EngineObject['kind'],
  nativeId: string,
  name: string,
  labels: Labels | null | undefined,
  subnet: string | null,
): EngineObject | null {
  const owner = readOwner(labels)
  const key = readKey(labels)
  return owner && key !== null ? { kind, nativeId, name, ...owner, key, subnet, state: null } : null
}
