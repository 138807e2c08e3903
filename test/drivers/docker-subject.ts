import { createDriver, type Endpoint } from '../../src/drivers/index.ts'
import type { ContractSubject } from './stage.ts'

/** A Docker engine that is reached in one way, as the suites want it. */
export function dockerSubject({
  name,
  address,
  endpoint,
}: {
  readonly name: string
  /** Where its published ports answer. */
  readonly address: string
  readonly endpoint: Endpoint
}): ContractSubject {
  return {
    name,
    kind: 'docker',
    connect: (identity) => createDriver('docker', { endpoint, identity }),
    traits: { outputs: 'apart', endsInput: true, killsCommands: true, stats: true, address },
  }
}
