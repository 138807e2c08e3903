import t from 'tap'
import { createDriver } from '../../src/drivers/index.ts'
import { requireCluster } from '../lab/kube.ts'
import { driverContract } from './contract.ts'

const cluster = await requireCluster(t)
if (cluster) {
  const settings = { nodeStats: true }
  driverContract(t, {
    name: 'kubernetes',
    kind: 'kubernetes',
    settings,
    connect: (identity) => createDriver('kubernetes', { endpoint: { cluster: cluster.endpoint }, identity, settings }),
    forget: async (installation) => await cluster.forget(installation, { wait: false }),
    traits: { outputs: 'one', endsInput: false, killsCommands: true, stats: true, address: cluster.nodeAddress },
  })
}
