import t from 'tap'
import {
  APPLIED,
  comparable,
  digestsOf,
  fixedPart,
  readApplied,
  withApplied,
} from '../../../../src/drivers/kubernetes/applied.ts'
import { canonicalJson } from '../../../../src/lib/canonical.ts'
import { sha256 } from '../../../../src/lib/ids.ts'

const SECRET = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'web--env', labels: { a: 'b' } },
  immutable: true,
  data: { PASSWORD: 'aHVudGVyMg==' },
}

t.test('an object tells what was applied of it, and a Secret no value', async (t) => {
  const manifest = withApplied(SECRET)
  const { annotations } = manifest.metadata as { annotations: Record<string, string> }
  t.same(Object.keys(annotations), [APPLIED])
  t.notMatch(annotations[APPLIED], 'aHVudGVyMg')
  t.same(readApplied(manifest), { ...SECRET, data: { PASSWORD: `sha256:${sha256('aHVudGVyMg==')}` } })
  t.same(manifest.data, SECRET.data, 'what is sent has them')
})

t.test('the annotation tells nothing of itself: it is the same of an object that has it', async (t) => {
  t.same(withApplied(withApplied(SECRET)), withApplied(SECRET))
  t.same(comparable(withApplied(SECRET)), comparable(SECRET))
  const annotated = { ...SECRET, metadata: { ...SECRET.metadata, annotations: { other: '1' } } }
  t.same(comparable(withApplied(annotated)), comparable(annotated), 'and other annotations stay')
})

t.test('what can not be told has empty digests', async (t) => {
  for (const annotations of [
    undefined,
    {},
    { [APPLIED]: '{' },
    { [APPLIED]: '[]' },
    { [APPLIED]: '"x"' },
    { [APPLIED]: '{}' },
  ])
    t.equal(readApplied({ metadata: { annotations } }), null)
  t.same(digestsOf(null), { digest: '', fixedDigest: '' })
})

t.test('an annotation that somebody changed gives another digest', async (t) => {
  const applied = readApplied(withApplied(SECRET))
  const digests = digestsOf(applied)
  t.same(digestsOf(JSON.parse(canonicalJson(applied))), digests)
  t.not(digestsOf({ ...applied, immutable: false }).digest, digests.digest)
})

t.test('the fixed part is what an API server lets nobody change', async (t) => {
  const spec = {
    selector: { a: 1 },
    template: { b: 1 },
    replicas: 1,
    parallelism: 1,
    serviceName: 'web',
    resources: { requests: 1 },
    accessModes: ['ReadWriteOnce'],
    clusterIP: 'None',
  }
  const changes = (kind: string, member: string): boolean => {
    const of = (value: unknown): string => digestsOf({ kind, spec: { ...spec, [member]: value } }).fixedDigest
    return of('one') !== of('other')
  }
  const members = Object.keys(spec)
  const fixed = (kind: string): string[] => members.filter((member) => changes(kind, member))
  t.same(fixed('Deployment'), ['selector'])
  t.same(fixed('DaemonSet'), ['selector'])
  t.same(fixed('StatefulSet'), ['selector', 'serviceName'])
  t.same(
    fixed('Job'),
    members.filter((member) => member !== 'parallelism'),
  )
  t.same(
    fixed('PersistentVolumeClaim'),
    members.filter((member) => member !== 'resources'),
  )
  t.same(fixed('Service'), ['clusterIP'])
  t.same(fixed('NetworkPolicy'), [])
  t.not(canonicalJson(fixedPart(SECRET)), canonicalJson(fixedPart({ ...SECRET, data: {} })))
  t.equal(canonicalJson(fixedPart(SECRET)), canonicalJson(fixedPart({ ...SECRET, metadata: {} })))
  t.same(fixedPart({ ...SECRET, immutable: false }), { kind: 'Secret', fixed: {} })
})
