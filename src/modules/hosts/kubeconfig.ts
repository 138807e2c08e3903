import type { ClusterEndpoint } from '../../drivers/driver.ts'
import { isAppError } from '../../errors/app-error.ts'
import { storable } from '../../lib/storable-text.ts'
import { readYamlDocument } from '../../spec/index.ts'
import { badEndpoint } from './bad-endpoint.ts'
import { readServer, requireCa, requireClientCertificate, requireToken } from './cluster-credentials.ts'

type Reached = Exclude<ClusterEndpoint, { readonly inCluster: true }>
type Dict = Readonly<Record<string, unknown>>

const PATH = '/kubeconfig'
const OWN_DISK = 'names a file: it would be read from the disk of the control plane'

/** What a user may not have, and why. */
const REFUSED_OF_USERS: Readonly<Record<string, string>> = {
  exec: 'runs a program for its credentials (exec), which would run on the control plane: give the user a token, or a client certificate; deploy/kubernetes/rbac.yaml makes an account with one',
  'auth-provider':
    'has its credentials from an auth-provider, which would run on the control plane: give the user a token, or a client certificate; deploy/kubernetes/rbac.yaml makes an account with one',
  username: 'has a password (username), which API servers do not take any more: give a token, or a client certificate',
  password: 'has a password, which API servers do not take any more: give a token, or a client certificate',
  tokenFile: `${OWN_DISK}: give the token itself (token) instead of tokenFile`,
  'token-file': `${OWN_DISK}: give the token itself (token) instead of token-file`,
  'client-certificate': `${OWN_DISK}: give client-certificate-data instead of client-certificate`,
  'client-key': `${OWN_DISK}: give client-key-data instead of client-key`,
  as: 'acts as another user (as): give that user’s own credentials',
  'as-uid': 'acts as another user (as-uid): give that user’s own credentials',
  'as-groups': 'acts as a member of groups (as-groups): give the credentials of a user who is one',
  'as-user-extra': 'acts as another user (as-user-extra): give that user’s own credentials',
}
const REFUSED_OF_CLUSTERS: Readonly<Record<string, string>> = {
  'certificate-authority': `${OWN_DISK}: give certificate-authority-data instead of certificate-authority`,
  'proxy-url': 'is reached by a proxy (proxy-url), which this version can not do',
  'insecure-skip-tls-verify':
    'believes any certificate (insecure-skip-tls-verify), so whoever is on the way could take the credentials: give certificate-authority-data',
}

export interface ReadKubeconfig {
  readonly endpoint: Reached
  readonly context: string
}

/**
 * Reads the one context of a kubeconfig, or the one that `wanted` names where there are several: which one a file means by `current-context` changes
 * by a command. Throws `bad_request` for what would run a program, read a file or believe anybody; never with a credential's text.
 */
export function readKubeconfig(text: string, wanted: string | undefined): ReadKubeconfig {
  const config = readDocument(text)
  const context = chooseContext(config, wanted)
  const { cluster: clusterName, user: userName } = context.members
  const cluster = findEntry(config, 'cluster', clusterName)
  const user = findEntry(config, 'user', userName)
  refuse(cluster, REFUSED_OF_CLUSTERS, 'its cluster')
  refuse(user, REFUSED_OF_USERS, 'its user')
  const ca = readData(cluster, 'certificate-authority-data')
  if (ca !== null) requireCa(ca, PATH, 'certificate-authority-data')
  const serverName = readText(cluster, 'tls-server-name')
  if (serverName !== null && !/^[A-Za-z0-9.:*-]{1,253}$/.test(serverName))
    throw badEndpoint(PATH, 'has a tls-server-name that is no name')
  return {
    context: context.name,
    endpoint: {
      server: readServer(readText(cluster, 'server') ?? '', PATH, 'the server of its cluster'),
      ca,
      serverName,
      user: readUser(user),
    },
  }
}

function readUser(user: Dict): Reached['user'] {
  const token = readText(user, 'token')
  const cert = readData(user, 'client-certificate-data')
  const key = readData(user, 'client-key-data')
  if (token !== null && (cert !== null || key !== null))
    throw badEndpoint(PATH, 'has both a token and a client certificate for its user: leave one out')
  if (token !== null) return { token: requireToken(token, PATH, 'the token of its user') }
  if (cert === null || key === null)
    throw badEndpoint(PATH, 'must have a token, or client-certificate-data and client-key-data, for its user')
  requireClientCertificate({ cert, key }, PATH)
  return { cert, key }
}

function readDocument(text: string): Dict {
  try {
    const document = readYamlDocument(text)
    if (isDict(document)) return document
  } catch (error) {
    if (!isAppError(error, 'invalid_spec') && !isAppError(error, 'unsupported')) throw error
    throw badEndpoint(PATH, `is not YAML that can be read: ${error.options.detail}`)
  }
  throw badEndpoint(PATH, 'must be the text of a kubeconfig: a map with clusters, contexts and users')
}

function chooseContext(config: Dict, wanted: string | undefined): { name: string; members: Dict } {
  const contexts = listOf(config, 'contexts')
  if (contexts.length === 0) throw badEndpoint(PATH, 'has no contexts')
  const [only, second] = contexts
  if (wanted === undefined && second !== undefined) {
    const names = storable(contexts.map(({ name }) => name).join(', '), 500)
    throw badEndpoint('/context', `is missing, and the kubeconfig has several: one of ${names}`)
  }
  const chosen = wanted === undefined ? only : contexts.find(({ name }) => name === wanted)
  if (!chosen) throw badEndpoint('/context', 'is none of the contexts of the kubeconfig')
  if (!isDict(chosen.entry['context'])) throw badEndpoint(PATH, 'has a context that is not a map')
  return { name: storable(chosen.name, 253), members: chosen.entry['context'] }
}

function findEntry(config: Dict, kind: 'cluster' | 'user', name: unknown): Dict {
  if (typeof name !== 'string' || name === '') throw badEndpoint(PATH, `has a context without a ${kind}`)
  const found = listOf(config, `${kind}s`).find((one) => one.name === name)
  if (!found) throw badEndpoint(PATH, `has a context whose ${kind} is not among its ${kind}s`)
  const members = found.entry[kind]
  if (!isDict(members)) throw badEndpoint(PATH, `has a ${kind} that is not a map`)
  return members
}

function listOf(config: Dict, key: string): { readonly name: string; readonly entry: Dict }[] {
  const list = config[key]
  if (!Array.isArray(list)) throw badEndpoint(PATH, `must be the text of a kubeconfig: ${key} is not a list`)
  return list.map((entry: unknown) => {
    if (!isDict(entry) || typeof entry['name'] !== 'string')
      throw badEndpoint(PATH, `has something among its ${key} that has no name`)
    return { name: entry['name'], entry }
  })
}

/** What says nothing (`insecure-skip-tls-verify: false`, an empty text) is as good as left out. */
function refuse(members: Dict, refused: Readonly<Record<string, string>>, whose: string): void {
  for (const [key, why] of Object.entries(refused)) {
    const value = members[key]
    if (value !== undefined && value !== null && value !== false && value !== '')
      throw badEndpoint(PATH, `is refused: ${whose} ${why}`)
  }
}

function readText(members: Dict, key: string): string | null {
  const value = members[key]
  if (value === undefined || value === null || value === '') return null
  if (typeof value !== 'string') throw badEndpoint(PATH, `has a ${key} that is no text`)
  return value
}

/** What is base64 there. */
function readData(members: Dict, key: string): string | null {
  const value = readText(members, key)?.replaceAll(/\s/g, '')
  if (value === undefined) return null
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) throw badEndpoint(PATH, `has a ${key} that is not base64`)
  return Buffer.from(value, 'base64').toString()
}

function isDict(value: unknown): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
