import { createDriver } from '../../src/drivers/index.ts'
import type { LabCluster } from '../lab/kube.ts'
import type { ContractSubject } from './stage.ts'

/** The lab's cluster, as the suites want it. */
export function kubernetesSubject(cluster: LabCluster): ContractSubject {
  const settings = { nodeStats: true }
  return {
    name: 'kubernetes',
    kind: 'kubernetes',
    settings,
    connect: (identity) => createDriver('kubernetes', { endpoint: { cluster: cluster.endpoint }, identity, settings }),
    forget: async (installation) => await cluster.forget(installation, { wait: false }),
    traits: { outputs: 'one', endsInput: false, killsCommands: true, stats: true, address: cluster.nodeAddress },
  }
}
