import t from 'tap'
import { openDatabase } from '../../../src/db/index.ts'
import { createDriver } from '../../../src/drivers/index.ts'
import { newId } from '../../../src/lib/ids.ts'
import { createSealer } from '../../../src/lib/seal.ts'
import { createHostAccess } from '../../../src/modules/hosts/index.ts'
import { labDatabase, quiet } from '../../lab/database.ts'

const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`

t.test('secret_unreadable names the key that a host was sealed with and this server does not have', async (t) => {
  const db = await openDatabase({ url: (await labDatabase(t)).url, log: quiet })
  t.teardown(async () => await db.close())
  const access = (keys: string) =>
    createHostAccess({
      db,
      sealer: createSealer(keys),
      installation: newId(),
      createDriver,
    })
  const id = newId()
  const endpoint = access(key('old', 1)).sealEndpoint(id, { socketPath: '/none.sock' })
  await db.prisma.host.create({ data: { id, name: 'one', kind: 'docker', endpoint, transport: {} } })
  await t.rejects(access(key('new', 2)).driver(id), {
    code: 'secret_unreadable',
    message: 'how to reach the host can not be unsealed: no sealing key has the id old',
  })
  await t.rejects(access(key('old', 2)).driver(id), { code: 'secret_unreadable' }, 'another key of the same id')
  t.ok(await access(`${key('new', 2)},${key('old', 1)}`).driver(id), 'one that is not the first opens it all the same')
})

t.test('an endpoint that is sealed anew with another key keeps its driver, a changed one gets another', async (t) => {
  const db = await openDatabase({ url: (await labDatabase(t)).url, log: quiet })
  t.teardown(async () => await db.close())
  const sealer = createSealer(`${key('new', 2)},${key('old', 1)}`)
  const access = createHostAccess({ db, sealer, installation: newId(), createDriver })
  t.teardown(async () => await access.close())
  const id = newId()
  const endpoint = access.sealEndpoint(id, { socketPath: '/none.sock' })
  await db.prisma.host.create({ data: { id, name: 'one', kind: 'docker', endpoint, transport: {} } })
  const driver = await access.driver(id)
  const write = async (socketPath: string) =>
    await db.prisma.host.update({ where: { id }, data: { endpoint: access.sealEndpoint(id, { socketPath }) } })
  await write('/none.sock')
  t.equal(await access.driver(id), driver)
  await write('/other.sock')
  t.not(await access.driver(id), driver)
})
