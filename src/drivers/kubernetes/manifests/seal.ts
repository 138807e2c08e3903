import type { KubernetesObject } from '@kubernetes/client-node'
import { AppError } from '../../../errors/app-error.ts'
import type { DeclaredObject } from '../../../planning/index.ts'
import { readApplied, digestsOf, withApplied, type Manifest } from '../applied.ts'
import { OBJECT_KINDS, type KindName } from '../kinds-of-objects.ts'
import type { App } from './app.ts'

/** What is known of an object beside its manifest. */
export interface About {
  readonly service?: string
  readonly after?: DeclaredObject['after']
  readonly awaited?: DeclaredObject['awaited']
}

const DOWNTIME: Readonly<Partial<Record<KindName, string>>> = {
  Service: 'its name does not resolve meanwhile',
  Secret: 'pods that start meanwhile wait for it',
  Deployment: 'its pods stop before new ones start',
  StatefulSet: 'its pods stop before new ones start',
  DaemonSet: 'its pods stop before new ones start',
  Job: 'it runs once more from its beginning',
}

/**
 * The declared object of a manifest, which gets its API version, the annotation that tells what was applied, and loses members that are
 * undefined. Throws `unsupported` where the cluster does not serve its kind.
 */
export function seal(app: App, kind: KindName, object: KubernetesObject, about: About = {}): DeclaredObject {
  const { api, apiVersion, kept } = OBJECT_KINDS[kind]
  if (!app.cluster.serves(kind))
    throw new AppError('unsupported', {
      detail: `the cluster does not serve ${api}, which the app can not do without`,
      ...(about.service !== undefined && { service: about.service }),
    })
  // The one form in which it is both sent and hashed.
  const plain = JSON.parse(JSON.stringify({ apiVersion, kind, ...object })) as Manifest
  const manifest = withApplied(plain)
  return {
    key: keyOf(kind, object.metadata?.name ?? ''),
    service: about.service ?? null,
    ...digestsOf(readApplied(manifest)),
    after: about.after ?? [],
    awaited: about.awaited ?? 'nothing',
    kept,
    downtime: DOWNTIME[kind] ?? 'it is not there meanwhile',
    manifest,
  }
}

export function keyOf(kind: KindName, name: string): string {
  return `${kind}/${name}`
}
