import t from 'tap'
import { FakeEngine } from '../lab/fake-driver.ts'
import { driverContract } from './contract.ts'

const engine = new FakeEngine()
driverContract(t, { name: "the fake of the runner's tests", connect: (identity) => engine.connect(identity) })
