import type { Tx } from '../../db/types.ts'
import { effectiveDigestOf } from '../../planning/index.ts'
import type { App } from './apps.schemas.ts'
import { createKeptSpecs } from './kept-specs.ts'
import { digestsOf, type InstanceRow, type SightRow, sightsOf } from './views.repository.ts'
import { type JudgingSpec, type ReleaseDigests, releaseOf, type SeenObject } from './workloads.ts'

/** Instances that are not of the wanted release are compared with so many of the newest ones. */
const COMPARED_RELEASES = 1000

/** What of an app its views are made of. */
export type AppRef = Pick<App, 'id' | 'name' | 'host' | 'wanted'>

/** An app with what the observers last saw of it. */
export interface Sight {
  readonly app: AppRef
  /** An operation of the app has not ended. */
  readonly active: boolean
  /** The wanted one; null: nothing is wanted. */
  readonly spec: JudgingSpec | null
  /** The digests of its services. */
  readonly digests: Readonly<Record<string, string>>
  /** By service and ordinal. */
  readonly instances: readonly InstanceRow[]
  /** Those that have something to tell of how a service stands. */
  readonly objects: readonly SeenObject[]
  /** The release that an instance is of; null: none of those that there are. */
  release(instance: InstanceRow): number | null
}

/** Apps as they stand. It keeps what it learns of specs: one for each who asks often. */
export interface Sights {
  readonly tx: Tx
  /** In their order, all as of one moment: one statement, however many apps there are; two more where there is something new or old. */
  look(apps: readonly AppRef[]): Promise<Sight[]>
}

export function createSights(tx: Tx): Sights {
  const specsOf = createKeptSpecs(tx)
  return {
    tx,
    async look(apps) {
      if (apps.length === 0) return []
      const { rows, instances, objects } = await sightsOf(
        tx,
        apps.map(({ id, wanted }) => ({ appId: id, number: wanted.release })),
        Date.now(),
      )
      const specs = await specsOf(
        apps.flatMap(({ id, wanted }, at) => {
          const digest = rows[at]?.digest ?? null
          return digest === null || wanted.release === null ? [] : [{ appId: id, number: wanted.release, digest }]
        }),
      )
      const sights = apps.map((app, at) => ({
        ...sightOf(app, rows[at], instances[at] ?? [], specs),
        objects: objects[at] ?? [],
      }))
      const others = sights.filter((sight) => sight.instances.some((instance) => !sight.isOfWanted(instance)))
      const older =
        others.length > 0
          ? await digestsOf(
              tx,
              others.map(({ app }) => app.id),
              COMPARED_RELEASES,
            )
          : new Map<string, ReleaseDigests[]>()
      return sights.map(({ isOfWanted, effective, ...sight }) => ({
        ...sight,
        release: (instance) =>
          isOfWanted(instance)
            ? sight.app.wanted.release
            : releaseOf(instance, older.get(sight.app.id) ?? [], sight.app.wanted.release, (digest) =>
                effective(digest, instance.restartGeneration),
              ),
      }))
    },
  }
}

function sightOf(
  app: AppRef,
  row: SightRow | undefined,
  instances: readonly InstanceRow[],
  specs: ReadonlyMap<string, JudgingSpec>,
) {
  const digests = row?.serviceDigests ?? {}
  const made = new Map<string, string>()
  /** A hash where the app was restarted, which its instances share. */
  const effective = (digest: string, generation: number): string => {
    if (generation === 0) return effectiveDigestOf(digest, generation)
    const key = `${digest} ${generation}`
    const known = made.get(key) ?? effectiveDigestOf(digest, generation)
    made.set(key, known)
    return known
  }
  return {
    app,
    active: row?.active ?? false,
    spec: (row?.digest !== undefined && row.digest !== null && specs.get(row.digest)) || null,
    digests,
    instances,
    effective,
    isOfWanted: ({ service, serviceDigest, restartGeneration }: InstanceRow): boolean => {
      const own = Object.hasOwn(digests, service) ? digests[service] : undefined
      return own !== undefined && effective(own, restartGeneration) === serviceDigest
    },
  }
}
