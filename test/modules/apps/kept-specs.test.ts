import t from 'tap'
import type { Tx } from '../../../src/db/types.ts'
import { nameId, newId, sha256 } from '../../../src/lib/ids.ts'
import { createKeptSpecs } from '../../../src/modules/apps/kept-specs.ts'
import { parseCompose } from '../../../src/spec/index.ts'
import { openDatabase } from '../../../src/db/index.ts'
import { labDatabase, quiet } from '../../lab/database.ts'

/** An app with a release for each of these, which say their number of services. */
async function releases(tx: Tx, name: string, sizes: readonly number[]) {
  const tenantId = newId()
  await tx.$executeRaw`INSERT INTO tenants (id, name) VALUES (${tenantId}::uuid, ${name})`
  const appId = nameId(tenantId, 'shop')
  await tx.$executeRaw`INSERT INTO apps (id, tenant_id, name) VALUES (${appId}::uuid, ${tenantId}::uuid, 'shop')`
  const keys = sizes.map((_size, at) => ({ appId, number: at + 1, digest: sha256(`${name} ${at}`) }))
  for (const [at, { number, digest }] of keys.entries()) {
    const services = Array.from({ length: sizes[at] ?? 0 }, (_, of) => [
      `s${of}`,
      { image: 'a/b', environment: { PASSWORD: 'hush' }, deploy: { replicas: at + 1 } },
    ])
    const { spec } = parseCompose({ spec: { services: Object.fromEntries(services) } })
    await tx.$executeRaw`
      INSERT INTO releases (app_id, number, digest, spec, service_digests, created_by)
      VALUES (${appId}::uuid, ${number}, ${digest}, ${JSON.stringify(spec)}::jsonb, '{}', 'test')`
  }
  return keys
}

t.test('a spec is read once, and what is not asked for the longest goes first', async (t) => {
  const { url } = await labDatabase(t)
  const db = await openDatabase({ url, log: quiet })
  t.teardown(async () => await db.close())
  const [one, two, three] = await releases(db.prisma, 'acme', [2, 2, 2])
  const [other] = await releases(db.prisma, 'other', [3])
  if (!one || !two || !three || !other) throw new Error('a release is missing')
  let reads = 0
  const counting = new Proxy(db.prisma, {
    get: (target, key) => {
      if (key === '$queryRaw') reads += 1
      return Reflect.get(target, key)
    },
  })
  const specsOf = createKeptSpecs(counting, { services: 5 })
  const counted = async (...keys: (typeof one)[]) => {
    reads = 0
    const specs = await specsOf(keys)
    t.same(
      keys.map(({ digest }) => specs.get(digest)?.services.s0?.replicas),
      keys.map(({ number }) => number),
      'each its own',
    )
    t.notMatch(JSON.stringify([...specs.values()]), 'hush')
    return reads
  }

  t.equal(await counted(one, two), 1, 'both by one statement')
  t.equal(await counted(two, one, one), 0)
  t.equal(await counted(three), 1, 'takes the place of the second')
  t.equal(await counted(one, three), 0)
  t.equal(await counted(two), 1)
  t.equal(await counted(other), 1, 'one that fills it goes to who asks')
  t.equal(await counted(other, two), 0)
  t.equal(await counted(one, two, three, other), 1, 'more than are kept come all the same')
  t.equal((await specsOf([{ ...one, number: 99, digest: sha256('gone') }])).size, 0, 'a release that is gone has none')
})
