import t from 'tap'
import { createDriver } from '../../src/drivers/index.ts'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages } from '../lab/images.ts'
import { driverContract } from './contract.ts'

if (await requireEngines(t)) {
  const engine = await startEngine()
  t.teardown(async () => await engine.stop())
  await buildImages(engine)
  driverContract(t, {
    name: 'docker by socket',
    connect: (identity) => createDriver('docker', { endpoint: { socketPath: engine.socketPath }, identity }),
  })
  driverContract(t, {
    name: 'docker by tcp',
    connect: (identity) => createDriver('docker', { endpoint: { url: engine.url }, identity }),
  })
}
