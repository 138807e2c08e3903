import type { AgentOptions } from 'node:https'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { KubeConfig } from '@kubernetes/client-node'
import type { ClusterEndpoint } from '../driver.ts'
import { AppError } from '../../errors/app-error.ts'
import { systemCertificates } from '../tls-errors.ts'

/** How an API server is spoken to, opened from an endpoint. */
export interface Access {
  /** `https://host:port`, with a path where it has one, without a slash at its end. */
  readonly server: string
  readonly tls: AgentOptions
  /** Whose certificate ours is known by; null: we show none. */
  readonly cert: string | null
  /** The endpoint says whose certificate the server must have. */
  readonly ownCa: boolean
  /** Asked for each request: the token of a pod is exchanged as time passes. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>
}

const NO_POD = 'this process runs in no pod of a cluster'

/** Opens an endpoint; imports the SDK (0.4 to 0.9 s, 90 MB), once a process. Throws `host_unreachable` where this process is in no cluster. */
export async function openAccess(endpoint: ClusterEndpoint): Promise<Access> {
  const sdk = await import('@kubernetes/client-node')
  const config = new sdk.KubeConfig()
  load(config, endpoint)
  const server = config.getCurrentCluster()?.server ?? ''
  if (!URL.canParse(server)) throw new AppError('host_unreachable', { detail: NO_POD })
  if (!server.startsWith('https://'))
    throw new AppError('unsupported', { detail: 'the API server of a cluster is reached by https alone' })
  const { ca, cert, key, servername, headers } = await apply(config)
  return {
    server: server.replace(/\/+$/, ''),
    tls: {
      // Made once: an agent would read all certificates for each connection, and name its connections after them.
      secureContext: contextOf({ ca: ca ?? systemCertificates(), cert, key }),
      ...(servername !== undefined && { servername }),
      // Said although it is the default: NODE_TLS_REJECT_UNAUTHORIZED in the environment would change that one.
      rejectUnauthorized: true,
    },
    cert: cert === undefined ? null : String(cert),
    ownCa: ca !== undefined,
    headers: async () => ('inCluster' in endpoint ? (await apply(config)).headers : headers),
  }
}

function load(config: KubeConfig, endpoint: ClusterEndpoint): void {
  if ('inCluster' in endpoint) return config.loadFromCluster()
  const { server, ca, serverName, user } = endpoint
  config.loadFromClusterAndUser(
    {
      name: 'cluster',
      server,
      skipTLSVerify: false,
      ...(ca !== null && { caData: toBase64(ca) }),
      ...(serverName !== null && { tlsServerName: serverName }),
    },
    {
      name: 'user',
      ...('token' in user ? { token: user.token } : { certData: toBase64(user.cert), keyData: toBase64(user.key) }),
    },
  )
}

type Pem = string | Buffer

interface Applied {
  readonly ca?: Pem
  readonly cert?: Pem
  readonly key?: Pem
  readonly servername?: string
  readonly headers: Readonly<Record<string, string>>
}

/** What the SDK makes of the credentials. The agent that it makes as well is not used: it keeps no connection. */
async function apply(config: KubeConfig): Promise<Applied> {
  const options: Partial<Applied> = {}
  try {
    await config.applyToHTTPSOptions(options)
  } catch (error) {
    throw new AppError('host_unreachable', {
      detail: `${NO_POD} that may use a service account: its credentials can not be read`,
      internal: String(error),
      cause: error,
    })
  }
  const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name, value.trim()])
  return { ...options, headers: Object.fromEntries(headers) }
}

function contextOf(options: {
  readonly ca: Pem | string[]
  readonly cert: Pem | undefined
  readonly key: Pem | undefined
}): SecureContext {
  try {
    return createSecureContext(options)
  } catch (error) {
    throw new AppError('host_unreachable', {
      detail: 'the certificates or the key of the endpoint can not be used',
      internal: String(error),
      cause: error,
    })
  }
}

function toBase64(pem: string): string {
  return Buffer.from(pem).toString('base64')
}
