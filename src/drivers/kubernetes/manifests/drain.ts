import type { V1ConfigMap, V1LifecycleHandler } from '@kubernetes/client-node'
import { metadataOf, type App, type AppService } from './app.ts'
import { DRAIN_PROGRAMS, DRAIN_SECONDS } from './drain-program.ts'
import type { Mounted } from './volumes.ts'

/** Its ConfigMap, and the volume of a pod that holds it. */
const NAME = 'moorage--drain'
/** Where a pod has it, on a cluster that does not drain by itself. */
export const DRAIN_FOLDER = '/.moorage'
/** The first version of Kubernetes 1 that sleeps by itself. */
const SLEEPS = 30

export interface Drain extends Mounted {
  readonly seconds: number
  readonly preStop: V1LifecycleHandler | null
}

const NONE: Drain = { seconds: 0, preStop: null, volumes: [], mounts: [] }

/**
 * How a pod goes on to serve for a while after it was told to stop. It gets the signal at the moment at which it leaves the
 * Service's endpoints, which nodes learn of a little later: without a drain, each rollout would refuse some connections.
 */
export function toDrain(app: App, { name, kind }: AppService): Drain {
  if (kind === 'Job') return NONE
  if (app.cluster.isAtLeast(SLEEPS))
    return { ...NONE, seconds: DRAIN_SECONDS, preStop: { sleep: { seconds: DRAIN_SECONDS } } }
  if (programOf(app))
    return {
      seconds: DRAIN_SECONDS,
      preStop: { exec: { command: [`${DRAIN_FOLDER}/drain`] } },
      volumes: [{ name: NAME, configMap: { name: NAME, defaultMode: 0o555 } }],
      mounts: [{ name: NAME, mountPath: DRAIN_FOLDER, readOnly: true }],
    }
  app.tell({
    path: `/services/${name}`,
    level: 'approximated',
    message: `a rollout is without a gap only where the image has a program \`sleep\`: the cluster is older than 1.${SLEEPS}, and its nodes are not all amd64 or all arm64`,
  })
  return { ...NONE, seconds: DRAIN_SECONDS, preStop: { exec: { command: ['sleep', String(DRAIN_SECONDS)] } } }
}

/** The program that pods drain with; null where none of them needs it. */
export function toDrainProgram(app: App): V1ConfigMap | null {
  const program = programOf(app)
  if (!program || app.cluster.isAtLeast(SLEEPS) || app.services.every(({ kind }) => kind === 'Job')) return null
  return { metadata: metadataOf(app, NAME), binaryData: { drain: Buffer.from(program).toString('base64') } }
}

function programOf({ cluster }: App): Uint8Array | null {
  const [architecture, ...others] = cluster.architectures
  if (others.length > 0) return null
  return architecture === 'amd64' || architecture === 'arm64' ? DRAIN_PROGRAMS[architecture] : null
}
