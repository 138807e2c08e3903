import t from 'tap'
import { namespaceOf, nameFor } from '../../../../src/drivers/kubernetes/manifests/names.ts'
import { cpuQuantity, memoryQuantity } from '../../../../src/drivers/kubernetes/manifests/quantities.ts'
import { verbatim } from '../../../../src/drivers/kubernetes/manifests/verbatim.ts'
import { collectionPath, objectPath, parseKey } from '../../../../src/drivers/kubernetes/kinds-of-objects.ts'

t.test('quantities have the form in which an API server gives them back', async (t) => {
  const bytes: readonly [number, string][] = [
    [0, '0'],
    [1000, '1k'],
    [1024, '1Ki'],
    [1500, '1500'],
    [1_000_000, '1M'],
    [1_024_000, '1000Ki'],
    [16 * 1024 ** 2, '16Mi'],
    [1.5 * 1024 ** 3, '1536Mi'],
    [2 * 1024 ** 4, '2Ti'],
    [100_000_001, '100000001'],
  ]
  for (const [given, text] of bytes) t.equal(memoryQuantity(given), text)
  const cpus: readonly [number, string][] = [
    [0.0001, '1m'],
    [0.1, '100m'],
    [0.29, '290m'],
    [0.57, '570m'],
    [0.0015, '2m'],
    [1, '1'],
    [1.5, '1500m'],
    [10, '10'],
    [1000, '1k'],
  ]
  for (const [given, text] of cpus) t.equal(cpuQuantity(given), text)
})

t.test('two pairs of names never give one namespace', async (t) => {
  t.equal(namespaceOf('acme', 'shop'), 'mrg-acme-shop')
  t.equal(namespaceOf('acme', 'shop-x'), 'mrg-acme-shop-x')
  t.match(namespaceOf('acme-shop', 'x'), /^mrg-acme-shop-x-[0-9a-f]{8}$/)
  const hash = namespaceOf('acme-shop', 'x').slice(-8)
  t.not(namespaceOf('acme', `shop-x-${hash}`), namespaceOf('acme-shop', 'x'), 'not by taking the other’s hash')
  const long = namespaceOf('acme', 'a'.repeat(63))
  t.match(long, /^mrg-acme-a{45}-[0-9a-f]{8}$/)
  t.equal(long.length, 63)
  t.not(namespaceOf('acme', `${'a'.repeat(62)}b`), long)
})

t.test('what is made for a service has its word at the end, however long its name is', async (t) => {
  t.equal(nameFor('web', 'ports'), 'web--ports')
  const name = nameFor('x'.repeat(50), 'env-0123456789')
  t.equal(name.length, 63)
  t.match(name, /^x+-[0-9a-f]{8}--env-0123456789$/)
  t.not(nameFor(`${'x'.repeat(49)}y`, 'env-0123456789'), name)
})

t.test('words of a command come to the program as they are', async (t) => {
  /** What Kubernetes makes of a word (third_party/forked/golang/expansion), as it reads it by bytes. */
  const expand = (word: string): string => {
    const bytes = Buffer.from(word)
    const out: Buffer[] = []
    for (let at = 0; at < bytes.length; at += 1) {
      const next = bytes[at + 1]
      if (bytes[at] !== 0x24 || next === undefined) out.push(bytes.subarray(at, at + 1))
      else {
        at += 1
        if (next === 0x24) out.push(Buffer.from('$'))
        else if (next === 0x28) out.push(Buffer.from('<expanded>'))
        else out.push(Buffer.from(`$${String.fromCharCode(next)}`))
      }
    }
    return Buffer.concat(out).toString()
  }
  for (const word of [
    '',
    '$',
    '$$',
    '$$$',
    '$$$$',
    '$(A)',
    '$$(A)',
    '$$$(A)',
    '$HOME',
    'a$',
    '$é',
    '$$é',
    '${A}',
    '$🦭$(',
    'echo $$; echo $(id)',
  ])
    t.equal(expand(verbatim([word])[0] ?? ''), word, word)
})

t.test('an object has one path, by its kind', async (t) => {
  t.equal(objectPath('Namespace', { namespace: '', name: 'mrg-a-b' }), '/api/v1/namespaces/mrg-a-b')
  t.equal(objectPath('Secret', { namespace: 'n', name: 's' }), '/api/v1/namespaces/n/secrets/s')
  t.equal(collectionPath('Deployment'), '/apis/apps/v1/deployments')
  t.equal(objectPath('Job', { namespace: 'n', name: 'a/b' }), '/apis/batch/v1/namespaces/n/jobs/a%2Fb')
  t.same(parseKey('Deployment/web'), { kind: 'Deployment', name: 'web' })
  for (const key of ['Deployment', 'Deployment/', 'Pod/web', 'Deployment/a/b', 'constructor/x'])
    t.equal(parseKey(key), null)
})
