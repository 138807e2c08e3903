/** What of a field is ours, beside what was declared in it. */
export interface Owned {
  /** Nobody else may add to it: an addition changes what runs. */
  readonly whole: boolean
  /** The members that tell an item of a list from the others; null: it is no list, or one that counts as a whole. */
  readonly key: readonly string[] | null
  /** Its values are quantities. */
  readonly quantities: boolean
  /** Of a list's items. */
  readonly item: Owned
  in(name: string): Owned
  keyOf(item: unknown, index: number): string
}

interface Shape {
  readonly whole?: boolean
  readonly key?: readonly string[]
  readonly quantities?: boolean
  readonly of?: Readonly<Record<string, Shape>>
  /** Of every member, in the place of `of`. */
  readonly each?: Shape
}

const named = (of: Shape['of'] = {}): Shape => ({ key: ['name'], of })
const whole = (shape: Shape = {}): Shape => ({ ...shape, whole: true })
const QUANTITIES: Shape = { quantities: true, each: { quantities: true } }

const CONTAINERS = named({
  env: whole(named()),
  envFrom: whole(),
  command: whole(),
  args: whole(),
  volumeMounts: whole({ key: ['mountPath'] }),
  ports: { key: ['containerPort', 'protocol'] },
  resources: { of: { limits: QUANTITIES, requests: QUANTITIES } },
})

const POD: Shape = {
  of: {
    containers: whole(CONTAINERS),
    initContainers: whole(CONTAINERS),
    volumes: whole(named({ emptyDir: { of: { sizeLimit: { quantities: true } } } })),
    hostAliases: whole({ key: ['ip'] }),
    nodeSelector: whole({ each: whole() }),
    imagePullSecrets: named(),
  },
}

const WORKLOAD: Shape = { of: { spec: { of: { template: { of: { spec: POD } } } } } }
const DATA: Shape = whole({ each: whole() })
const LIMIT = { default: QUANTITIES, defaultRequest: QUANTITIES, max: QUANTITIES, min: QUANTITIES }

/** By kind. An item's members that are defaulted (a port's protocol) must be declared, as the API server gives them back. */
const SHAPES: Readonly<Record<string, Shape>> = {
  Deployment: WORKLOAD,
  StatefulSet: WORKLOAD,
  DaemonSet: WORKLOAD,
  Job: WORKLOAD,
  Service: {
    of: { spec: { of: { ports: whole({ key: ['port', 'protocol'] }), selector: whole({ each: whole() }) } } },
  },
  Secret: { of: { data: DATA } },
  ConfigMap: { of: { data: DATA, binaryData: DATA } },
  ResourceQuota: { of: { spec: { of: { hard: QUANTITIES } } } },
  LimitRange: { of: { spec: { of: { limits: { key: ['type'], of: LIMIT } } } } },
  PersistentVolumeClaim: { of: { spec: { of: { resources: { of: { requests: QUANTITIES } } } } } },
}

/** What of a kind's objects is ours. */
export function owned(kind: string): Owned {
  return toOwned(Object.hasOwn(SHAPES, kind) ? SHAPES[kind] : undefined)
}

function toOwned({ whole: isWhole = false, key, quantities = false, of = {}, each }: Shape = {}): Owned {
  return {
    whole: isWhole,
    key: key ?? null,
    quantities,
    get item() {
      return toOwned({ of })
    },
    in: (name) => toOwned(Object.hasOwn(of, name) ? of[name] : each),
    keyOf: (item, index) => {
      const member = (name: string): unknown =>
        typeof item === 'object' && item !== null ? Reflect.get(item, name) : undefined
      const parts = (key ?? []).map((name) => member(name)).filter((part) => part !== undefined)
      return parts.length === 0 ? `#${index}` : parts.join('/')
    },
  }
}
