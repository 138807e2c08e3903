import type { CallOptions, InventoryItem, InventoryKind } from '../driver.ts'
import { LABELS } from '../labels.ts'
import type { Context } from './context.ts'
import { formatNativeId, mainContainer } from './instances.ts'
import { collectionPath } from './kinds-of-objects.ts'
import { listAll } from './lists.ts'
import type { Live, LivePod, LiveService, Meta } from './live.ts'
import { toNumber } from './quantity.ts'

const PODS = '/api/v1/pods'
const NOBODYS = { managed: false, tenant: null, app: null, state: null, image: null }

type Found = Pick<InventoryItem, 'id' | 'name'> & Partial<Pick<InventoryItem, 'state' | 'image' | 'sizeBytes'>>

interface LiveNode {
  readonly status?: {
    readonly images?: readonly { readonly names?: readonly string[] | null; readonly sizeBytes?: number }[]
  }
}

interface LiveClaim {
  readonly metadata: Meta
  readonly status?: { readonly phase?: string; readonly capacity?: { readonly storage?: string } }
}

/**
 * What a cluster has of a kind, in all namespaces, ours and foreign, in the order of names (`<namespace>/<name>`):
 *
 * - `containers`: pods, by their native id. `state` is the pod's phase, or `removing`.
 * - `images`: those that the kubelets tell of (50 a node at most, unless a cluster sets it otherwise), each once.
 * - `networks`: what says who reaches whom: Services (`state` is their type) and NetworkPolicies (`policy`).
 * - `volumes`: PersistentVolumeClaims, of the size that they have.
 */
export async function inventory(context: Context, kind: InventoryKind, call: CallOptions): Promise<InventoryItem[]> {
  const { client, identity } = context
  const list = async <Item>(path: string, take: (item: Item) => InventoryItem): Promise<InventoryItem[]> =>
    await listAll(client, call, { path, query: {} }, take)
  const toItem = (metadata: Meta, found: Found): InventoryItem => {
    const { labels = {}, creationTimestamp } = metadata
    const managed = labels[LABELS.installation] === identity.installation
    return {
      ...{ state: null, image: null, sizeBytes: null, ...found, managed },
      tenant: (managed && labels[LABELS.tenant]) || null,
      app: (managed && labels[LABELS.app]) || null,
      labels: { ...labels },
      createdAt: creationTimestamp ?? null,
    }
  }
  const found = async (): Promise<InventoryItem[]> => {
    switch (kind) {
      case 'containers':
        return await list(PODS, (pod: LivePod) => toItem(pod.metadata, ofPod(pod)))
      case 'images':
        return await images(context, call)
      case 'networks':
        return (
          await Promise.all([
            list(collectionPath('Service'), ({ metadata, spec }: LiveService) =>
              toItem(metadata, { ...named(metadata), state: spec?.type ?? null }),
            ),
            list(collectionPath('NetworkPolicy'), ({ metadata }: Live) =>
              toItem(metadata, { ...named(metadata), state: 'policy' }),
            ),
          ])
        ).flat()
      case 'volumes':
        return await list(collectionPath('PersistentVolumeClaim'), ({ metadata, status }: LiveClaim) =>
          toItem(metadata, {
            ...named(metadata),
            state: status?.phase?.toLowerCase() ?? null,
            sizeBytes: toNumber(status?.capacity?.storage),
          }),
        )
    }
  }
  return (await found()).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function named({ namespace = '', name, uid }: Meta): Pick<InventoryItem, 'id' | 'name'> {
  return { id: uid, name: `${namespace}/${name}` }
}

function ofPod(pod: LivePod): Found {
  const { namespace = '', name, uid, deletionTimestamp } = pod.metadata
  return {
    id: formatNativeId({ namespace, pod: name, uid }),
    name: `${namespace}/${name}`,
    state: deletionTimestamp === undefined ? (pod.status?.phase?.toLowerCase() ?? null) : 'removing',
    image: mainContainer(pod)?.image ?? null,
  }
}

async function images({ client }: Context, call: CallOptions): Promise<InventoryItem[]> {
  const found = new Map<string, InventoryItem>()
  const take = ({ status }: LiveNode): null => {
    for (const { names, sizeBytes } of status?.images ?? []) {
      const digest = names?.find((name) => name.includes('@'))
      const name = names?.find((one) => !one.includes('@') && one !== '<none>:<none>') ?? digest
      if (name === undefined) continue
      const item = {
        ...{ id: digest ?? name, name, sizeBytes: sizeBytes ?? null, labels: {}, createdAt: null },
        ...NOBODYS,
      }
      found.set(item.id, item)
    }
    return null
  }
  await listAll(client, call, { path: '/api/v1/nodes', query: {} }, take)
  return [...found.values()]
}
