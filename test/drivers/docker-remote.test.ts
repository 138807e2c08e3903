import t from 'tap'
import { createDriver } from '../../src/drivers/index.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages } from '../lab/images.ts'
import { startSshd } from '../lab/sshd.ts'
import { labCa } from '../lab/tls.ts'
import { driverContract } from './contract.ts'

if (await requireEngines(t)) {
  const ca = await labCa(t)
  const engine = await startEngine({ tls: async (address) => (await ca.server([address])).files })
  t.teardown(async () => await engine.stop())
  const [sshd, { tls }] = await Promise.all([startSshd(engine), ca.client(), buildImages(engine)])
  driverContract(t, {
    name: 'docker by tls',
    connect: (identity) => createDriver('docker', { endpoint: { url: engine.url, tls }, identity }),
  })
  driverContract(t, {
    name: 'docker by ssh',
    connect: (identity) => createDriver('docker', { endpoint: { ssh: sshd.endpoint }, identity }),
  })
}
