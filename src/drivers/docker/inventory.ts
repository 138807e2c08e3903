import type Docker from 'dockerode'
import type { CallOptions, InventoryItem, InventoryKind } from '../driver.ts'
import type { Context } from './context.ts'
import { LABELS, type Labels } from '../labels.ts'
import type { NetworkInfo } from './networks.ts'

type Found = Pick<InventoryItem, 'id' | 'name'> &
  Partial<Pick<InventoryItem, 'state' | 'image' | 'sizeBytes' | 'createdAt'>>

/** What an engine has of a kind, ours and foreign, in the order of names. */
export async function inventory(
  { engine, identity }: Context,
  kind: InventoryKind,
  call: CallOptions,
): Promise<InventoryItem[]> {
  const get = async <T>(path: string, query = {}): Promise<T> =>
    await engine.request<T>(call, { method: 'GET', path, query })
  const item = (labels: Labels | null | undefined, found: Found): InventoryItem => {
    const managed = labels?.[LABELS.installation] === identity.installation
    return {
      state: null,
      image: null,
      sizeBytes: null,
      createdAt: null,
      ...found,
      managed,
      tenant: (managed && labels[LABELS.tenant]) || null,
      app: (managed && labels[LABELS.app]) || null,
      labels: { ...labels },
    }
  }
  const list = async (): Promise<InventoryItem[]> => {
    switch (kind) {
      case 'containers': {
        const containers = await get<Docker.ContainerInfo[]>('/containers/json', { all: true })
        return containers.map(({ Id, Names, State, Image, Created, Labels }) =>
          item(Labels, {
            id: Id,
            name: Names[0]?.slice(1) ?? Id,
            state: State,
            image: Image,
            createdAt: fromSeconds(Created),
          }),
        )
      }
      case 'images': {
        const images = await get<Docker.ImageInfo[]>('/images/json')
        return images.map(({ Id, RepoTags, RepoDigests, Size, Created, Labels }) => {
          const name = RepoTags?.find((tag) => tag !== '<none>:<none>') ?? RepoDigests?.[0] ?? Id
          return item(Labels, { id: Id, name, sizeBytes: Size, createdAt: fromSeconds(Created) })
        })
      }
      case 'networks': {
        const networks = await get<NetworkInfo[]>('/networks')
        return networks.map(({ Id, Name, Created, Labels }) =>
          item(Labels, { id: Id, name: Name, createdAt: toTime(Created) }),
        )
      }
      case 'volumes': {
        const { Volumes } = await get<{ Volumes: (Docker.VolumeInspectInfo & { CreatedAt?: string })[] | null }>(
          '/volumes',
        )
        return (Volumes ?? []).map(({ Name, CreatedAt, Labels }) =>
          item(Labels, { id: Name, name: Name, createdAt: toTime(CreatedAt) }),
        )
      }
    }
  }
  return (await list()).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function fromSeconds(seconds: number): string | null {
  return seconds > 0 ? new Date(seconds * 1000).toISOString() : null
}

function toTime(text: string | undefined): string | null {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}
