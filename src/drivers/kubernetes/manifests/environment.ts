import type { V1Secret } from '@kubernetes/client-node'
import { digestOf } from '../../../lib/canonical.ts'
import { metadataOf, type App, type AppService } from './app.ts'
import { nameFor } from './names.ts'

const DIGEST_LENGTH = 10

/** The Secret that a service's environment is; null where it has none. Another environment has another name. */
export function secretNameOf({ desired }: App, { name, spec }: AppService): string | null {
  if (Object.keys(spec.environment).length === 0) return null
  const digest = digestOf({ app: desired.app.id, environment: spec.environment })
  return nameFor(name, `env-${digest.slice(0, DIGEST_LENGTH)}`)
}

export function toSecret(app: App, service: AppService): V1Secret | null {
  const name = secretNameOf(app, service)
  if (name === null) return null
  return {
    metadata: metadataOf(app, name, { service: service.name }),
    type: 'Opaque',
    immutable: true,
    data: Object.fromEntries(
      Object.entries(service.spec.environment).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
  }
}
