import type { EngineObject } from '../driver.ts'
import { LABELS, readOwner } from '../labels.ts'
import { digestsOf, type Manifest, readApplied } from './applied.ts'
import { driftOf } from './drift.ts'
import { type KindName, OBJECT_KINDS } from './kinds-of-objects.ts'
import { conditionOf, type Live } from './live.ts'
import { desiredOf, type PodLook, settledOf } from './settled.ts'

interface Seeing {
  readonly kind: KindName
  readonly installation: string
  /** All pods of the object's app and service. */
  readonly pods: readonly PodLook[]
}

/** A live object as a declared one; null where its labels don't say whose it is. Pure. */
export function toEngineObject(live: Live, { kind, installation, pods }: Seeing): EngineObject | null {
  const { metadata } = live
  const owner = readOwner(metadata.labels)
  if (metadata.labels?.[LABELS.installation] !== installation || !owner) return null
  const object = { ...live, kind }
  const applied = readApplied(toManifest(object))
  const { rank, kept, holdsAll } = OBJECT_KINDS[kind]
  return {
    kind: 'declared',
    nativeId: metadata.uid,
    name: metadata.name,
    ...owner,
    key: `${kind}/${metadata.name}`,
    subnet: null,
    state: {
      service: metadata.labels[LABELS.service] ?? null,
      ...digestsOf(applied),
      ...(hasFailed(object) && { fixedDigest: '' }),
      settled: settledOf(object, pods) !== null,
      drift: applied ? driftOf(applied, toManifest(object)) : [],
      removing: metadata.deletionTimestamp !== undefined,
      kept,
      holdsAll,
      rank,
      desired: desiredOf(object),
    },
  }
}

/** It has come to its end without success, and nothing but another one in its place tries again. */
function hasFailed({ kind, status }: Live): boolean {
  return kind === 'Job' && conditionOf(status?.conditions, 'Failed')?.status === 'True'
}

/** The same, without what is known of it. */
export function toManifest(live: Live): Manifest {
  return { ...live }
}
