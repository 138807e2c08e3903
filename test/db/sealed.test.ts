import t from 'tap'
import { openDatabase } from '../../src/db/index.ts'
import { ensureCanary, ensureInstallation } from '../../src/db/installation.ts'
import { checkKeys, countSealed, queryOf, reseal, SealingKeysError } from '../../src/db/sealed.ts'
import { newId } from '../../src/lib/ids.ts'
import { createSealer, type Sealer } from '../../src/lib/seal.ts'
import { SEALED_ENDPOINTS } from '../../src/modules/hosts/index.ts'
import { idempotent, SEALED_ANSWERS } from '../../src/modules/idempotency/index.ts'
import { SEALED } from '../../src/modules/sealing/index.ts'
import { emptyDatabase, labDatabase, quiet } from '../lab/database.ts'

const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`
const [k1, k2] = [key('k1', 1), key('k2', 2)]
const old = createSealer(k1)
const both = createSealer(`${k2},${k1}`)

async function open(t: Parameters<typeof labDatabase>[0], empty = false) {
  const { url } = await (empty ? emptyDatabase(t) : labDatabase(t))
  const db = await openDatabase({ url, log: quiet })
  t.teardown(async () => await db.close())
  const { prisma } = db
  const query = queryOf(prisma)
  return {
    db,
    prisma,
    query,
    async begin(sealer: Sealer) {
      const installation = await ensureInstallation(prisma)
      await ensureCanary(prisma, sealer, installation)
      return installation
    },
    async host(sealer: Sealer, name: string) {
      const id = newId()
      const endpoint = sealer.seal(JSON.stringify({ socketPath: `/${name}` }), SEALED_ENDPOINTS.context([id]))
      await prisma.host.create({ data: { id, name, kind: 'docker', endpoint, transport: {} } })
      return id
    },
    async answer(sealer: Sealer, key: string) {
      const id = { principal: 'p', method: 'PUT', path: '/', key }
      const body = sealer.seal('{}', SEALED_ANSWERS.context(Object.values(id)))
      await prisma.idempotencyRecord.create({ data: { ...id, requestHash: 'h', status: 200, body } })
    },
    counts: async () =>
      Object.fromEntries((await countSealed(query, SEALED)).map((row) => [`${row.table} ${row.key}`, row.count])),
  }
}

t.test('a database without tables, and one without a sealed value, takes any keys', async (t) => {
  const empty = await open(t, true)
  await checkKeys(empty.query, null, SEALED)
  const migrated = await open(t)
  await checkKeys(migrated.query, null, SEALED)
  await migrated.answer(old, 'an answer is not needed')
  await checkKeys(migrated.query, createSealer(k2), SEALED)
})

t.test(
  'wrong keys are told by their ids: another id, the same with other bytes, none, an old one in use',
  async (t) => {
    const database = await open(t)
    await database.begin(old)
    await checkKeys(database.query, old, SEALED)
    await checkKeys(database.query, both, SEALED)
    const refused = async (keys: string | null, message: RegExp) => {
      const sealer = keys === null ? null : createSealer(keys)
      await t.rejects(checkKeys(database.query, sealer, SEALED), { name: 'SealingKeysError', message })
    }
    await refused(k2, /needs k1 \(1 of installation\), and was given k2; k1 is missing\. Nothing was started/)
    await refused(key('k1', 9), /was given k1; k1 has other bytes/)
    await refused(null, /was given none; k1 is missing/)
    await database.host(both, 'one')
    await database.host(both, 'two')
    await refused(k1, /needs k1 .* and k2 \(2 of hosts\).*; k2 is missing/)
    await refused(`${k2},${key('k1', 9)}`, /; k1 has other bytes/)
    const error = await checkKeys(database.query, createSealer(key('k1', 9)), SEALED).catch((caught: unknown) => caught)
    t.type(error, SealingKeysError)
    for (const secret of [k1, k2, key('k1', 9)]) t.notMatch(String(error), secret.slice(3))
  },
)

t.test(
  'hosts of a version that knew no canary are looked at too, and one damaged endpoint is no wrong key',
  async (t) => {
    const database = await open(t)
    const id = await database.host(old, 'one')
    await t.rejects(checkKeys(database.query, createSealer(k2), SEALED), SealingKeysError)
    await database.host(old, 'two')
    const { endpoint } = await database.prisma.host.findUniqueOrThrow({ where: { id } })
    await database.prisma.host.update({
      where: { id },
      data: { endpoint: Uint8Array.from([...endpoint.slice(0, -1), 0]) },
    })
    await checkKeys(database.query, old, SEALED)
  },
)

t.test('a key is looked at whatever its id, also where that is a word of ours', async (t) => {
  const database = await open(t)
  const sealer = createSealer(key('damaged', 1))
  await database.begin(sealer)
  await checkKeys(database.query, sealer, SEALED)
  await t.rejects(checkKeys(database.query, old, SEALED), { name: 'SealingKeysError', message: /damaged is missing/ })
})

t.test('what was replaced by nothing, because its key is lost for good, keeps no server from its start', async (t) => {
  const database = await open(t)
  await database.begin(old)
  await database.host(old, 'one')
  await database.prisma.$executeRaw`UPDATE installation SET canary = NULL`
  await database.prisma.$executeRaw`UPDATE hosts SET endpoint = ''`
  await database.begin(createSealer(k2))
  await checkKeys(database.query, createSealer(k2), SEALED)
  t.same(await database.counts(), { 'installation k2': 1, 'hosts (damaged)': 1 })
})

t.test('the answer to a request is not told without its key, nor is the request carried out twice', async (t) => {
  const { db } = await open(t)
  const facts = { principal: 'p', actor: 'token:p', method: 'PUT', path: '/', key: 'one', hash: 'h' }
  let runs = 0
  const work = async () => {
    runs += 1
    return { status: 201, body: { runs } }
  }
  await idempotent({ db, sealer: old }, facts, work)
  await t.rejects(idempotent({ db, sealer: createSealer(k2) }, facts, work), {
    code: 'secret_unreadable',
    message: /was carried out before, but its answer can not be unsealed: no sealing key has the id k1/,
  })
  t.same(await idempotent({ db, sealer: both }, facts, work), { status: 201, headers: {}, body: { runs: 1 } })
  t.equal(runs, 1)
})

t.test('two processes that begin with other keys: the later one is refused', async (t) => {
  const database = await open(t)
  const sealers = [old, createSealer(k2)]
  const begun = await Promise.allSettled(
    sealers.map(async (sealer) => {
      await database.begin(sealer)
      await checkKeys(database.query, sealer, SEALED)
    }),
  )
  t.same(begun.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  const same = await open(t)
  await Promise.all([1, 2, 3].map(async () => await same.begin(old)))
  await checkKeys(same.query, old, SEALED)
})

t.test('everything is sealed anew with the first key, and then the old one may go', async (t) => {
  const database = await open(t)
  const { query, counts } = database
  await database.begin(old)
  const id = await database.host(old, 'one')
  for (let at = 0; at < 7; at += 1) await database.answer(old, `key ${at}`)
  await database.answer(both, 'new')
  t.same(await counts(), {
    'installation k1': 1,
    'hosts k1': 1,
    'idempotency_records k1': 7,
    'idempotency_records k2': 1,
  })
  const before = await database.prisma.host.findUniqueOrThrow({ where: { id } })
  t.same(await reseal(query, both, SEALED, { batchSize: 3 }), { resealed: 9, unreadable: 0 })
  t.same(await counts(), { 'installation k2': 1, 'hosts k2': 1, 'idempotency_records k2': 8 })
  t.same(await reseal(query, both, SEALED, { batchSize: 3 }), { resealed: 0, unreadable: 0 })
  const after = await database.prisma.host.findUniqueOrThrow({ where: { id } })
  t.same({ ...after, endpoint: null }, { ...before, endpoint: null }, 'nothing else of the row changes')
  t.equal(createSealer(k2).open(after.endpoint, SEALED_ENDPOINTS.context([id])), '{"socketPath":"/one"}')
  await checkKeys(query, createSealer(k2), SEALED)
})

t.test('what someone else writes meanwhile stays, and what no key opens is left and told', async (t) => {
  const database = await open(t)
  const id = await database.host(old, 'one')
  await database.host(createSealer(key('lost', 3)), 'lost')
  const newer = both.seal('newer', SEALED_ENDPOINTS.context([id]))
  const meanwhile: typeof database.query = async (sql, values) => {
    if (sql.startsWith('UPDATE')) await database.prisma.host.update({ where: { id }, data: { endpoint: newer } })
    return await database.query(sql, values)
  }
  t.same(await reseal(meanwhile, both, SEALED), { resealed: 0, unreadable: 1 })
  const { endpoint } = await database.prisma.host.findUniqueOrThrow({ where: { id } })
  t.same(Buffer.from(endpoint), Buffer.from(newer))
  t.match(await database.counts(), { 'hosts lost': 1, 'hosts k2': 1 })
})
