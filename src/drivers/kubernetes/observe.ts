import type { CallOptions, Observation, ObservedInstance } from '../driver.ts'
import { LABELS } from '../labels.ts'
import type { Context } from './context.ts'
import { ownPod, toInstance } from './instances.ts'
import { collectionPath, type KindName, OBJECT_KINDS, isKindName } from './kinds-of-objects.ts'
import { listAll, selectorOf } from './lists.ts'
import type { Live, LivePod, LiveService } from './live.ts'
import { toEngineObject } from './objects.ts'
import { lookAt, type PodLook } from './settled.ts'

/** What one look lists, and where. */
interface Looking extends Context {
  readonly call: CallOptions
  readonly selector: string
  /** undefined: in all. */
  readonly namespaces: readonly string[] | undefined
}

/**
 * Everything of the installation, or of one of its apps, whose labels and namespace say whose it is. An app is looked for in its own namespace
 * alone: an API server goes through all objects of a kind to find those with a label.
 */
export async function observe(
  context: Context,
  filter: { readonly appId?: string },
  call: CallOptions,
): Promise<Observation> {
  const { identity, facts, clock, owners } = context
  const { installation } = identity
  const selector = selectorOf(installation, filter.appId)
  const all = { ...context, call, selector, namespaces: undefined }
  const [{ apis }, nowMs, labelled] = await Promise.all([
    facts(call),
    clock.nowMs(call),
    list(all, collectionPath('Namespace'), (item: Live) => item),
  ])
  const spaces = owners.learn(labelled, { all: filter.appId === undefined })
  const names = spaces.map(({ metadata }) => metadata.name)
  const looking: Looking = filter.appId === undefined ? all : { ...all, namespaces: names }
  const kinds = Object.keys(OBJECT_KINDS)
    .filter(isKindName)
    .filter((kind) => kind !== 'Namespace' && apis.includes(OBJECT_KINDS[kind].api))

  const services: LiveService[] = []
  // Of each page what is needed, and no more: a page's pods are some megabytes.
  const pods = listIn(looking, podsPath, (pod: LivePod) => {
    const instance = owners.knows(pod.metadata) ? toInstance(pod, { installation, nowMs, ports: [] }) : null
    return instance && { instance, namespace: pod.metadata.namespace ?? '', look: lookAt(pod) }
  })
  const looks = pods.then(byService)
  // Its rejection comes by `pods` as well.
  looks.catch(() => undefined)
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const lookedAt = await (isWorkload(kind) ? looks : NO_LOOKS)
      return await listIn(
        looking,
        (namespace) => collectionPath(kind, namespace),
        (live: Live) => {
          if (!owners.knows(live.metadata)) return null
          if (kind === 'Service') services.push(live)
          const { [LABELS.appId]: appId, [LABELS.service]: service } = live.metadata.labels ?? {}
          return toEngineObject(live, { kind, installation, pods: lookedAt.get(`${appId}/${service}`) ?? [] })
        },
      )
    }),
  )
  const { ports } = context
  if (looking.namespaces) ports.learn(looking.namespaces, services)
  else ports.learnAll(services)
  return {
    instances: (await pods)
      .map(({ instance, namespace }) => ({ ...instance, ports: ports.known(namespace, instance.service) }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    objects: [
      ...spaces.map((live) => toEngineObject(live, { kind: 'Namespace', installation, pods: [] })),
      ...lists.flat(),
    ].filter((object) => object !== null),
  }
}

/** The pod of that native id; null where it is gone, or not ours. */
export async function inspect(context: Context, nativeId: string, call: CallOptions): Promise<ObservedInstance | null> {
  const [pod, nowMs] = await Promise.all([ownPod(context, nativeId, call), context.clock.nowMs(call)])
  if (!pod) return null
  const { namespace = '', labels } = pod.metadata
  const ports = await context.ports.of(namespace, labels?.[LABELS.service] ?? '', call)
  return toInstance(pod, { installation: context.identity.installation, nowMs, ports })
}

async function listIn<Item, Taken>(
  looking: Looking,
  pathOf: (namespace?: string) => string,
  take: (item: Item) => Taken | null,
): Promise<Taken[]> {
  const { namespaces } = looking
  if (!namespaces) return await list(looking, pathOf(), take)
  return (await Promise.all(namespaces.map(async (namespace) => await list(looking, pathOf(namespace), take)))).flat()
}

async function list<Item, Taken>(
  { client, call, selector }: Looking,
  path: string,
  take: (item: Item) => Taken | null,
): Promise<Taken[]> {
  return await listAll(client, call, { path, query: { labelSelector: selector } }, take)
}

function podsPath(namespace?: string): string {
  return `/api/v1${namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`}/pods`
}

function isWorkload(kind: KindName): boolean {
  return OBJECT_KINDS[kind].rank === OBJECT_KINDS.Deployment.rank
}

const NO_LOOKS: ReadonlyMap<string, readonly PodLook[]> = new Map()

interface LookedAt {
  readonly instance: ObservedInstance
  readonly look: PodLook
}

/** By `<app id>/<service>`. */
function byService(pods: readonly LookedAt[]): ReadonlyMap<string, readonly PodLook[]> {
  const looks = new Map<string, PodLook[]>()
  for (const { instance, look } of pods) {
    const key = `${instance.appId}/${instance.service}`
    const others = looks.get(key)
    if (others) others.push(look)
    else looks.set(key, [look])
  }
  return looks
}
