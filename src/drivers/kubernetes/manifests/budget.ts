import type { V1PodDisruptionBudget } from '@kubernetes/client-node'
import { metadataOf, selectorOf, type App, type AppService } from './app.ts'

/** One pod at a time may be taken from a node that is being emptied; null where there are not several, or the cluster serves no budgets. */
export function toBudget(app: App, { name, kind, replicas }: AppService): V1PodDisruptionBudget | null {
  if (replicas < 2 || (kind !== 'Deployment' && kind !== 'StatefulSet')) return null
  if (!app.cluster.serves('PodDisruptionBudget')) {
    app.tell({
      path: `/services/${name}`,
      level: 'approximated',
      message:
        'this cluster does not serve policy/v1: all replicas may be taken at once from nodes that are being emptied',
    })
    return null
  }
  return {
    metadata: metadataOf(app, name, { service: name }),
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(app, name) } },
  }
}
