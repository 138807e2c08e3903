import type { DbLogger } from '../../db/index.ts'
import { isAppError } from '../../errors/app-error.ts'
import { registerHost } from './engine-changes.service.ts'
import { findHost } from './hosts.repository.ts'
import type { HostsDeps } from './hosts.service.ts'

const NAME = 'local'
const DEFAULT_SOCKET = '/var/run/docker.sock'

/**
 * Registers the engine at `DOCKER_HOST` (a `unix://` or `tcp://` address), or at Docker's default socket, as host `local`, where no host has that name
 * and the engine answers. Never fails: what kept it from doing so is logged, and an admin can register the engine at any time.
 */
export async function registerLocalHost(
  deps: HostsDeps,
  { dockerHost, log }: { dockerHost: string | null; log: DbLogger },
): Promise<void> {
  if (await findHost(deps.db.prisma, NAME)) return
  const endpoint = localEndpoint(dockerHost)
  if (!endpoint) {
    const reason =
      'DOCKER_HOST is neither unix:// nor tcp://: what the engine there takes is not in it, so register it by the API'
    return log.info({ host: NAME, reason }, 'the local engine is not registered')
  }
  const facts = {
    principal: 'system',
    actor: 'system:settings',
    method: 'POST',
    path: '/v1/hosts',
    key: null,
    hash: '',
  }
  try {
    await registerHost(deps, facts, { name: NAME, kind: 'docker', endpoint })
    log.info({ host: NAME, endpoint }, 'registered the local engine')
  } catch (error) {
    if (!isAppError(error)) throw error
    // Without the endpoint: an address that was refused may hold a password.
    log.info({ host: NAME, reason: error.options.detail }, 'the local engine is not registered')
  }
}

function localEndpoint(dockerHost: string | null): { url: string } | { socketPath: string } | null {
  if (dockerHost === null) return { socketPath: DEFAULT_SOCKET }
  if (dockerHost.startsWith('tcp://')) return { url: dockerHost }
  return dockerHost.startsWith('unix://') ? { socketPath: dockerHost.slice('unix://'.length) } : null
}
