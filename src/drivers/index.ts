import { createDockerDriver } from './docker/index.ts'
import type { Driver, Endpoint, Identity } from './driver.ts'
import { AppError } from '../errors/app-error.ts'

export * from './driver.ts'
export * from './streams.ts'

export interface DriverOptions {
  readonly endpoint: Endpoint
  readonly identity: Identity
}

/** The driver of a host's kind. Connects nowhere yet. Throws `unsupported` for a kind or an endpoint that nothing here drives. */
export function createDriver(kind: string, options: DriverOptions): Driver {
  if (kind === 'docker') return createDockerDriver(options)
  throw new AppError('unsupported', { detail: `no driver for hosts of kind ${JSON.stringify(kind)}; there is: docker` })
}
