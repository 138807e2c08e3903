import t from 'tap'
import { FakeEngine } from '../lab/fake-driver.ts'
import { containerContract } from './container-contract.ts'
import { type ContractSubject, driverContract } from './contract.ts'

const engine = new FakeEngine()
const subject: ContractSubject = {
  name: "the fake of the runner's tests",
  kind: 'docker',
  connect: (identity) => engine.connect(identity),
  traits: { outputs: 'apart', endsInput: true, killsCommands: true, stats: true, address: null },
}
driverContract(t, subject)
containerContract(t, subject)
