import { readFileSync } from 'node:fs'
import { parseAllDocuments, stringify } from 'yaml'
import type { LabCluster } from './kube.ts'
import { eventually } from './run.ts'

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

interface Document {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly rules?: readonly Rule[]
  readonly roleRef?: object
  readonly subjects?: readonly object[]
}

/** What deploy/kubernetes/rbac.yaml makes, under another name: a namespace, a service account and its roles. */
export interface LabRole {
  readonly name: string
  /** The service account's. */
  readonly token: string
  /** Gives its role these rules, made of those that it has in the file. */
  setRules(change: (rules: readonly Rule[]) => readonly Rule[]): Promise<void>
  /** Ends the token at once: the account goes. */
  revoke(): Promise<void>
}

/** Ends with the test. */
export async function labRole(
  t: { teardown(work: () => unknown): unknown },
  cluster: LabCluster,
  name: string,
): Promise<LabRole> {
  const file = new URL('../../deploy/kubernetes/rbac.yaml', import.meta.url)
  const documents = parseAllDocuments(readFileSync(file, 'utf8')).map((one): Document => one.toJS())
  const renamed = documents.map((one): Document => JSON.parse(JSON.stringify(one).replaceAll('"moorage', `"${name}`)))
  const apply = async (wanted: readonly Document[]): Promise<void> => {
    await cluster.kubectl(['apply', '-f', '-'], { input: wanted.map((one) => stringify(one)).join('---\n') })
  }
  await apply(renamed)
  t.teardown(async () => {
    await cluster.kubectl(['delete', 'clusterrolebinding,clusterrole', name, '--ignore-not-found'])
    await cluster.kubectl(['delete', 'clusterrole', `${name}-node-stats`, '--ignore-not-found'])
    await cluster.kubectl(['delete', 'namespace', name, '--ignore-not-found', '--wait=false'])
  })
  const role = renamed.find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === name)
  if (!role?.rules) throw new Error('deploy/kubernetes/rbac.yaml has no ClusterRole moorage')
  const { rules } = role
  return {
    name,
    token: await tokenOf(cluster, name),
    setRules: async (change) => await apply([{ ...role, rules: change(rules) }]),
    revoke: async () => {
      await cluster.kubectl(['-n', name, 'delete', 'serviceaccount', name])
    },
  }
}

/** In a Secret of its own, as every version makes it on request. */
async function tokenOf(cluster: LabCluster, name: string): Promise<string> {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/service-account-token',
    metadata: { name: 'token', namespace: name, annotations: { 'kubernetes.io/service-account.name': name } },
  }
  await cluster.kubectl(['apply', '-f', '-'], { input: stringify(secret) })
  let token = ''
  await eventually('the account has a token', async () => {
    token = await cluster.kubectl(['-n', name, 'get', 'secret', 'token', '-o', 'jsonpath={.data.token}'])
    return token !== ''
  })
  return Buffer.from(token, 'base64').toString()
}
