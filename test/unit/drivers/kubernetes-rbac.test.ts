import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { NODE_STATS, type Permission, PERMISSIONS, textOf } from '../../../src/drivers/kubernetes/permissions.ts'

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

interface Document {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly rules?: readonly Rule[]
  readonly roleRef?: { readonly name: string }
}

const documents = parseAllDocuments(
  readFileSync(new URL('../../../deploy/kubernetes/rbac.yaml', import.meta.url), 'utf8'),
).map((document): Document => document.toJS())

const granted = (role: string): string[] =>
  documents
    .filter(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === role)
    .flatMap(({ rules = [] }) => rules)
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => ({ verb, group, resource })))),
    )
    .map(textOf)
    .toSorted()
const asked = (permissions: readonly Permission[]): string[] => permissions.map(textOf).toSorted()

t.test('rbac.yaml grants what the driver asks for, and nothing else', async (t) => {
  t.same(granted('moorage'), asked(PERMISSIONS))
  t.same(granted('moorage-node-stats'), asked(NODE_STATS))
  t.equal(new Set(asked(PERMISSIONS)).size, PERMISSIONS.length, 'nothing is asked for twice')
})

t.test('the role that reads from kubelets is bound to nobody', async (t) => {
  const bound = documents.filter(({ kind }) => kind.endsWith('RoleBinding')).map(({ roleRef }) => roleRef?.name)
  t.same(bound, ['moorage'])
})
