import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Test } from 'tap'
import { stringify } from 'yaml'
import type { Declaration } from '../../../../src/drivers/kinds.ts'
import { APPLIED } from '../../../../src/drivers/kubernetes/applied.ts'
import { effectiveDigest, type DesiredApp } from '../../../../src/planning/index.ts'

const FOLDER = new URL('golden/', import.meta.url)

/**
 * Compares the manifests with `golden/<name>.yaml`, where a service's effective digest reads `digest of <service>`: so that a new field of
 * the spec changes no text. With `MOORAGE_TEST_GOLDEN=write` it writes the file, to be read before it is committed.
 */
export function matchesGolden(t: Test, name: string, declaration: Declaration, wanted: DesiredApp): void {
  const text = Object.entries(wanted.spec?.services ?? {}).reduce(
    (all, [service, spec]) => all.replaceAll(effectiveDigest(spec, wanted.restartGeneration), `digest of ${service}`),
    toText(declaration),
  )
  const file = new URL(`${name}.yaml`, FOLDER)
  if (process.env.MOORAGE_TEST_GOLDEN === 'write') {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(file, text)
  }
  t.equal(text, readFileSync(file, 'utf8'), name)
}

function toText({ objects, notes }: Declaration): string {
  const head = notes.map(({ path, level, message }) => `# ${level} ${path === '' ? 'everywhere' : path}: ${message}\n`)
  const documents = objects.map(({ key, service, awaited, kept, after, manifest }) => {
    const about = [
      key,
      service === null ? 'of the app' : `of ${service}`,
      `${awaited} awaited`,
      ...(kept ? ['kept'] : []),
    ]
    const edges = after.map((edge) => `#   after ${edge.key} is ${edge.until}\n`)
    return `---\n# ${about.join(', ')}\n${edges.join('')}${stringify(withoutApplied(manifest), { lineWidth: 0 })}`
  })
  return [...head, ...documents].join('')
}

function withoutApplied(manifest: Readonly<Record<string, unknown>>): unknown {
  const { metadata, ...rest } = manifest as { metadata: { annotations?: Record<string, string> } }
  const { [APPLIED]: _, ...annotations } = metadata.annotations ?? {}
  const { annotations: __, ...plain } = metadata
  const { apiVersion, kind, ...body } = rest as Record<string, unknown>
  return {
    apiVersion,
    kind,
    metadata: { ...plain, ...(Object.keys(annotations).length > 0 && { annotations }) },
    ...body,
  }
}
