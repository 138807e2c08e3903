import t from 'tap'
import { openDatabase } from '../../src/db/index.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { newId } from '../../src/lib/ids.ts'
import { createLog } from '../../src/log.ts'
import { labDatabase, quiet } from '../lab/database.ts'
import { insertApp } from '../runner/rows.ts'

const SECRET = 'hunter2-very-secret'

t.test('no log line of a database error holds a value of the query or the row', async (t) => {
  const { url } = await labDatabase(t)
  const db = await openDatabase({ url, log: quiet })
  t.teardown(async () => await db.close())
  const { appId, tenantId } = await insertApp(db, 'acme')
  let text = ''
  const log = createLog('trace', { write: (line: string) => (text += line) })
  const release = { appId, digest: 'x', spec: { env: SECRET }, serviceDigests: {}, createdBy: SECRET }
  const operation = { id: newId(), laneId: appId, tenantId, appId, kind: 'deploy', requestedBy: SECRET }
  const tries: Readonly<Record<string, () => Promise<unknown>>> = {
    'what the client refuses': async () => await db.prisma.release.create({ data: { ...release, number: Number.NaN } }),
    'a check': async () => await db.prisma.operation.create({ data: { ...operation, status: 'odd' } }),
    'a key that is taken': async () => {
      await db.prisma.release.create({ data: { ...release, number: 1 } })
      await db.prisma.release.create({ data: { ...release, number: 1 } })
    },
    'a foreign key': async () => await db.prisma.release.create({ data: { ...release, appId: newId(), number: 1 } }),
    'a value of another type': async () =>
      await db.prisma.$executeRaw`update operations set error = '{}'::jsonb where id = ${SECRET}::uuid`,
    'a text that is no JSON': async () =>
      await db.prisma.$executeRaw`update operations set error = ${`{"a":"${SECRET} \\ud800"}`}::jsonb`,
  }
  await db.prisma.operation.create({ data: { ...operation, id: newId() } })
  for (const [name, attempt] of Object.entries(tries)) {
    const error: unknown = await attempt().then(
      () => null,
      (failed: unknown) => failed,
    )
    t.type(error, Error, name)
    text = ''
    log.error({ err: error }, 'it broke')
    log.child({ requestId: 'x' }).warn({ err: new AppError('internal', { detail: 'it broke', cause: error }) })
    log.error(error)
    t.notMatch(text, SECRET, name)
    t.match(text, /"stack":/, 'and yet it says where')
  }
})
