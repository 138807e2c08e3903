import t from 'tap'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages } from '../lab/images.ts'
import { containerContract } from './container-contract.ts'
import { driverContract } from './contract.ts'
import { dockerSubject } from './docker-subject.ts'

if (await requireEngines(t)) {
  const engine = await startEngine()
  t.teardown(async () => await engine.stop())
  await buildImages(engine)
  const { address } = engine
  for (const subject of [
    dockerSubject({ name: 'docker by socket', address, endpoint: { socketPath: engine.socketPath } }),
    dockerSubject({ name: 'docker by tcp', address, endpoint: { url: engine.url } }),
  ]) {
    driverContract(t, subject)
    containerContract(t, subject)
  }
}
