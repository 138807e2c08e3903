import t from 'tap'
import { requireEngines, startEngine } from '../lab/engines.ts'
import { buildImages } from '../lab/images.ts'
import { startSshd } from '../lab/sshd.ts'
import { labCa } from '../lab/tls.ts'
import { containerContract } from './container-contract.ts'
import { driverContract } from './contract.ts'
import { dockerSubject } from './docker-subject.ts'

if (await requireEngines(t)) {
  const ca = await labCa(t)
  const engine = await startEngine({ tls: async (address) => (await ca.server([address])).files })
  t.teardown(async () => await engine.stop())
  const [sshd, { tls }] = await Promise.all([startSshd(engine), ca.client(), buildImages(engine)])
  const { address } = engine
  for (const subject of [
    dockerSubject({ name: 'docker by tls', address, endpoint: { url: engine.url, tls } }),
    dockerSubject({ name: 'docker by ssh', address, endpoint: { ssh: sshd.endpoint } }),
  ]) {
    driverContract(t, subject)
    containerContract(t, subject)
  }
}
