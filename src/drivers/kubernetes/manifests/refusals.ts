import { AppError } from '../../../errors/app-error.ts'
import {
  type AppSpec,
  isAnnotation,
  isHostName,
  isId,
  isOwnName,
  isServiceName,
  isVariable,
  SERVICE_NAME_LENGTH,
  type ServiceSpec,
} from '../../../spec/index.ts'
import { DRAIN_FOLDER } from './drain.ts'

/** What Pod Security's `baseline` lets a container add. */
const BASELINE: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
])

/**
 * Throws `unsupported` for what no cluster takes, or what would reach beyond the app there. A spec's notes tell of it before; this holds for
 * releases that were made before there were such notes, and is what keeps `baseline` where the cluster itself does not.
 */
export function refuseWhatNoClusterTakes(spec: AppSpec): void {
  for (const [name, service] of Object.entries(spec.services)) {
    const problem = problemOf(name, service)
    if (problem !== null) throw new AppError('unsupported', { detail: `service ${name}: ${problem}`, service: name })
  }
  const names = new Map<string, string>()
  for (const [name, service] of Object.entries(spec.services))
    for (const dnsName of [name, ...service.aliases]) {
      const other = names.get(dnsName)
      if (other !== undefined)
        throw new AppError('unsupported', {
          detail: `the services ${other} and ${name} both answer to ${dnsName}: on a cluster, a name is one service’s`,
          service: name,
        })
      names.set(dnsName, name)
    }
}

function problemOf(name: string, service: ServiceSpec): string | null {
  if (!isServiceName(name))
    return `its name must be a DNS label of up to ${SERVICE_NAME_LENGTH} characters, without \`--\``
  const alias = service.aliases.find((text) => !isOwnName(text))
  if (alias !== undefined) return `the alias ${alias} must be a DNS label without \`--\``
  const volume = service.mounts.find((mount) => mount.type === 'volume' && !isOwnName(mount.source))
  if (volume?.type === 'volume') return `the name of the volume ${volume.source} must be a DNS label without \`--\``
  if (service.mounts.some(({ target }) => `${target}/`.startsWith(`${DRAIN_FOLDER}/`)))
    return `nothing of its own may be mounted at ${DRAIN_FOLDER}`
  if (service.hostname !== null && !isHostName(service.hostname)) return 'its host name must be a DNS label'
  if (service.domainname !== null) return 'the cluster gives names their domain: no `domainname`'
  const ids = [...(service.user === null ? [] : service.user.split(':')), ...service.groupAdd]
  if ((service.user?.split(':').length ?? 0) > 2 || !ids.every(isId)) return 'its user and groups must be numbers'
  if (service.entrypoint?.length === 0 || service.command?.length === 0)
    return 'an empty entrypoint or command would be the image’s own'
  const capability = service.capAdd.find((one) => !BASELINE.has(one))
  if (capability !== undefined) return `the capability ${capability} is more than Pod Security’s \`baseline\` allows`
  const variable = Object.keys(service.environment).find((one) => !isVariable(one))
  if (variable !== undefined) return `no variable may be named ${JSON.stringify(variable)}`
  const label = Object.keys(service.labels).find((one) => !isAnnotation(one))
  if (label !== undefined) return `no annotation may be named ${JSON.stringify(label)}`
  return null
}
