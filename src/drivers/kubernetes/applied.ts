import { canonicalJson } from '../../lib/canonical.ts'
import { sha256 } from '../../lib/ids.ts'
import { storable } from '../../lib/storable-text.ts'

/** Where an object carries what we last applied of it, as canonical JSON without this annotation; of a Secret, hashes of its values. */
export const APPLIED = 'moorage.io/applied'

type Fields = Readonly<Record<string, unknown>>

export type Manifest = Fields

export interface Digests {
  readonly digest: string
  readonly fixedDigest: string
}

/** The manifest with the annotation that tells of it. The same for the same manifest, and for one that has the annotation already. */
export function withApplied(manifest: Manifest): Manifest {
  const plain = withoutApplied(manifest)
  const metadata = fieldsOf(plain.metadata)
  const annotations = { ...fieldsOf(metadata.annotations), [APPLIED]: canonicalJson(withoutSecrets(plain)) }
  return { ...plain, metadata: { ...metadata, annotations } }
}

/** Nothing that is declared is as deep; what is, would be too deep to go through. */
const DEEPEST = 40

/**
 * What we last applied of a live object, as its annotation says; null where it says nothing in our form, for an object of this kind: anybody
 * may write annotations, and what one object's holds must not keep the others from being looked at and written down.
 */
export function readApplied(live: Manifest): Manifest | null {
  const text = fieldsOf(fieldsOf(live.metadata).annotations)[APPLIED]
  if (typeof text !== 'string') return null
  try {
    const applied: unknown = JSON.parse(text)
    return isFields(applied) && isKindOf(live, applied) && isTellable(applied, DEEPEST) ? applied : null
  } catch {
    return null
  }
}

function isKindOf(live: Manifest, applied: Fields): boolean {
  return typeof applied.kind === 'string' && applied.kind === live.kind
}

function isTellable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return storable(value, Infinity) === value
  if (typeof value !== 'object' || value === null) return true
  if (depth === 0) return false
  return Object.entries(value).every(([key, member]) => isTellable(key, depth) && isTellable(member, depth - 1))
}

/** An object in the form in which it may be compared with what the annotation tells: without the annotation, a Secret's values hashed. */
export function comparable(object: Manifest): Manifest {
  return withoutSecrets(withoutApplied(object))
}

/** Of what the annotation tells. Both sides compute them from the same: empty where that is null, as it can't be told. */
export function digestsOf(applied: unknown): Digests {
  if (!isFields(applied)) return { digest: '', fixedDigest: '' }
  return { digest: sha256(canonicalJson(applied)), fixedDigest: sha256(canonicalJson(fixedPart(applied))) }
}

/** The part that an API server lets nobody change: where that differs, the object must be made anew. */
export function fixedPart(manifest: Manifest): Fields {
  const spec = fieldsOf(manifest.spec)
  const { kind } = manifest
  const fixed = (): unknown => {
    switch (kind) {
      case 'Deployment':
      case 'DaemonSet':
        return pick(spec, ['selector'])
      case 'StatefulSet':
        return pick(spec, ['selector', 'serviceName', 'podManagementPolicy', 'volumeClaimTemplates'])
      case 'Job':
        return without(spec, 'parallelism')
      case 'PersistentVolumeClaim':
        return without(spec, 'resources')
      case 'Service':
        return pick(spec, ['clusterIP'])
      case 'Secret':
      case 'ConfigMap':
        return manifest.immutable === true ? pick(manifest, ['data', 'binaryData', 'stringData', 'immutable']) : {}
      default:
        return {}
    }
  }
  return { kind, fixed: fixed() }
}

function withoutApplied(manifest: Manifest): Manifest {
  const metadata = fieldsOf(manifest.metadata)
  const { [APPLIED]: applied, ...annotations } = fieldsOf(metadata.annotations)
  if (applied === undefined) return manifest
  const rest = without(metadata, 'annotations')
  return { ...manifest, metadata: Object.keys(annotations).length === 0 ? rest : { ...rest, annotations } }
}

function withoutSecrets(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Secret') return manifest
  const hashed: Record<string, unknown> = { ...manifest }
  for (const member of ['data', 'stringData'])
    if (isFields(manifest[member]))
      hashed[member] = Object.fromEntries(
        Object.entries(manifest[member]).map(([key, value]) => [key, `sha256:${sha256(String(value))}`]),
      )
  return hashed
}

function pick(fields: Fields, keys: readonly string[]): Fields {
  return Object.fromEntries(keys.filter((key) => fields[key] !== undefined).map((key) => [key, fields[key]]))
}

function without(fields: Fields, key: string): Fields {
  const { [key]: _, ...rest } = fields
  return rest
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {}
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
