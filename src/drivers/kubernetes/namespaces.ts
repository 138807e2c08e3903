import type { CallOptions } from '../driver.ts'
import { LABELS, readOwner } from '../labels.ts'
import type { ClusterClient } from './client.ts'
import { objectPath } from './kinds-of-objects.ts'
import type { Live, Meta } from './live.ts'
import { namespaceOf } from './manifests/names.ts'

type Owner = NonNullable<ReturnType<typeof readOwner>>

/**
 * Whose namespaces are, as last listed. An object is an app's where its namespace is too: whoever may make objects anywhere in the cluster may
 * give them our labels, but a namespace's own labels are only for those who may do anything. A copy under another name is no app's.
 */
export class Namespaces {
  readonly #client: ClusterClient
  readonly #installation: string
  #known = new Map<string, Owner>()

  constructor(client: ClusterClient, installation: string) {
    this.#client = client
    this.#installation = installation
  }

  /** Those of the spaces that are an app's. What was known of others stays, but for `all`. */
  learn(spaces: readonly Live[], { all }: { readonly all: boolean }): Live[] {
    if (all) this.#known = new Map()
    return spaces.filter((space) => this.#learnOne(space))
  }

  /** Whether an object is the app's that its labels name, as far as is known. */
  knows({ namespace = '', labels }: Pick<Meta, 'namespace' | 'labels'>): boolean {
    const [owner, claimed] = [this.#known.get(namespace), readOwner(labels)]
    return owner !== undefined && owner.appId === claimed?.appId && owner.tenantId === claimed.tenantId
  }

  /** The same; asks where it is not known to be. */
  async has(object: Meta, call: CallOptions): Promise<boolean> {
    if (this.knows(object)) return true
    const path = objectPath('Namespace', { namespace: '', name: object.namespace ?? '' })
    const space = await this.#client.find<Live>(call, { method: 'GET', path })
    return space !== null && this.#learnOne(space) && this.knows(object)
  }

  #learnOne({ metadata: { name, labels } }: Live): boolean {
    const owner = readOwner(labels)
    const isOurs = labels?.[LABELS.installation] === this.#installation
    if (!isOurs || !owner || name !== namespaceOf(labels[LABELS.tenant] ?? '', labels[LABELS.app] ?? '')) return false
    this.#known.set(name, owner)
    return true
  }
}
