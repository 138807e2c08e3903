import type { V1PersistentVolumeClaim, V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import { LABELS } from '../../labels.ts'
import { metadataOf, type App, type AppService } from './app.ts'
import { memoryQuantity } from './quantities.ts'

/** The keys of the volumes that a service mounts, each once. */
export function volumesOf({ spec }: AppService): string[] {
  const keys = spec.mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.source] : []))
  return [...new Set(keys)].toSorted()
}

/** A claim for each volume that a service mounts; all their replicas share it. */
export function toClaims(app: App): V1PersistentVolumeClaim[] {
  const keys = [...new Set(app.services.flatMap(volumesOf))].toSorted()
  return keys.map((key) => {
    return {
      metadata: metadataOf(app, key, { labels: { [LABELS.key]: key }, annotations: app.spec.volumes[key]?.labels }),
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: app.settings.storageClass ?? undefined,
        resources: { requests: { storage: app.settings.volumeSize } },
      },
    }
  })
}

export interface Mounted {
  readonly volumes: readonly V1Volume[]
  readonly mounts: readonly V1VolumeMount[]
}

/** A service's own volumes and where they are mounted. */
export function toMounted(service: AppService): Mounted {
  const { mounts, shmSizeBytes } = service.spec
  const keys = volumesOf(service)
  const claims = keys.map((key, at) => ({ name: `volume-${at}`, persistentVolumeClaim: { claimName: key } }))
  const inMemory = [
    ...mounts.flatMap((mount) => (mount.type === 'tmpfs' ? [{ path: mount.target, bytes: mount.sizeBytes }] : [])),
    ...(shmSizeBytes !== null && !mounts.some(({ target }) => target === SHM)
      ? [{ path: SHM, bytes: shmSizeBytes }]
      : []),
  ].map(({ path, bytes }, at) => ({ name: `memory-${at}`, path, bytes }))
  return {
    volumes: [
      ...claims,
      ...inMemory.map(({ name, bytes }) => ({
        name,
        emptyDir: { medium: 'Memory', ...(bytes !== null && bytes > 0 && { sizeLimit: memoryQuantity(bytes) }) },
      })),
    ],
    mounts: [
      ...mounts.flatMap((mount) =>
        mount.type === 'volume'
          ? [
              {
                name: `volume-${keys.indexOf(mount.source)}`,
                mountPath: mount.target,
                ...(mount.readOnly && { readOnly: true }),
              },
            ]
          : [],
      ),
      ...inMemory.map(({ name, path }) => ({ name, mountPath: path })),
    ],
  }
}

const SHM = '/dev/shm'
